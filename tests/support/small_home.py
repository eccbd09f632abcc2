"""A home with a handful of people, delivered through the command line: the start of most end-to-end tests."""

import atexit
import csv
import shutil
import tempfile
from datetime import date
from functools import cache
from io import StringIO
from pathlib import Path

import polars as pl

from dakl_pipeline.cli import main
from resources.config.home import Home
from resources.storage.audit_store import AuditStore

HEADER = "aanmaakdatum;gemeentecode;bsn;type_opvang;startdatum;einddatum;meldingsdatum;reden_einde;v_nummer"
# Synthetic numbers that pass the eleven test.
ANNA, BRAM, CEES, DORA = "123456782", "111222333", "100000009", "987654329"
V_LINKED, V_LOOSE = "9000000001", "9000000002"
IN_WINDOW = {2022: "2024-04-01T12:00", 2023: "2025-05-01T12:00", 2024: "2025-05-01T12:00"}


def row(
    bsn: str = ANNA,
    *,
    gemeente: str = "0141",
    kind: str = "0301",
    start: str = "2024-02-01",
    end: str = "2024-03-01",
    v_number: str = "",
) -> str:
    """A line of a delivery with the optional columns."""
    return f"2025-05-01;{gemeente};{bsn};{kind};{start};{end};{start};;{v_number}"


def delivery(folder: Path, name: str, *rows: str) -> Path:
    """Write a delivery."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="ascii")
    return path


def registers(home: Path, *years: int) -> None:
    """Write registers with Anna, Bram, Cees and Dora; Cees is 17 and Dora turns 18 on the last day of 2024."""
    for year in years or (2022, 2023, 2024):
        folder = home / "registers" / str(year)
        folder.mkdir(parents=True, exist_ok=True)
        pl.DataFrame(
            {
                "bsn": [ANNA, BRAM, CEES, DORA],
                "birth_date": [date(1980, 5, 5), date(1955, 1, 1), date(2007, 6, 1), date(2006, 12, 31)],
                "sex": ["vrouw", "man", "man", "vrouw"],
                "origin": ["nederland", "europa", "buiten-europa", "nederland"],
            }
        ).write_parquet(folder / "persons.parquet")
        pl.DataFrame({"v_number": [V_LINKED], "bsn": [BRAM]}).write_parquet(folder / "v_numbers.parquet")
        pl.DataFrame({"bsn": [ANNA, BRAM], "income_source": ["bijstand", "pensioen"]}).write_parquet(
            folder / "income.parquet"
        )
        pl.DataFrame({"bsn": [ANNA], "wmo": [True], "wlz": [False]}).write_parquet(folder / "care.parquet")


def make_home(folder: Path) -> Path:
    """A home with a key and registers, and no deliveries."""
    home = folder / "home"
    assert main(["key", "create", "--home", str(home)]) == 0
    registers(home)
    return home


def figures_home(folder: Path) -> Path:
    """The same for a test of figures; see :func:`keep_no_events`."""
    home = make_home(folder)
    keep_no_events(home)
    return home


def keep_no_events(home: Path) -> None:
    """Do not let Dagster keep the events of a finished run: writing them takes longer than the rest of a test.

    Runs themselves are kept. Tests of what an analyst sees of a run, of crashes and of damage use a normal home.
    """
    from dakl_pipeline.cli.dagster_home import prepare_instance

    with (prepare_instance(Home(home)) / "dagster.yaml").open("a") as settings:
        settings.write("event_log_storage: {module: dagster._core.storage.event_log, class: InMemoryEventLogStorage}\n")


def counted_home(folder: Path) -> Path:
    """A home in which 2023 was counted once and 2024 twice; made once per process, then copied."""
    return copied(_counted_home(), folder / "home")


def copied(home: Path, to: Path) -> Path:
    """A copy of a home, with its own head of the audit log outside."""
    shutil.copytree(home, to)
    AuditStore(Home(to)).record_outside()
    return to


@cache
def _counted_home() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="dakl-counted-"))
    atexit.register(shutil.rmtree, folder)
    home = make_home(folder)
    in_2023 = row(ANNA, start="2023-02-01", end="2023-03-01")
    assert deliver(home, delivery(folder / "a", "DAKL_J2023_a.csv", in_2023), "gemeente-almelo") == 0
    assert deliver(home, delivery(folder / "a", "DAKL_J2024_a.csv", row(ANNA), row(BRAM)), "gemeente-almelo") == 0
    assert run(home, 2023, 2024) == 0
    assert deliver(home, delivery(folder / "b", "DAKL_J2024_b.csv", row(ANNA), row(CEES)), "gemeente-almelo") == 0
    assert run(home, 2024) == 0
    return home


def deliver(home: Path, file: Path, supplier: str, *, at: str | None = None, late: str | None = None) -> int:
    """Deliver a file inside the window of its year, or at a given time."""
    year = int(file.name[6:10])
    arguments = [
        "deliver",
        str(file),
        "--supplier",
        supplier,
        "--received-at",
        at or IN_WINDOW[year],
        "--received-why",
        "test",
    ]
    return main([*arguments, *(["--accept-late", late] if late else []), "--home", str(home)])


def run(home: Path, *years: int, force: bool = False) -> int:
    """Run the given years, or all, one after the other."""
    asked = [f"--year={year}" for year in years] or ["--all"]
    return main(["run", *asked, *(["--force"] if force else []), "--jobs=1", "--home", str(home)])


def export(
    home: Path, table: str, *, year: int | None = None, ending: str = "csv", folder: Path | None = None
) -> bytes:
    """The bytes of an exported table; the file is beside the home unless another folder is named."""
    out = (folder or home.parent) / f"{table}.{ending}"
    arguments = ["export", table, "--out", str(out), "--home", str(home)]
    assert main([*arguments, *([f"--year={year}"] if year else [])]) == 0
    return out.read_bytes()


def cells(home: Path, year: int) -> dict[tuple[str, str, str], int]:
    """Every cell of the counts of a year."""
    text = export(home, "statistics.unique_person_counts", year=year).decode()
    return {
        (line["region_code"], line["dimension"], line["category"]): int(line["persons"])
        for line in csv.DictReader(StringIO(text))
    }


def coverage(home: Path, year: int) -> dict[tuple[str, str], int]:
    """Every coverage measure of a year."""
    text = export(home, "statistics.coverage", year=year).decode()
    return {(line["region_code"], line["measure"]): int(line["value"]) for line in csv.DictReader(StringIO(text))}

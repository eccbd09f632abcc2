"""Nothing that a supplier sees depends on a register: two homes with other registers give the same bytes."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from dakl_pipeline.cli import main
from tests.support.mails import contents_of, read_mail
from tests.support.small_home import ANNA, BRAM, CEES, DORA, V_LINKED, delivery, make_home, row

FILES = {
    "one person": (2023, [row(CEES, start="2023-02-05", end="2023-03-05")]),
    "a year of adults": (2023, [row(each, start="2023-02-05", end="2023-03-05") for each in (ANNA, BRAM, CEES, DORA)]),
    "a year of everyone": (2024, [row(each) for each in (ANNA, BRAM, CEES, DORA)]),
    "a V-number": (2023, [row("", v_number=V_LINKED, start="2023-02-05", end="2023-03-05")]),
    "rejected": (2023, [row("x")]),
}


def _other_registers(home: Path) -> None:
    """Everyone a child, nobody with the same V-number."""
    for year in (2022, 2023, 2024):
        folder = home / "registers" / str(year)
        people = pl.read_parquet(folder / "persons.parquet")
        people.with_columns(birth_date=pl.lit(date(year - 3, 1, 1)), sex=pl.lit("man")).write_parquet(
            folder / "persons.parquet"
        )
        pl.DataFrame({"v_number": [V_LINKED], "bsn": [DORA]}).write_parquet(folder / "v_numbers.parquet")
        (folder / "care.parquet").unlink()


def _none(home: Path) -> None:
    for path in (home / "registers").rglob("*.parquet"):
        path.unlink()


@pytest.mark.parametrize("name", FILES)
def test_what_a_supplier_gets_does_not_depend_on_a_register(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    year, rows = FILES[name]
    file = delivery(tmp_path / "in", f"DAKL_J{year}_x.csv", *rows)
    arguments = ["deliver", str(file), "--supplier", "opvang", "--received-at", "2025-05-05T12:00"]
    outcomes = []
    for place, change in enumerate((lambda home: None, _other_registers, _none)):
        folder = tmp_path / str(place)
        home = make_home(folder)
        change(home)
        monkeypatch.chdir(home)
        capsys.readouterr()
        printed = []
        for json in ([], ["--json"]):
            main([*arguments, *json, "--home", "."])
            captured = capsys.readouterr()
            printed.append((captured.out + captured.err).replace(str(home), "HOME"))
        files = {p.relative_to(home).as_posix(): p.read_bytes() for p in (home / "reports").rglob("*") if p.is_file()}
        # The time at which a mail was made is in its header, which comes first.
        mails = {name: list(contents_of(read_mail(home / name)))[1:] for name in files if name.endswith(".eml")}
        outcomes.append((printed, {n: b for n, b in files.items() if n not in mails}, mails))
    assert outcomes[0][1]
    assert outcomes[1] == outcomes[0]
    assert outcomes[2] == outcomes[0]


@pytest.mark.parametrize(("year", "told"), [(2022, True), (2023, True), (2024, False)])
def test_who_counts_by_age_is_said_whatever_the_file_holds(
    year: int, told: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = make_home(tmp_path)
    at = "2024-05-05" if year == 2022 else "2025-05-05"
    file = delivery(tmp_path / "in", f"DAKL_J{year}_x.csv", row(start=f"{year}-02-05", end=f"{year}-03-05"))
    assert main(["deliver", str(file), "--supplier", "opvang", "--received-at", at, "--home", str(home)]) == 0
    folder = home / "reports" / str(year) / "opvang"
    page = (folder / "000001-op-orde.html").read_text(encoding="utf-8")
    mail = " ".join((folder / "000001-mail.eml").read_text(encoding="utf-8").replace("=\n", "").split())
    sentence = f"Over {year} tellen alleen personen mee die op 31 december {year} ten minste 18 jaar waren."
    assert ((sentence in page), (sentence in mail)) == (told, told)

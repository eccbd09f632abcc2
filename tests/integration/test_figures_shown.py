"""Figures in the commands: changes not counted yet, zero or no figure, several years, and JSON."""

import csv
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.presentation.exports import INTERNAL
from tests.support.small_home import ANNA, BRAM, CEES, copied, counted_home, deliver, delivery, figures_home, row, run

SHOWING = (
    ["figures", "--year=2024"],
    ["figures", "--year=2024", "--region=Almelo", "--history"],
    ["figures", "--year=2024", "--json"],
    ["figures", "--year=2024", "--csv"],
    ["explain-figure", "--year=2024", "--region=Almelo"],
    ["explain-figure", "--year=2024", "--region=Almelo", "--json"],
    ["export", "statistics.coverage", "--year=2024", "--out={out}"],
    ["export", "statistics.coverage", "--out={out}"],
)


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return counted_home(tmp_path_factory.mktemp("shown"))


@pytest.fixture
def home(counted: Path, tmp_path: Path) -> Path:
    return copied(counted, tmp_path / "home")


def _printed(home: Path, capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[str, str]:
    capsys.readouterr()
    filled = [argument.format(out=home.parent / "out.csv") for argument in arguments]
    assert main([*filled, "--home", str(home)]) == code
    said = capsys.readouterr()
    return said.out, said.err


def _correct(home: Path) -> None:
    file = delivery(home.parent, "DAKL_J2024_c.csv", row(ANNA))
    assert deliver(home, file, "gemeente-almelo", at="2025-05-03T09:30") == 0


def _new_supplier(home: Path) -> None:
    assert deliver(home, delivery(home.parent, "DAKL_J2024_n.csv", row(BRAM)), "mo-nieuw") == 0


def _withdraw(home: Path) -> None:
    assert main(["withdraw", "--supplier=gemeente-almelo", "--year=2024", "--at=2025-07-01", "--home", str(home)]) == 0


def _other_register(home: Path) -> None:
    path = home / "registers" / "2024" / "persons.parquet"
    pl.read_parquet(path).with_columns(sex=pl.lit("man")).write_parquet(path)


def _two_changes(home: Path) -> None:
    _correct(home)
    _new_supplier(home)


def _damage(home: Path) -> None:
    (home / "deliveries" / "000002" / "entry.json").write_text("{")


def _reject(home: Path) -> None:
    assert deliver(home, delivery(home.parent, "DAKL_J2024_r.csv", row("12")), "gemeente-almelo") == 1


CHANGES: dict[str, tuple[Callable[[Path], None], str | None]] = {
    "nothing": (lambda home: None, None),
    "a rejected file": (_reject, None),
    "correction": (
        _correct,
        "2024: 1 change not counted yet: gemeente-almelo delivered DAKL_J2024_c.csv (000004) at 2025-05-03 09:30 "
        "(Europe/Amsterdam); bring up to date with `dakl run --year 2024`",
    ),
    "two": (_two_changes, "2024: 2 changes not counted yet: gemeente-almelo delivered DAKL_J2024_c.csv (000004)"),
    "new supplier": (_new_supplier, "2024: 1 change not counted yet: mo-nieuw delivered DAKL_J2024_n.csv (000004) at "),
    "withdrawal": (
        _withdraw,
        "2024: 1 change not counted yet: gemeente-almelo withdrew DAKL_J2024_b.csv (000003) at 2025-07-01 00:00",
    ),
    "register": (
        _other_register,
        "2024: 1 change not counted yet: register persons changed; bring up to date with `dakl run --year 2024`",
    ),
    "damaged log": (_damage, "2024: cannot determine whether changes wait to be counted: "),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_waits_is_said_with_every_figure(change: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make, said = CHANGES[change]
    make(home)
    for arguments in SHOWING:
        out, err = _printed(home, capsys, *arguments)
        is_for_programs = arguments[0] == "export" or {"--json", "--csv"} & set(arguments)
        if said is None:
            assert "not counted yet:" not in out + err
            assert "cannot determine" not in out + err
        else:
            assert said in (err if is_for_programs else out), arguments
            assert is_for_programs or "2024:" not in err
        if "--json" in arguments:
            waiting = json.loads(out)["not_counted_yet"]
            assert bool(waiting) == (said is not None)
            assert all(said is not None and said in each["message"] for each in waiting)


def test_a_change_for_programs(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _correct(home)
    out, _ = _printed(home, capsys, "figures", "--year=2024", "--json")
    (waiting,) = json.loads(out)["not_counted_yet"]
    assert waiting["changes"] == [
        {
            "what": "gemeente-almelo delivered DAKL_J2024_c.csv (000004)",
            "at": "2025-05-03T07:30:00+00:00",
            "delivery_id": "000004",
        }
    ]


def test_years_side_by_side(counted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = _printed(counted, capsys, "figures", "--year=2024", "--year=2023", "--year=2024")
    lines = [line.split() for line in out.splitlines()]
    assert lines[:4] == [
        ["totaal,", "2023,", "2024"],
        ["region", "name", "2023", "2024"],
        ["CR02", "Almelo", "1", "2"],
        ["NL", "Nederland", "1", "2"],
    ]
    out, _ = _printed(counted, capsys, "figures", "--year=2023", "--year=2024", "--by=geslacht")
    assert [line for line in out.splitlines() if line.startswith("geslacht")] == ["geslacht, 2023", "geslacht, 2024"]


def test_regions_without_figures_are_named(counted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = _printed(counted, capsys, "figures", "--year=2024")
    (without,) = [line for line in out.splitlines() if line.startswith("No figures for 2024 (")]
    assert "Zwolle" in without
    assert "Almelo" not in without


@pytest.mark.parametrize("more", [[], ["--by=geslacht"], ["--year=2023"]])
def test_a_region_without_figures_is_one_line_a_year(
    more: list[str], counted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, err = _printed(counted, capsys, "figures", "--year=2024", "--region=Zwolle", *more)
    years = [2023, 2024] if "--year=2023" in more else [2024]
    assert out.splitlines() == [
        f"Zwolle (CR44) has no figures for {year}: no registration there was ever counted." for year in years
    ]
    assert err == ""


def test_zero_is_shown_and_is_not_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Almelo was counted and withdrawn, Zwolle has a registration that does not count, Emmen has nothing."""
    home = figures_home(tmp_path)
    assert deliver(home, delivery(tmp_path, "DAKL_J2024_a.csv", row(ANNA)), "mo-a") == 0
    assert deliver(home, delivery(tmp_path, "DAKL_J2024_z.csv", row(CEES, gemeente="0193", kind="0204")), "mo-z") == 0
    assert run(home, 2024) == 0
    assert main(["withdraw", "--supplier=mo-a", "--year=2024", "--at=2025-07-01", "--home", str(home)]) == 0
    assert run(home, 2024) == 0
    for arguments in (["--region=Almelo", "--by=totaal"], ["--region=Almelo"], []):
        out, _ = _printed(home, capsys, "figures", "--year=2024", *arguments)
        assert ["CR02", "Almelo", "0"] in [line.split() for line in out.splitlines()]
    out, _ = _printed(home, capsys, "figures", "--year=2024", "--csv")
    assert list(csv.reader(StringIO(out))) == [
        ["year", "region_code", "region", "dimension", "category", "persons", "protection"],
        ["2024", "CR02", "Almelo", "totaal", "totaal", "0", INTERNAL],
        ["2024", "CR44", "Zwolle", "totaal", "totaal", "0", INTERNAL],
        ["2024", "NL", "Nederland", "totaal", "totaal", "0", INTERNAL],
    ]
    out, _ = _printed(home, capsys, "figures", "--year=2024", "--region=Zwolle", "--by=geslacht")
    assert ["CR44", "Zwolle", "0", "0", "0"] in [line.split() for line in out.splitlines()]


def test_the_same_cells_for_programs(counted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["figures", "--year=2023", "--year=2024", "--region=wierden", "--by=Geslacht"]
    as_json, note = _printed(counted, capsys, *arguments, "--json")
    as_csv, _ = _printed(counted, capsys, *arguments, "--csv")
    rows: list[dict[str, Any]] = json.loads(as_json)["figures"]
    assert json.loads(as_json)["protection"] == INTERNAL
    assert [{**{name: str(value) for name, value in each.items()}, "protection": INTERNAL} for each in rows] == list(
        csv.DictReader(StringIO(as_csv))
    )
    assert {(each["year"], each["category"]): each["persons"] for each in rows} == {
        (2023, "vrouw"): 1,
        (2024, "man"): 1,
        (2024, "vrouw"): 1,
    }
    assert note == "Wierden is in Almelo (CR02)\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["figures", "--year=2024", "--region=Amsterdm"], "Did you mean Amsterdam (CR05)?"),
        (["explain-figure", "--year=2024", "--region=Maasdonk"], "'s-Hertogenbosch (CR27)"),
        (["figures", "--year=2024", "--by=geslact"], "Did you mean geslacht?"),
        (["explain-figure", "--year=2024", "--region=NL", "--by=geslacht", "--category=vruw"], "Did you mean vrouw?"),
        (["figures", "--year=2024", "--json", "--csv"], "choose one of --json and --csv"),
        (["figures", "--year=2024", "--json", "--history"], "--history only prints a table"),
        (["export", "statistics.coverag", "--out={out}"], "Did you mean statistics.coverage"),
        (["deliveries", "--supplier=gemeente-almello"], "Did you mean gemeente-almelo?"),
        (["deliveries", "--verdict=aproved"], "Did you mean approved?"),
        (["figures", "--year=2024", "--region=123456782"], "there is no such region"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_names_that_are_not_there(
    arguments: list[str], said: str, counted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, err = _printed(counted, capsys, *arguments, code=2)
    assert said in err
    assert "123456782" not in err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["report", "--supplier=gemeente-almello", "--year=2024"], 3),
        (["withdraw", "--supplier=gemeente-almello", "--year=2024", "--at=2025-07-01"], 1),
        (["explain-finding", "Klopt", "--supplier=gemeente-almello", "--year=2024", "--rule=long_open"], 3),
    ],
    ids=["report", "withdraw", "explain"],
)
def test_suppliers_that_are_not_there(
    arguments: list[str], code: int, counted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "Did you mean gemeente-almelo?" in _printed(counted, capsys, *arguments, code=code)[1]


def test_a_table_by_its_name_alone(counted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, _ = _printed(counted, capsys, "export", "coverage", "--year=2023", "--out={out}")
    assert "rows of statistics.coverage in" in out

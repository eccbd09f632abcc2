"""The work of an analyst: deliver files, run, and the figures change exactly as they should."""

from pathlib import Path

import pytest

from dakl_pipeline.cli import main
from tests.support.keys import OTHER_KEY
from tests.support.small_home import (
    ANNA,
    BRAM,
    CEES,
    DORA,
    V_LINKED,
    V_LOOSE,
    cells,
    coverage,
    deliver,
    delivery,
    export,
    figures_home,
    row,
    run,
)

EXPORTS = (
    "statistics.unique_person_counts",
    "statistics.coverage",
    "statistics.supplier_overlap",
    "deliveries.selected",
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = figures_home(tmp_path)
    file = delivery(tmp_path / "in", "DAKL_J2024_Almelo.csv", row(ANNA), row(BRAM, gemeente="0163", kind="0201"))
    assert deliver(home, file, "gemeente-almelo") == 0
    assert run(home, 2024) == 0
    return home


def test_a_file_changes_exactly_the_counts_it_should(home: Path, tmp_path: Path) -> None:
    before = cells(home, 2024)
    # Anna again, now in Amsterdam too; Bram through his linked V-number; Cees, a minor who counts from 2024.
    file = delivery(
        tmp_path / "in",
        "DAKL_J2024_Amsterdam.csv",
        row(ANNA, gemeente="0363"),
        row("", v_number=V_LINKED, gemeente="0141"),
        row(CEES, gemeente="0363", kind="0305"),
        row("", v_number=V_LOOSE, gemeente="0363"),
        row("999999999", gemeente="0363"),
    )
    assert deliver(home, file, "mo-amsterdam") == 0
    assert run(home, 2024) == 0
    after = cells(home, 2024)

    changed = {cell: after.get(cell, 0) - before.get(cell, 0) for cell in before.keys() | after.keys()}
    amsterdam = {
        "totaal": {"totaal": 2},
        "geslacht": {"vrouw": 1, "man": 1},
        "leeftijd": {"40-49": 1, "0-17": 1},
        "herkomst": {"nederland": 1, "buiten-europa": 1},
        "inkomstenbron": {"bijstand": 1, "onbekend": 1},
        "wmo": {"ja": 1, "nee": 1},
        "wlz": {"nee": 2},
        "ethos": {"3": 2},
        "type_opvang": {"0301": 1, "0305": 1},
    }
    expected = {("CR05", dimension, c): n for dimension, by_c in amsterdam.items() for c, n in by_c.items()}
    # The country gains Cees only, and Bram's stay in a 24-hour shelter.
    country = [
        ("totaal", "totaal"),
        ("geslacht", "man"),
        ("leeftijd", "0-17"),
        ("herkomst", "buiten-europa"),
        ("inkomstenbron", "onbekend"),
        ("wmo", "nee"),
        ("wlz", "nee"),
        ("type_opvang", "0305"),
        ("type_opvang", "0301"),
    ]
    expected |= {("NL", dimension, category): 1 for dimension, category in country}
    expected |= {("NL", "ethos", "3"): 2, ("CR02", "ethos", "3"): 1, ("CR02", "type_opvang", "0301"): 1}
    assert {cell: change for cell, change in changed.items() if change} == expected

    measured = coverage(home, 2024)
    assert measured["NL", "registrations"] == 7
    assert measured["NL", "counting_registrations"] == 6
    assert measured["NL", "registrations_without_identifier"] == 1
    assert measured["NL", "persons_v_number_only"] == measured["CR05", "persons_v_number_only"] == 1
    assert measured["NL", "persons_in_several_regions"] == 1
    assert measured["NL", "suppliers"] == 2
    assert measured["CR02", "suppliers"] == 2


def test_minors_count_from_2024_and_age_is_that_on_31_december(tmp_path: Path) -> None:
    home = figures_home(tmp_path)
    for year in (2023, 2024):
        stay = {"start": f"{year}-02-01", "end": f"{year}-03-01"}
        file = delivery(tmp_path / "in", f"DAKL_J{year}_x.csv", row(CEES, **stay), row(DORA, **stay), row(ANNA, **stay))
        assert deliver(home, file, "gemeente-almelo") == 0
    assert run(home, 2023, 2024) == 0
    ages = {
        year: {c[2]: n for c, n in cells(home, year).items() if c[:2] == ("NL", "leeftijd")} for year in (2023, 2024)
    }
    assert ages == {2023: {"40-49": 1}, 2024: {"0-17": 1, "18-22": 1, "40-49": 1}}


def test_running_a_year_twice_gives_the_same_bytes(home: Path) -> None:
    def everything() -> dict[tuple[str, str], bytes]:
        return {(t, e): export(home, t, ending=e) for t in EXPORTS for e in ("csv", "parquet", "xlsx")}

    first = everything()
    assert run(home, 2024) == 0
    assert everything() == first


def test_a_correction_changes_only_its_year(home: Path, tmp_path: Path) -> None:
    old = delivery(tmp_path / "in", "DAKL_J2023_Almelo.csv", row(BRAM, start="2023-01-01", end="2023-01-31"))
    assert deliver(home, old, "gemeente-almelo") == 0
    assert run(home, 2023) == 0
    untouched = [export(home, table, year=2023) for table in EXPORTS]
    correction = delivery(tmp_path / "in", "DAKL_J2024_Almelo v2.csv", row(ANNA))
    assert deliver(home, correction, "gemeente-almelo", at="2025-05-02") == 0
    assert run(home, 2024) == 0
    assert [export(home, table, year=2023) for table in EXPORTS] == untouched
    assert cells(home, 2024)["NL", "totaal", "totaal"] == 1


def test_selection_over_the_season(home: Path, tmp_path: Path) -> None:
    """A rejected later file does not supersede an approved one; a withdrawal removes it; a later round restores it."""

    def persons() -> int:
        assert run(home, 2023) == 0
        return cells(home, 2023).get(("NL", "totaal", "totaal"), 0)

    stay = {"start": "2023-05-01", "end": "2023-06-01"}
    good = delivery(tmp_path / "in", "DAKL_J2023_a.csv", row(ANNA, **stay), row(BRAM, **stay))
    bad = delivery(tmp_path / "in", "DAKL_J2023_b.csv", row("12345678A", **stay))
    assert deliver(home, good, "mo-x", at="2024-04-01") == 0
    assert deliver(home, bad, "mo-x", at="2024-04-02") == 1
    assert persons() == 2
    assert main(["withdraw", "--supplier", "mo-x", "--year", "2023", "--at", "2024-06-25", "--home", str(home)]) == 0
    assert persons() == 0
    later = delivery(tmp_path / "in", "DAKL_J2023_c.csv", row(ANNA, **stay))
    assert deliver(home, later, "mo-x", at="2025-05-01") == 0
    assert persons() == 1


def test_another_key_gives_the_same_counts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = {table: export(home, table) for table in EXPORTS}
    monkeypatch.setenv("DAKL_PSEUDONYM_KEY", OTHER_KEY)
    assert run(home, 2024) == 0
    assert {table: export(home, table) for table in EXPORTS} == first

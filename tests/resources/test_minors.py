"""Minors by the person register of a home: who they are, and that a supplier is told how many, never which."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from dakl_pipeline.steps.enrich import age_on
from resources.home import Home
from resources.minors import MinorsOfHome
from resources.report_store import ReportStore
from resources.settings import load_methodology
from tests.small_world import ANNA, BRAM, CEES, deliver, delivery, make_home, row

BIRTHS = [
    date(2005, 12, 30),
    date(2005, 12, 31),
    date(2006, 1, 1),
    date(2008, 2, 29),
    date(2023, 12, 31),
    date(2024, 1, 1),
    None,
]


def _write(folder: Path, **columns: object) -> None:
    (folder / "2023").mkdir()
    pl.DataFrame(columns).write_parquet(folder / "2023" / "persons.parquet")


def test_minors_are_those_whose_age_in_the_figures_is_under_the_limit(tmp_path: Path) -> None:
    _write(tmp_path, bsn=[f"{n:09}" for n in range(len(BIRTHS))], birth_date=BIRTHS)
    ages = (
        pl.Series("birth_date", BIRTHS).to_frame().select(age_on(pl.col("birth_date"), date(2023, 12, 31))).to_series()
    )
    expected = [n for n, age in enumerate(ages) if age is not None and age < 18]
    found = MinorsOfHome(tmp_path)(2023, 18)
    assert (found.to_list(), found.dtype) == (expected, pl.UInt32)
    assert expected == [2, 3, 4]


@pytest.mark.parametrize("columns", [{}, {"bsn": ["1"]}, {"bsn": [1.5], "birth_date": ["x"]}])
def test_a_register_that_is_not_right_finds_nobody(columns: dict[str, list[object]], tmp_path: Path) -> None:
    _write(tmp_path, **columns)
    assert MinorsOfHome(tmp_path)(2023, 18).to_list() == []


def test_a_register_that_is_not_there_or_no_parquet_finds_nobody(tmp_path: Path) -> None:
    assert MinorsOfHome(tmp_path)(2023, 18).to_list() == []
    _write(tmp_path, bsn=["1"])
    (tmp_path / "2023" / "persons.parquet").write_bytes(b"PAR1")
    assert MinorsOfHome(tmp_path)(2023, 18).to_list() == []


@pytest.mark.parametrize(("year", "told"), [(2023, [("minors", 2, ())]), (2024, [])])
def test_the_supplier_is_told_how_many_and_never_which(
    year: int, told: list[tuple[str, int, tuple[int, ...]]], tmp_path: Path
) -> None:
    home = make_home(tmp_path)
    stays = [(CEES, "02-01"), (ANNA, "02-01"), (CEES, "05-01"), (BRAM, "02-01")]
    rows = [row(bsn, start=f"{year}-{day}", end=f"{year}-06-01") for bsn, day in stays]
    file = delivery(tmp_path / "files", f"DAKL_J{year}_Almelo.csv", *dict.fromkeys(rows))
    assert deliver(home, file, "almelo") == 0
    opened = Home(home)
    made = ReportStore(opened, load_methodology(opened)).write_latest("almelo", year)
    shown = [(f.rule, f.count, f.rows) for f in made.report.findings if f.rule == "minors"]
    assert shown == told
    mail = next((home / "reports" / str(year) / "almelo").glob("*-mail.eml")).read_text()
    assert ("Minderjarigen (waarschuwing, 2 keer)" in mail) == bool(told)

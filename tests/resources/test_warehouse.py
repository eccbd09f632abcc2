"""The warehouse: whole years, all or nothing, by name, and plain words when it cannot."""

import multiprocessing
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import polars as pl
import pytest

from dakl_pipeline.contracts.statistics import COVERAGE, UNIQUE_PERSON_COUNTS
from dakl_pipeline.errors import Missing, Refused
from resources.warehouse import TableVersion, Warehouse


def _counts(year: int, persons: int, *, category: str = "totaal") -> pl.DataFrame:
    return pl.DataFrame(
        [(year, "NL", "totaal", category, persons)], schema=UNIQUE_PERSON_COUNTS.polars_schema, orient="row"
    )


def _coverage(year: int, value: int) -> pl.DataFrame:
    return pl.DataFrame([(year, "NL", "suppliers", value)], schema=COVERAGE.polars_schema, orient="row")


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path / "warehouse.duckdb", patience=0.2)


def test_a_year_is_replaced_as_a_whole_and_others_stay(warehouse: Warehouse) -> None:
    for year, persons in ((2023, 1), (2024, 2), (2024, 3)):
        warehouse.replace_years_together({UNIQUE_PERSON_COUNTS: _counts(year, persons)}, year)
    assert warehouse.read(UNIQUE_PERSON_COUNTS)["persons"].to_list() == [1, 3]
    assert warehouse.read(UNIQUE_PERSON_COUNTS, 2024).equals(_counts(2024, 3))
    assert warehouse.years(UNIQUE_PERSON_COUNTS) == [2023, 2024]
    assert warehouse.years(COVERAGE) == []


def test_columns_go_by_name_not_by_place(warehouse: Warehouse) -> None:
    shuffled = _counts(2024, 7).select("persons", "category", "dimension", "year", "region_code")
    warehouse.replace_years_together({UNIQUE_PERSON_COUNTS: shuffled}, 2024)
    assert warehouse.read(UNIQUE_PERSON_COUNTS).equals(_counts(2024, 7))


def test_several_tables_change_together_or_not_at_all(warehouse: Warehouse) -> None:
    good = {UNIQUE_PERSON_COUNTS: _counts(2024, 1), COVERAGE: _coverage(2024, 1)}
    warehouse.replace_years_together(good, 2024)
    broken = _coverage(2024, 2).with_columns(value=pl.lit("not a number"))
    with pytest.raises(duckdb.Error):
        warehouse.replace_years_together({UNIQUE_PERSON_COUNTS: _counts(2024, 2), COVERAGE: broken}, 2024)
    assert warehouse.read(UNIQUE_PERSON_COUNTS).equals(good[UNIQUE_PERSON_COUNTS])
    assert warehouse.read(COVERAGE).equals(good[COVERAGE])


def test_a_year_without_rows_is_a_year_that_was_made(warehouse: Warehouse) -> None:
    warehouse.replace_years_together({UNIQUE_PERSON_COUNTS: _counts(2024, 1).clear()}, 2024)
    assert warehouse.years(UNIQUE_PERSON_COUNTS) == [2024]
    assert warehouse.read(UNIQUE_PERSON_COUNTS, 2024).is_empty()
    assert warehouse.row_count(UNIQUE_PERSON_COUNTS, 2024) == 0


def test_versions_and_keys(warehouse: Warehouse) -> None:
    assert warehouse.version(COVERAGE, 2024) is None
    first = warehouse.key_id("a" * 64)
    assert warehouse.key_id("a" * 64) == first
    assert warehouse.key_id("b" * 64) != first
    version = TableVersion(first, "digest")
    warehouse.replace_years_together({COVERAGE: _coverage(2024, 1)}, 2024, version=version)
    assert warehouse.version(COVERAGE, 2024) == version


def test_matching_rows_only(warehouse: Warehouse) -> None:
    frame = pl.concat([_counts(2024, n, category=c) for n, c in enumerate("abc", start=1)])
    warehouse.replace_years_together({UNIQUE_PERSON_COUNTS: frame}, 2024)
    found = warehouse.read_matching(UNIQUE_PERSON_COUNTS, 2024, "category", pl.Series(["c", None, "a", "a", "z"]))
    assert found["category"].to_list() == ["a", "c"]


def test_before_anything_was_made(warehouse: Warehouse) -> None:
    with pytest.raises(Missing, match="dakl run"):
        warehouse.read(COVERAGE)
    warehouse.replace_years_together({COVERAGE: _coverage(2024, 1)}, 2024)
    with pytest.raises(Missing, match="dakl run"):
        warehouse.read(UNIQUE_PERSON_COUNTS)


def test_a_corrupt_file_and_a_table_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "corrupt.duckdb"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(Refused, match="dakl run --all"):
        Warehouse(path).read(COVERAGE)
    old = tmp_path / "old.duckdb"
    with duckdb.connect(str(old)) as connection:
        connection.execute("create schema statistics; create table statistics.coverage (year int)")
    with pytest.raises(Refused, match="another version"):
        Warehouse(old).read(COVERAGE)


def _hold(path: str, is_held: Event, may_go: Event) -> None:
    with duckdb.connect(path):
        is_held.set()
        may_go.wait(30)


def test_waiting_for_another_process(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    Warehouse(path).replace_years_together({COVERAGE: _coverage(2024, 1)}, 2024)
    spawn = multiprocessing.get_context("spawn")
    is_held, may_go = spawn.Event(), spawn.Event()
    other = spawn.Process(target=_hold, args=(str(path), is_held, may_go))
    other.start()
    try:
        assert is_held.wait(30)
        with pytest.raises(Refused, match="in use by another program"):
            Warehouse(path, patience=0.1).read(COVERAGE)
    finally:
        may_go.set()
        other.join(30)
    assert Warehouse(path).read(COVERAGE)["value"].to_list() == [1]

"""The contracts state who may see a row and whether its history is kept; everything else follows from that."""

import polars as pl
import pytest

from dakl_pipeline.contracts import HISTORY_TABLES, TABLES, VINTAGE_TABLES, WAREHOUSE_TABLES
from dakl_pipeline.contracts.columns import PSEUDONYM_PATTERN, Table, validate
from dakl_pipeline.contracts.statistics import COVERAGE, UNIQUE_PERSON_COUNTS

ALL = {table.name: table for table in (*TABLES.values(), *HISTORY_TABLES)}


def _has_pseudonym(table: Table) -> bool:
    patterns = {name: getattr(column, "regex", None) for name, column in table.columns.items()}
    return any(pattern == PSEUDONYM_PATTERN for name, pattern in patterns.items() if name != "sha256")


@pytest.mark.parametrize("table", ALL.values(), ids=lambda table: table.name)
def test_a_table_with_a_pseudonym_is_about_persons_and_in_no_warehouse(table: Table) -> None:
    assert (table.sensitivity == "person") is _has_pseudonym(table)
    assert table.is_in_warehouse is not _has_pseudonym(table)
    assert (table.name in WAREHOUSE_TABLES) is table.is_in_warehouse


def test_no_table_of_a_stage_holds_a_number_of_a_person() -> None:
    assert {table.sensitivity for table in TABLES.values()} == {"person", "internal"}


def test_what_an_analyst_sees_has_its_history() -> None:
    """One word in the contract of a new statistic keeps its history."""
    kept = [table for table in TABLES.values() if table.keeps_history]
    assert kept == [table for table in TABLES.values() if table.sensitivity == "internal"]
    assert {table.history for table in kept} <= set(HISTORY_TABLES)


def test_the_history_of_a_table_has_its_columns_and_the_vintage() -> None:
    assert COVERAGE.history is COVERAGE.history
    assert COVERAGE.history.name == "statistics.coverage_history"
    assert COVERAGE.history.column_names == ["year", "vintage", "region_code", "measure", "value"]
    assert COVERAGE.history.sort_by == ["year", "vintage", "region_code", "measure"]
    assert COVERAGE.history.columns["value"].description == COVERAGE.columns["value"].description
    assert COVERAGE.sort_by == ["year", "region_code", "measure"], "the contract itself is as it was"


def test_a_category_of_an_earlier_version_stays_in_the_history() -> None:
    row = {"year": 2022, "region_code": "CR01", "dimension": "leeftijd", "category": "no longer used", "persons": 3}
    now = pl.DataFrame([row], schema=UNIQUE_PERSON_COUNTS.polars_schema)
    then = pl.DataFrame([{**row, "vintage": 1}], schema=UNIQUE_PERSON_COUNTS.history.polars_schema)
    assert not validate(UNIQUE_PERSON_COUNTS.schema, now).passed
    assert validate(UNIQUE_PERSON_COUNTS.history.schema, then).passed


def test_registers_are_no_part_of_a_vintage() -> None:
    assert TABLES.keys() - VINTAGE_TABLES.keys() == {name for name in TABLES if name.startswith("registers.")}

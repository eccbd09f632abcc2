"""The contracts state who may see a row and whether its history is kept; everything else follows from that."""

from contextlib import nullcontext

import dataframely as dy
import polars as pl
import pytest

from dakl_pipeline.contracts import HISTORY_TABLES, TABLES, VINTAGE_TABLES, WAREHOUSE_TABLES
from dakl_pipeline.contracts.border import require_nobody_in
from dakl_pipeline.contracts.columns import (
    PSEUDONYM_PATTERN,
    ColumnSensitivity,
    Sensitivity,
    Table,
    lineage,
    sensitivity_of,
    validate,
)
from dakl_pipeline.contracts.deliveries import SELECTED, DeliveredColumns
from dakl_pipeline.contracts.history import RUNS
from dakl_pipeline.contracts.registers import REGISTERS
from dakl_pipeline.contracts.statistics import COVERAGE, UNIQUE_PERSON_COUNTS
from dakl_pipeline.errors import Refused

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


@pytest.mark.parametrize(
    ("table", "column", "is_refused"),
    [
        ("identified", "number", False),
        ("identified", "exact", False),
        ("person", "number", True),
        ("person", "exact", True),
        ("person", None, True),
        ("person", "pseudonym", False),
        ("person", "personal", False),
        ("internal", "pseudonym", True),
        ("internal", "personal", True),
        ("internal", None, False),
        ("public", "personal", True),
        ("public", "open", False),
    ],
)
def test_a_column_too_sensitive_for_its_table_is_refused_where_it_is_declared(
    table: Sensitivity, column: ColumnSensitivity | None, is_refused: bool
) -> None:
    class Schema(dy.Schema):
        about = dy.String(description="x", metadata=lineage(sensitivity=column) if column else None)

    with pytest.raises(ValueError, match="column about") if is_refused else nullcontext():
        Table(name="a.b", asset="b", schema=Schema, description="x", sensitivity=table)


def test_every_column_about_a_person_says_what_it_tells() -> None:
    sources: list[type[dy.Schema]] = [DeliveredColumns, *(register.source for register in REGISTERS)]
    columns = [(name, sensitivity_of(column)) for source in sources for name, column in source.columns().items()]
    assert [name for name, sensitivity in columns if sensitivity is None] == []
    numbers = {name for name, sensitivity in columns if sensitivity == "number"}
    assert numbers == {"bsn", "v_number", "v_nummer"}


@pytest.mark.parametrize("table", [t for t in ALL.values() if t.sensitivity == "person"], ids=lambda table: table.name)
def test_a_table_about_persons_has_no_date_no_place_in_a_file_and_no_free_text(table: Table) -> None:
    assert not {"delivery_id", "line_number", "birth_date"} & set(table.column_names)
    for name, column in table.columns.items():
        assert not column.dtype.is_temporal(), name
        assert not isinstance(column, dy.String) or column.regex or column.check, f"{name} may hold any text"


@pytest.mark.parametrize(
    ("value", "is_refused"),
    [
        ("a" * 64, True),
        (f"x {'0' * 32} y", True),
        ("123456782", True),
        ("of 9000000001.", True),
        ("DAKL_J2024_almelo 2025-05-01.csv", False),
        ("DAKL_J2024_20250501.csv", False),
        ("8c3a8bfe-1234-4c7b-9a5d-123456789012", False),
        ("first count, of 12 files", False),
        (None, False),
    ],
)
def test_what_looks_like_a_person_does_not_cross_the_border(value: str | None, is_refused: bool) -> None:
    row = {"year": 2024, "vintage": 1, "reason": value, "files": 123456782}
    frame = pl.DataFrame([row], schema=RUNS.polars_schema)
    if is_refused:
        with pytest.raises(Refused, match="reason") as refused:
            require_nobody_in(RUNS, frame)
        assert value is not None
        assert value not in str(refused.value)
    else:
        require_nobody_in(RUNS, frame)


def test_the_digest_of_a_file_crosses_the_border() -> None:
    require_nobody_in(SELECTED, pl.DataFrame([{"sha256": "a" * 64}], schema=SELECTED.polars_schema))

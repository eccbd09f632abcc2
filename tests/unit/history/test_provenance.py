"""What the tables of a year were made from, and the stages that are stale."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from dakl_pipeline.history.provenance import StageRecord, StoredTable, Vintage, YearRecord, stale_stages, what_changed

OLD, NEW = "a" * 64, "b" * 64


def record(made: dict[str, str], inputs: dict[str, str]) -> StageRecord:
    tables = {name: StoredTable(sha256=sha256, rows=1) for name, sha256 in made.items()}
    fields: dict[str, Any] = {"tables": tables, "inputs": inputs}
    return StageRecord.model_construct(**fields)


@pytest.mark.parametrize(
    ("read", "expected"),
    [
        ({"first": NEW}, []),
        ({"first": OLD}, ["later"]),
        # An input that is not a table of this year (a setting, a key) does not make a stage stale.
        ({"key": OLD}, []),
        ({"first": NEW, "other": OLD}, []),
    ],
)
def test_a_stage_is_stale_when_a_table_that_it_read_is_another_now(read: dict[str, str], expected: list[str]) -> None:
    year = YearRecord(year=2024, stages={"first": record({"first": NEW}, {}), "later": record({"later": NEW}, read)})
    assert stale_stages(year) == expected


def test_a_table_is_found_in_whatever_stage_made_it() -> None:
    year = YearRecord(year=2024, stages={"s": record({"one": OLD}, {}), "t": record({"two": NEW}, {})})
    assert year.table("two") == StoredTable(sha256=NEW, rows=1)
    assert year.table("three") is None


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {}, []),
        ({"a": "1", "b": "2"}, {"a": "1", "b": "3"}, ["b"]),
        ({"a": "1"}, {}, ["a"]),
        ({"z": "1", "gone": "1"}, {"b": "1", "z": "2"}, ["b", "z", "gone"]),
    ],
)
def test_what_is_other_gone_or_new_is_named_in_the_order_of_now(
    before: dict[str, str], after: dict[str, str], expected: list[str]
) -> None:
    assert what_changed(before, after) == expected


def test_the_key_of_a_vintage_is_that_of_the_stage_that_used_one() -> None:
    stages = {"selection": record({}, {}), "stays": record({}, {"key": "k1"})}
    moment = datetime(2025, 6, 1, tzinfo=UTC)
    vintage = Vintage(number=1, year=2024, counted_at=moment, run_id="r", reason="", versions={}, stages=stages)
    assert vintage.key_id == "k1"
    assert vintage.record == YearRecord(year=2024, stages=stages)


@pytest.mark.parametrize("sha256", ["", "A" * 64, "a" * 63])
def test_a_digest_of_another_form_is_refused_without_repeating_it(sha256: str) -> None:
    with pytest.raises(ValidationError) as refused:
        StoredTable(sha256=sha256, rows=1)
    assert "a" * 60 not in str(refused.value).lower()

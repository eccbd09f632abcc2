"""The tables between the stages: kept atomically, found again by their inputs, one run of a year at a time."""

import multiprocessing
from multiprocessing.synchronize import Event
from pathlib import Path

import polars as pl
import pytest

from dakl_pipeline.contracts.statistics import COVERAGE, UNIQUE_PERSON_COUNTS
from dakl_pipeline.errors import Missing, Refused
from dakl_pipeline.history.provenance import StageRecord, YearRecord
from resources.storage.stage_store import StageStore

_INPUTS = {"code": "1"}


def _counts(persons: int, *, categories: str = "a") -> pl.DataFrame:
    rows = [(2024, "NL", "totaal", category, persons) for category in categories]
    return pl.DataFrame(rows, schema=UNIQUE_PERSON_COUNTS.polars_schema, orient="row")


def _coverage(value: int) -> pl.DataFrame:
    return pl.DataFrame([(2024, "NL", "suppliers", value)], schema=COVERAGE.polars_schema, orient="row")


def _keep(
    store: StageStore, persons: int = 1, *, categories: str = "a", inputs: dict[str, str] = _INPUTS
) -> StageRecord:
    return store.write(
        2024,
        "count",
        {UNIQUE_PERSON_COUNTS: _counts(persons, categories=categories), COVERAGE: _coverage(persons)},
        inputs=inputs,
        rows_in=3,
        excluded={"late": 1},
        notes={"files": 2},
        run_id="run",
    )


@pytest.fixture
def store(tmp_path: Path) -> StageStore:
    return StageStore(tmp_path / "stages")


def test_what_was_kept_is_read_in_the_order_of_its_key_and_by_name(store: StageStore) -> None:
    shuffled = _counts(7, categories="cab").select("persons", "category", "dimension", "year", "region_code")
    store.write(2024, "s", {UNIQUE_PERSON_COUNTS: shuffled}, inputs={}, rows_in=0, excluded={}, notes={}, run_id="run")
    assert store.read(UNIQUE_PERSON_COUNTS, 2024).equals(_counts(7, categories="abc"))
    record = store.record(2024).stages["s"]
    assert record.tables[UNIQUE_PERSON_COUNTS.name].rows == 3
    found = store.read_matching(UNIQUE_PERSON_COUNTS, 2024, "category", pl.Series(["c", None, "a", "a", "z"]))
    assert found["category"].to_list() == ["a", "c"]


def test_a_stage_is_unchanged_when_it_was_made_of_the_same(store: StageStore) -> None:
    assert store.unchanged(2024, "count", _INPUTS) is None
    made = _keep(store)
    assert store.unchanged(2024, "count", _INPUTS) == made
    assert store.unchanged(2024, "count", {"code": "2"}) is None
    assert store.unchanged(2024, "count", _INPUTS | {"key": "x"}) is None
    assert store.unchanged(2023, "count", _INPUTS) is None


@pytest.mark.parametrize("damage", ["gone", "cut off", "record"])
def test_what_is_damaged_is_not_unchanged_and_is_told_when_read(store: StageStore, tmp_path: Path, damage: str) -> None:
    _keep(store)
    (path,) = tmp_path.glob("stages/2024/statistics.coverage.*")
    if damage == "gone":
        path.unlink()
    elif damage == "cut off":
        path.write_bytes(path.read_bytes()[:-9])
    else:
        (path.parent / "record.json").write_text("{")
    assert store.unchanged(2024, "count", _INPUTS) is None
    with pytest.raises((Refused, Missing), match="dakl run --year 2024"):
        store.read(COVERAGE, 2024)
    _keep(store)
    assert store.read(COVERAGE, 2024).equals(_coverage(1))


def test_before_anything_was_made(store: StageStore) -> None:
    assert store.record(2024) == YearRecord(year=2024)
    with pytest.raises(Missing, match="dakl run --year 2024"):
        store.read(COVERAGE, 2024)


def test_files_that_nobody_uses_go_and_those_of_the_newest_vintage_stay(tmp_path: Path) -> None:
    shown: dict[int, YearRecord] = {}
    store = StageStore(tmp_path, in_use=shown.get)
    _keep(store, 1)
    shown[2024] = store.record(2024)
    for persons in (2, 3):
        _keep(store, persons)
    assert len(list((tmp_path / "2024").glob("*.parquet"))) == 4
    first = shown[2024].table(COVERAGE.name)
    assert first is not None
    assert store.read_stored(COVERAGE, 2024, first).equals(_coverage(1))
    assert store.read(COVERAGE, 2024).equals(_coverage(3))


def test_a_key_keeps_its_id_and_the_id_says_nothing_of_the_key(store: StageStore) -> None:
    first = store.key_id("a" * 64)
    assert store.key_id("a" * 64) == first
    assert store.key_id("b" * 64) != first
    assert first not in "a" * 64


def _hold(root: str, is_locked: Event, may_go: Event) -> None:
    with StageStore(Path(root)).locked(2024, timeout=10):
        is_locked.set()
        may_go.wait(60)


def test_one_run_of_a_year_at_a_time_and_a_dead_one_holds_nothing(store: StageStore, tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    is_locked, may_go = spawn.Event(), spawn.Event()
    other = spawn.Process(target=_hold, args=(str(tmp_path / "stages"), is_locked, may_go))
    other.start()
    assert is_locked.wait(60)
    with pytest.raises(Refused, match="another run of 2024"), store.locked(2024, timeout=0.1):
        pass
    with store.locked(2023, timeout=0.1):
        pass
    other.kill()
    other.join(60)
    with store.locked(2024, timeout=60):
        pass

"""The evaluation of the health of a home, with the advice when it is not well."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dakl_pipeline.deliveries.log import CLOCKS_DIFFER
from dakl_pipeline.history.provenance import StageRecord, Vintage, YearRecord
from dakl_pipeline.operation import health
from dakl_pipeline.operation.reruns import YearStatus

GB = 10**9
NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
LATER = NOW + CLOCKS_DIFFER + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("free", "needed", "status"),
    [
        (5 * GB, GB, "ok"),
        (3 * GB, GB, "ok"),
        (3 * GB - 1, GB, "warning"),
        (GB, GB, "warning"),
        (GB - 1, GB, "fault"),
        # An empty home still needs room to start.
        (GB - 1, 0, "warning"),
        (GB, 0, "ok"),
    ],
)
def test_room_for_a_run(free: int, needed: int, status: str) -> None:
    found = health.evaluate_room(free, needed=needed)
    assert found.status == status
    assert bool(found.to_do) == (status != "ok")


@pytest.mark.parametrize(
    ("entries", "others", "status", "told"),
    [
        ({}, {}, "ok", "nothing is later"),
        ({"000001": NOW + CLOCKS_DIFFER}, {"run": NOW}, "ok", "nothing is later"),
        ({"000001": LATER}, {}, "warning", "in the future: entry 000001"),
        ({}, {"vintage 2": LATER}, "warning", "in the future: vintage 2"),
    ],
)
def test_what_is_in_the_future_is_named(
    entries: Mapping[str, datetime], others: Mapping[str, datetime], status: str, told: str
) -> None:
    found = health.evaluate_clock(NOW, entries, others)
    assert (found.status, told in found.found) == (status, True)


@pytest.mark.parametrize(
    ("entries", "cancelled", "more"),
    [(["000001"], True, False), (["000001", "000002"], True, True), ([], False, False)],
)
def test_only_an_entry_of_the_future_is_cancelled(entries: list[str], cancelled: bool, more: bool) -> None:
    to_do = health.evaluate_clock(NOW, dict.fromkeys(entries, LATER), {"run": LATER}).to_do
    assert ("`dakl cancel 000001 --why TEXT`" in to_do, "and so on" in to_do) == (cancelled, more)
    assert ("nothing needs to be done" in to_do) != cancelled


def _vintage(year: int, key: str) -> Vintage:
    stage: dict[str, Any] = {"inputs": {"key": key}}
    vintage: dict[str, Any] = {"year": year, "stages": {"s": StageRecord.model_construct(**stage)}}
    return Vintage.model_construct(**vintage)


@pytest.mark.parametrize(
    ("key", "made", "status", "told"),
    [
        (None, [], "ok", "nothing was made with it yet"),
        ("k", [(2024, "k")], "ok", "the figures were made with it"),
        ("k", [(2024, "old"), (2023, "k"), (2022, "old")], "fault", "the figures of 2022, 2024 were made with"),
        (None, [(2024, "old")], "fault", "the figures of 2024"),
    ],
)
def test_the_key_is_that_of_the_figures(key: str | None, made: list[tuple[int, str]], status: str, told: str) -> None:
    found = health.evaluate_key(key, [_vintage(*each) for each in made])
    assert (found.status, told in found.found) == (status, True)


@pytest.mark.parametrize(
    ("requirement", "installed", "wrong"),
    [
        ("polars>=2.1,<3", {"polars": "2.1.0"}, None),
        ("polars>=2.1,<3", {"polars": "2.2.0rc1"}, None),
        ("polars>=2.1,<3", {"polars": "3.0"}, "polars 3.0 (required: <3,>=2.1)"),
        ("polars>=2.1", {}, "polars is missing (required: >=2.1)"),
        ("Polars_Hash>=1", {"polars-hash": "1"}, None),
        ("dagster-postgres>=1; extra == 'team'", {}, None),
    ],
)
def test_a_library_of_another_version_is_a_fault(
    requirement: str, installed: dict[str, str], wrong: str | None
) -> None:
    assert [each.found for each in health.evaluate_libraries([requirement], installed)] == ([wrong] if wrong else [])


def _made(code: str | None) -> StageRecord:
    fields: dict[str, Any] = {"inputs": {} if code is None else {"code": code}}
    return StageRecord.model_construct(**fields)


@pytest.mark.parametrize(
    ("pending", "made", "status", "told"),
    [
        ((), {}, "ok", "nothing delivered"),
        ((), {"count": "2"}, "ok", "up to date with the files that count"),
        (("a: nothing → x.csv",), {"count": "2"}, "warning", "behind: a: nothing → x.csv"),
        ((), {"count": "1"}, "warning", "counted by another version of the program: count"),
        # A stage that this version does not have, or that was kept before stages had a version.
        ((), {"count": "2", "gone": "1"}, "warning", "another version of the program: gone"),
        ((), {"count": None}, "warning", "another version of the program: count"),
        # What is behind is counted again anyway.
        (("register",), {"count": "1"}, "warning", "behind: register"),
    ],
)
def test_the_figures_of_a_year(pending: tuple[str, ...], made: dict[str, str | None], status: str, told: str) -> None:
    record = YearRecord.model_construct(year=2024, stages={name: _made(code) for name, code in made.items()})
    state = YearStatus(2024, "fingerprint", pending)
    found = health.evaluate_year(state, record, codes={"count": "2"})
    assert (found.check, found.status) == ("figures of 2024", status)
    assert told in found.found
    assert ("`dakl run --year 2024`" in found.to_do) == (status != "ok")

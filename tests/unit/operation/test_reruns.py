"""When a year is counted again: a table of situations, and properties of all of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakl_pipeline.operation.reruns import NoRun, PastRun, Rerun, YearStatus, decide, in_words

NOW = datetime(2025, 5, 1, 12, tzinfo=UTC)
RETRY_DELAYS = (300.0, 900.0)
CHANGED = YearStatus(2024, "w2", ("almelo: a.csv (000001) → b.csv (000002)",))


def past(outcome: Any, *, target_fingerprint: str | None = "w2", ago: float = 0, run_id: str = "r1") -> PastRun:
    ended = None if outcome == "busy" else NOW - timedelta(seconds=ago)
    return PastRun(run_id, outcome, target_fingerprint, ended)


@pytest.mark.parametrize(
    ("state", "runs", "expected"),
    [
        (YearStatus(2024, "w1"), [], "the figures match the selection"),
        (CHANGED, [], 1),
        (CHANGED, [past("success", target_fingerprint="w1")], 1),
        (CHANGED, [past("failed", target_fingerprint="w1")], 1),
        (CHANGED, [past("failed", target_fingerprint=None)], 1),
        (CHANGED, [past("busy", target_fingerprint="w1")], "a run is busy"),
        (CHANGED, [past("busy", target_fingerprint=None)], "a run is busy"),
        (CHANGED, [past("failed"), past("busy")], "a run is busy"),
        (replace(CHANGED, blocked_by="there is no register care for 2024"), [], "no register care"),
        # The run counted a change that was undone later; or something is wrong.
        (CHANGED, [past("success")], "attempt 1 succeeded, but the figures do not match the selection; next attempt"),
        (CHANGED, [past("success", ago=300)], 2),
        (CHANGED, [past("success", ago=300), past("success", target_fingerprint="w1")], 2),
        (CHANGED, [past("success", ago=90_000)] * 3, "report it, and start it by hand"),
        (CHANGED, [past("canceled")], "cancelled by hand"),
        (CHANGED, [past("canceled", target_fingerprint="w1")], 1),
        (CHANGED, [past("failed", ago=299)], "attempt 1 failed; next attempt at 2025-05-01T12:00:01"),
        (CHANGED, [past("failed", ago=300)], 2),
        (CHANGED, [past("failed", ago=300), past("failed", ago=900)], "attempt 2 failed"),
        (CHANGED, [past("failed", ago=900), past("failed", ago=1900)], 3),
        (CHANGED, [past("failed", ago=90_000)] * 3, "attempt 3 failed; repair the cause"),
        # A manual run, or another target, came in between: counting attempts starts again.
        (CHANGED, [past("failed", ago=300), past("failed", target_fingerprint=None), past("failed", ago=900)], 2),
        (CHANGED, [past("failed", ago=300), past("success", target_fingerprint="w1"), past("failed", ago=900)], 2),
        # The clock was set back an hour after the run ended.
        (CHANGED, [past("failed", ago=-3600)], 2),
    ],
)
def test_decisions(state: YearStatus, runs: list[PastRun], expected: int | str) -> None:
    decision = decide(state, runs, now=NOW, retry_delays=RETRY_DELAYS)
    if isinstance(expected, int):
        assert isinstance(decision, Rerun)
        assert decision.attempt == expected
        assert decision.reason == CHANGED.pending_changes[0]
    else:
        assert isinstance(decision, NoRun)
        assert expected in decision.because


def test_the_run_says_when_it_is_tried_again_and_the_last_one_does_not() -> None:
    first = decide(CHANGED, [], now=NOW, retry_delays=RETRY_DELAYS)
    last = decide(CHANGED, [past("failed", ago=900), past("failed", ago=1900)], now=NOW, retry_delays=RETRY_DELAYS)
    assert isinstance(first, Rerun)
    assert isinstance(last, Rerun)
    assert first.next_attempt_at == NOW + timedelta(seconds=300)
    assert last.next_attempt_at is None


def test_a_look_that_is_repeated_asks_for_the_same_run() -> None:
    looks = [decide(CHANGED, [past("success", target_fingerprint="w1")], now=NOW + timedelta(s)) for s in (0, 1)]
    assert len({year_status.run_key for year_status in looks if isinstance(year_status, Rerun)}) == 1


def test_many_causes_in_one_line() -> None:
    assert in_words([str(n) for n in range(7)]) == "0; 1; 2; 3; 4; and 2 more"


@given(
    st.lists(
        st.sampled_from(["change", "change back", "tick", "begin", "end well", "fail", "start by hand"]), max_size=60
    )
)
def test_no_state_is_run_twice_in_vain_and_none_is_forgotten(moves: list[str]) -> None:
    """Play the moves: at most one run at a time, and in the end the figures are those of the last change."""
    now, target_fingerprint, counted, runs, keys = NOW, 0, 0, list[PastRun](), set[str]()

    def state() -> YearStatus:
        return YearStatus(2024, f"w{target_fingerprint}", ("changed",) if target_fingerprint != counted else ())

    def end(outcome: Any) -> None:
        nonlocal counted
        if runs and runs[0].outcome == "busy":
            runs[0] = replace(runs[0], outcome=outcome, ended_at=now)
            if outcome == "success":
                counted = begun[0]

    begun = [0]
    for move in [*moves, *["tick", "begin", "end well"] * 3]:
        now += timedelta(seconds=1000)
        if move == "change":
            target_fingerprint += 1
        elif move == "change back":
            target_fingerprint = max(0, target_fingerprint - 1)
        elif move == "begin":
            # A run reads the log when it starts, which can be long after it was requested.
            begun[0] = target_fingerprint
        elif move == "end well":
            end("success")
        elif move == "fail":
            end("failed")
        elif move == "start by hand" and not (runs and runs[0].outcome == "busy"):
            runs.insert(0, PastRun(f"r{len(runs)}", "busy", None, None))
            begun[0] = target_fingerprint
        elif move == "tick":
            decision = decide(state(), runs, now=now, retry_delays=(1.0,) * 100)
            if isinstance(decision, Rerun):
                assert target_fingerprint != counted
                assert not (runs and runs[0].outcome == "busy")
                assert decision.run_key not in keys
                keys.add(decision.run_key)
                runs.insert(0, PastRun(f"r{len(runs)}", "busy", decision.target_fingerprint, None))
                begun[0] = target_fingerprint
    assert counted == target_fingerprint

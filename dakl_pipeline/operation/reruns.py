"""Decides whether a year is counted again now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Literal

from dakl_pipeline.presentation.english import summarise

# Seconds before each further attempt; after the last one an analyst must act.
DEFAULT_RETRY_DELAYS = (300.0, 900.0, 3600.0, 14400.0)
_SHOWN_CAUSES = 5


@dataclass(frozen=True)
class YearStatus:
    """Whether the figures of a year are up to date with the selection and the registers.

    Attributes:
        year: Reporting year.
        target_fingerprint: Digest of the current selection and registers.
        pending_changes: Changes that are not in the figures yet, in words; empty if they are up to date.
        blocked_by: Why a run would stop, such as a missing register; None if it would not.
    """

    year: int
    target_fingerprint: str
    pending_changes: tuple[str, ...] = ()
    blocked_by: str | None = None


@dataclass(frozen=True)
class PastRun:
    """A past or current run of the year.

    Attributes:
        run_id: Its id.
        outcome: Its outcome.
        target_fingerprint: Digest of the state for which it was requested; None if a person started it.
        ended_at: When it ended; None while it is busy.
    """

    run_id: str
    outcome: Literal["busy", "success", "failed", "canceled"]
    target_fingerprint: str | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Rerun:
    """A run to request.

    Attributes:
        year: Reporting year.
        run_key: Key of the request; repeating the same decision requests nothing new.
        target_fingerprint: Digest of the state that it is for.
        reason: Why, in words.
        attempt: Number of the attempt for this state, from 1.
        next_attempt_at: When it is retried if it fails at once; None after the last attempt.
    """

    year: int
    run_key: str
    target_fingerprint: str
    reason: str
    attempt: int
    next_attempt_at: datetime | None


@dataclass(frozen=True)
class NoRun:
    """No run now.

    Attributes:
        year: Reporting year.
        because: Why not, in words.
    """

    year: int
    because: str


def decide(
    state: YearStatus, runs: Sequence[PastRun], *, now: datetime, retry_delays: Sequence[float] = DEFAULT_RETRY_DELAYS
) -> Rerun | NoRun:
    """Decide whether to count a year again now.

    Changes lead to one run. Nothing is requested while a run is busy, so changes in the meantime lead to one run
    afterwards. A state whose run succeeded is not requested again, unless the run counted another state: a change
    arrived before it began and was undone later. Such a run, like a failed one, is retried after each delay. Once the
    delays are used up, or if a person cancelled the run, nothing is requested until something changes.

    Args:
        state: The year.
        runs: The latest runs of the year, newest first.
        now: Current time.
        retry_delays: Seconds before each further attempt.
    """
    year = state.year
    if not state.pending_changes:
        return NoRun(year, "the figures match the selection")
    if any(run.outcome == "busy" for run in runs):
        return NoRun(year, "a run is busy; changes are counted after it ends")
    if state.blocked_by is not None:
        return NoRun(year, state.blocked_by)
    tried = _tried_in_a_row(state, runs)
    newest = runs[0] if runs else None
    if newest is not None and newest.target_fingerprint == state.target_fingerprint and newest.outcome == "canceled":
        return NoRun(year, "the run was cancelled by hand; start it by hand, or it starts at the next change")
    if tried:
        what = "failed" if tried[0].outcome == "failed" else "succeeded, but the figures do not match the selection"
        if len(tried) > len(retry_delays):
            return NoRun(year, f"attempt {len(tried)} {what}; repair the cause, or report it, and start it by hand")
        ended_at = tried[0].ended_at or now
        again_at = ended_at + timedelta(seconds=retry_delays[len(tried) - 1])
        # If the clock was set back, the end is in the future: do not wait for that.
        if ended_at <= now < again_at:
            return NoRun(year, f"attempt {len(tried)} {what}; next attempt at {again_at.isoformat(timespec='seconds')}")
    attempt = len(tried) + 1
    return Rerun(
        year=year,
        run_key=f"{year}:{state.target_fingerprint}:after-{newest.run_id if newest else 'nothing'}",
        target_fingerprint=state.target_fingerprint,
        reason=in_words(state.pending_changes),
        attempt=attempt,
        next_attempt_at=now + timedelta(seconds=retry_delays[attempt - 1]) if attempt <= len(retry_delays) else None,
    )


def in_words(causes: Sequence[str]) -> str:
    """Join causes in one line; only the first few are named."""
    return summarise(causes, _SHOWN_CAUSES, separator="; ")


def _tried_in_a_row(state: YearStatus, runs: Sequence[PastRun]) -> list[PastRun]:
    """Return the consecutive latest attempts for this state, newest first."""
    return list(
        takewhile(
            lambda run: run.outcome in ("failed", "success") and run.target_fingerprint == state.target_fingerprint,
            runs,
        )
    )

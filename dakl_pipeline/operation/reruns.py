"""When a year is counted again: the decision of one look at one year."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Literal

from dakl_pipeline.presentation.english import summarise

# Seconds before each further attempt; after the last one a person is needed.
DEFAULT_RETRY_DELAYS = (300.0, 900.0, 3600.0, 14400.0)
_SHOWN_CAUSES = 5


@dataclass(frozen=True)
class YearStatus:
    """How the figures of a year stand against what was delivered.

    Attributes:
        year: Reporting year.
        target_fingerprint: Digest of the selection and the registers as they are now.
        pending_changes: In words what is not in the figures yet; empty when they are up to date.
        blocked_by: What a run would stop for, such as a register that is not there; None if nothing.
    """

    year: int
    target_fingerprint: str
    pending_changes: tuple[str, ...] = ()
    blocked_by: str | None = None


@dataclass(frozen=True)
class PastRun:
    """A run that the year had.

    Attributes:
        run_id: Its id.
        outcome: What became of it.
        target_fingerprint: For which state it was asked; None when a person started it.
        ended_at: When it ended; None as long as it is busy.
    """

    run_id: str
    outcome: Literal["busy", "success", "failed", "canceled"]
    target_fingerprint: str | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Rerun:
    """A run to ask for.

    Attributes:
        year: Reporting year.
        run_key: The same for the same look, so that a look that is repeated asks for nothing new.
        target_fingerprint: Digest of the state it is for.
        reason: Why, in words.
        attempt: Which attempt for this state, from 1.
        next_attempt_at: When it will be tried again if it fails at once; None after the last attempt.
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
    """Say whether a year is to be counted again now.

    A change asks for one run. As long as a run is busy nothing is asked for, so changes meanwhile give one run
    afterwards. A state whose run ended well is not asked for again, unless what it counted is not what was asked for:
    a change came in before it began, and went again. Such a run and a failed one are tried again after each of the
    pauses, and no more when they are used up or a person cancelled it, until something changes.

    Args:
        state: The year.
        runs: The latest runs of the year, newest first.
        now: The time.
        retry_delays: Seconds before each further attempt.
    """
    year = state.year
    if not state.pending_changes:
        return NoRun(year, "the figures are those of the selection")
    if any(run.outcome == "busy" for run in runs):
        return NoRun(year, "a run is busy; what changed is looked at when it is done")
    if state.blocked_by is not None:
        return NoRun(year, state.blocked_by)
    tried = _tried_in_a_row(state, runs)
    newest = runs[0] if runs else None
    if newest is not None and newest.target_fingerprint == state.target_fingerprint and newest.outcome == "canceled":
        return NoRun(year, "the run was cancelled by hand; start it by hand, or it starts at the next change")
    if tried:
        what = "failed" if tried[0].outcome == "failed" else "ended well, but the figures are not of this selection"
        if len(tried) > len(retry_delays):
            return NoRun(year, f"attempt {len(tried)} {what}; repair the cause, or report it, and start it by hand")
        ended_at = tried[0].ended_at or now
        again_at = ended_at + timedelta(seconds=retry_delays[len(tried) - 1])
        # After a clock was set back the end is in the future: nobody waits for that.
        if ended_at <= now < again_at:
            return NoRun(year, f"attempt {len(tried)} {what}; tried again at {again_at.isoformat(timespec='seconds')}")
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
    """Some causes in one line; the first few are named."""
    return summarise(causes, _SHOWN_CAUSES, separator="; ")


def _tried_in_a_row(state: YearStatus, runs: Sequence[PastRun]) -> list[PastRun]:
    """The attempts for this state since anything else happened, newest first; it has not been reached."""
    return list(
        takewhile(
            lambda run: run.outcome in ("failed", "success") and run.target_fingerprint == state.target_fingerprint,
            runs,
        )
    )

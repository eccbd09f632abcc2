"""The facts about a failed run in the history of runs.

Error texts of other libraries may quote a row, so only those of this project are used, and those of Dagster about a
process.
"""

import re
from datetime import UTC, datetime

import dagster as dg
from dagster import DagsterEventType, DagsterInstance, DagsterRun

from dakl_pipeline.errors import Missing, Refused, WrongUsage
from dakl_pipeline.mail.alert import Cause, FailedRun

# Dagster hides tags with this prefix: they are for the sensor and the mail.
HIDDEN = ".dagster/dakl_"
ATTEMPT_TAG = f"{HIDDEN}attempt"
NEXT_ATTEMPT_TAG = f"{HIDDEN}next_attempt_at"
YEAR_TAG = "dagster/partition"
_YEAR = re.compile("[0-9]{4}")
_TOLD = {DagsterEventType.ASSET_CHECK_EVALUATION, DagsterEventType.STEP_FAILURE, DagsterEventType.RUN_FAILURE}
_OWN_ERRORS: dict[str, Cause] = {
    f"{kind.__module__}.{kind.__name__}: ": "missing" if kind is Missing else "refused"
    for kind in (Missing, Refused, WrongUsage)
}


def read_failed_run(instance: DagsterInstance, run: DagsterRun) -> FailedRun:
    """Gather the facts about a failed run.

    Args:
        instance: The history of runs.
        run: The run.

    Returns:
        The facts for a mail.
    """
    entries = instance.all_logs(run.run_id, of_type=_TOLD)
    events = [entry.dagster_event for entry in entries if entry.dagster_event is not None]
    # Stages after the failed one were not started, so the first failure is the cause.
    event = next((e for e in events if e.is_step_failure), None) or _last_failure(events)
    cause, message = _what_failed(event, events)
    return FailedRun(
        run_id=run.run_id,
        failed_at=datetime.fromtimestamp(max(entry.timestamp for entry in entries), UTC),
        cause=cause,
        year=_year(run),
        stage=event.step_key,
        message=message,
        attempt=_attempt(run),
        next_attempt_at=_next_attempt_at(run),
    )


def _year(run: DagsterRun) -> str | None:
    # Whoever launches a run writes this tag, and it goes into the subject of a mail.
    text = run.tags.get(YEAR_TAG, "")
    return text if _YEAR.fullmatch(text) else None


def _last_failure(events: list[dg.DagsterEvent]) -> dg.DagsterEvent:
    return next(e for e in reversed(events) if e.event_type is DagsterEventType.RUN_FAILURE)


def _what_failed(event: dg.DagsterEvent, events: list[dg.DagsterEvent]) -> tuple[Cause, str | None]:
    if event.is_step_failure and (failure := event.step_failure_data.user_failure_data) is not None:
        return _cause_of_stage(failure.metadata.get("exit_code"), event, events), failure.description
    if event.event_specific_data is None:
        return "stopped", event.message
    error = event.step_failure_data.error if event.is_step_failure else event.job_failure_data.error
    if error is None:
        return "stopped", event.message
    while error.cause is not None:
        error = error.cause
    for start, cause in _OWN_ERRORS.items():
        if error.message.startswith(start):
            return cause, error.message.removeprefix(start)
    return "unexpected", f"unexpected {error.cls_name}"


def _cause_of_stage(exit_code: dg.MetadataValue | None, event: dg.DagsterEvent, events: list[dg.DagsterEvent]) -> Cause:
    if isinstance(exit_code, dg.IntMetadataValue):
        return "missing" if exit_code.value == Missing.exit_code else "refused"
    checks = [e for e in events if e.event_type is DagsterEventType.ASSET_CHECK_EVALUATION]
    is_check = any(e.step_key == event.step_key and not e.asset_check_evaluation_data.passed for e in checks)
    return "refused" if is_check else "unexpected"


def _attempt(run: DagsterRun) -> int | None:
    # Tags can also be set by hand, so the text may not be a number.
    text = run.tags.get(ATTEMPT_TAG, "")
    return int(text) if text.isascii() and text.isdigit() else None


def _next_attempt_at(run: DagsterRun) -> datetime | None:
    try:
        return datetime.fromisoformat(run.tags[NEXT_ATTEMPT_TAG]).astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        return None

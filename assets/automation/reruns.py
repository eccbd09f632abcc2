"""The sensor that counts a year again when its selection or its registers change."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

import dagster as dg

from assets.automation.failed_runs import ATTEMPT_TAG, HIDDEN, NEXT_ATTEMPT_TAG, YEAR_TAG
from dakl_pipeline.errors import DaklError
from dakl_pipeline.operation.reruns import DEFAULT_RETRY_DELAYS, NoRun, PastRun, Rerun, decide
from resources.workflows.year_status import YearMonitor

REASON_TAG = "dakl/reason"
TARGET_TAG = f"{HIDDEN}target"
# More than there are attempts, so that all attempts for one target are seen.
_RUNS_SEEN = 20
# A run locks its year within seconds of starting, but it may have to wait for a process before it starts.
_STARTED_BUT_NOT_BUSY = {
    dg.DagsterRunStatus.STARTED: timedelta(minutes=2),
    dg.DagsterRunStatus.CANCELING: timedelta(minutes=2),
    dg.DagsterRunStatus.STARTING: timedelta(minutes=15),
    dg.DagsterRunStatus.NOT_STARTED: timedelta(minutes=15),
}
_WITHOUT_END = [dg.DagsterRunStatus.QUEUED, *_STARTED_BUT_NOT_BUSY]
_ENDED: dict[dg.DagsterRunStatus, Literal["success", "failed", "canceled"]] = {
    dg.DagsterRunStatus.SUCCESS: "success",
    dg.DagsterRunStatus.FAILURE: "failed",
    dg.DagsterRunStatus.CANCELED: "canceled",
}


def build_rerun_sensor(
    watch: YearMonitor,
    job_name: str,
    *,
    interval: int = 30,
    retry_delays: Sequence[float] = DEFAULT_RETRY_DELAYS,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> dg.SensorDefinition:
    """Make the sensor.

    Args:
        watch: Checks the years.
        job_name: The job that makes a year.
        interval: Seconds between two checks.
        retry_delays: Seconds before each further attempt after a failed run.
        now: The clock.

    Returns:
        A sensor that requests one run of each year whose figures do not match its selection and registers.
    """

    @dg.sensor(
        name="correction_reruns",
        job_name=job_name,
        description="Telt een verslagjaar opnieuw als de selectie of een register verandert: één run per jaar, met de "
        "reden erbij. Een mislukte run wordt na steeds langere pauzes herhaald.",
        minimum_interval_seconds=interval,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def correction_reruns(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        requests, said = [], []
        for year in watch.methodology.reporting_years:
            try:
                runs = _past_runs(context.instance, watch, year, now())
                decision = decide(watch.year_status(year), runs, now=now(), retry_delays=retry_delays)
            except DaklError as error:
                # One year that cannot be checked must not hold up the others.
                decision = NoRun(year, str(error))
            if isinstance(decision, Rerun):
                requests.append(_request(decision))
            said.append(f"{year}: {decision.reason if isinstance(decision, Rerun) else decision.because}")
        answers = "\n".join(said)
        # The cursor controls nothing: the sensor's page shows it, so a year that needs attention stays visible.
        return dg.SensorResult(
            run_requests=requests, skip_reason=None if requests else dg.SkipReason(answers), cursor=answers
        )

    return correction_reruns


def _request(rerun: Rerun) -> dg.RunRequest:
    reason = rerun.reason if rerun.attempt == 1 else f"{rerun.reason} (attempt {rerun.attempt})"
    tags = {REASON_TAG: reason, TARGET_TAG: rerun.target_fingerprint, ATTEMPT_TAG: str(rerun.attempt)}
    if rerun.next_attempt_at is not None:
        tags[NEXT_ATTEMPT_TAG] = rerun.next_attempt_at.isoformat(timespec="seconds")
    return dg.RunRequest(run_key=rerun.run_key, partition_key=str(rerun.year), tags=tags)


def _past_runs(instance: dg.DagsterInstance, watch: YearMonitor, year: int, now: datetime) -> list[PastRun]:
    """The latest runs of a year, newest first, and all unfinished ones; also those started from the asset graph."""
    tags = {YEAR_TAG: str(year)}
    latest = instance.get_run_records(dg.RunsFilter(tags=tags), limit=_RUNS_SEEN)
    open_ended = instance.get_run_records(dg.RunsFilter(tags=tags, statuses=_WITHOUT_END))
    runs = []
    for record in {record.dagster_run.run_id: record for record in (*latest, *open_ended)}.values():
        run, ended_at = record.dagster_run, record.update_timestamp.replace(tzinfo=UTC)
        outcome = _ENDED.get(run.status)
        if outcome is None and not watch.stages.is_locked(year) and _is_silent(instance, record, now):
            outcome, ended_at = _end(instance, run), now
        runs.append(PastRun(run.run_id, outcome or "busy", run.tags.get(TARGET_TAG), ended_at if outcome else None))
    return runs


def _is_silent(instance: dg.DagsterInstance, record: dg.RunRecord, now: datetime) -> bool:
    """Whether a run that does not lock its year has been silent for so long that its process must be gone."""
    timeout = _STARTED_BUT_NOT_BUSY.get(record.dagster_run.status)
    if timeout is None:
        return False
    signs = [record.update_timestamp.replace(tzinfo=UTC)]
    # A run releases its year lock shortly before reporting success.
    last = instance.get_records_for_run(record.dagster_run.run_id, limit=1, ascending=False).records
    signs += [datetime.fromtimestamp(each.event_log_entry.timestamp, UTC) for each in last]
    return now - max(signs) > timeout


def _end(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Literal["failed", "canceled"]:
    """End a run whose process is gone: the history would show it as busy for ever, and its year would wait."""
    why = "The process of this run is gone: nothing locks its year."
    if run.status == dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, why)
        return "canceled"
    instance.report_run_failed(run, why)
    return "failed"

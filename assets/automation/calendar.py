"""The schedules of the collection round: a nightly check of every year, and reminders of the calendar."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import dagster as dg

from assets.automation.reruns import REASON_TAG, TARGET_TAG
from dakl_pipeline.deliveries.rounds import local_date
from dakl_pipeline.errors import DaklError
from dakl_pipeline.operation.calendar import reminders_due, years_in_collection_round
from dakl_pipeline.reference.methodology import Methodology
from resources.config.home import Home
from resources.mail.analyst import AnalystMailbox
from resources.mail.settings import load_mail_settings
from resources.workflows.year_status import YearMonitor

_AT_NIGHT, _IN_THE_MORNING = "0 3 * * *", "0 7 * * *"


def build_nightly_run(watch: YearMonitor, job_name: str) -> dg.ScheduleDefinition:
    """Make the nightly schedule.

    Args:
        watch: Checks the years.
        job_name: The job that makes a year.

    Returns:
        A schedule that requests a run of every year of a collection round. The run compares selection, registers,
        tables between the stages and warehouse, and remakes only what is out of date or damaged.
    """
    methodology = watch.methodology

    @dg.schedule(
        name="nightly_consistency",
        job_name=job_name,
        cron_schedule=_AT_NIGHT,
        execution_timezone=methodology.time_zone,
        description="Loopt tijdens een collectieronde elke nacht alle jaren na: selectie, registers, tabellen en "
        "warehouse. Wat klopt blijft staan.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def nightly_consistency(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest] | dg.SkipReason:
        night = local_date(context.scheduled_execution_time, methodology)
        in_round = [y for y in years_in_collection_round(methodology, night) if y in methodology.reporting_years]
        requests, waiting = [], []
        for year in in_round:
            try:
                state = watch.year_status(year)
            except DaklError as error:
                # One year that cannot be checked must not hold up the others.
                waiting.append(f"{year}: {error}")
                continue
            if state.blocked_by is not None:
                waiting.append(f"{year}: {state.blocked_by}")
                continue
            # Tagged with its target: to the sensor, a failed nightly run is one more attempt, not a fresh start.
            tags = {REASON_TAG: f"nightly consistency check of {night}", TARGET_TAG: state.target_fingerprint}
            requests.append(dg.RunRequest(run_key=f"nightly:{night}:{year}", partition_key=str(year), tags=tags))
        return requests or dg.SkipReason("\n".join(waiting) or f"{night}: no collection round is in progress")

    return nightly_consistency


def build_calendar(
    home: Home, methodology: Methodology, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> tuple[dg.JobDefinition, dg.ScheduleDefinition]:
    """Make the reminders of the calendar.

    Args:
        home: The home; its ``mails/`` holds the mails.
        methodology: Settings, for the rounds.
        now: The clock.

    Returns:
        A job that writes the reminders that are due to its log and to mails to the analyst, each once; and the schedule
        that starts it on a day that has one.
    """

    def open_reminders(day: date) -> list[str]:
        mailbox = AnalystMailbox(home, load_mail_settings())
        return [r.key for r in reminders_due(methodology, day) if not mailbox.reminder_path(r).exists()]

    @dg.op(name="send_reminders", description="Schrijft de herinneringen van de kalender in het log en in mails.")
    def send_reminders(context: dg.OpExecutionContext) -> None:
        mailbox = AnalystMailbox(home, load_mail_settings())
        for reminder in reminders_due(methodology, local_date(now(), methodology)):
            if mailbox.remind(reminder, now()) is not None:
                context.log.info(f"{reminder.day}: {reminder.headline}. {reminder.to_do}")

    @dg.job(name="calendar", executor_def=dg.in_process_executor, description="De herinneringen van de kalender.")
    def calendar() -> None:
        send_reminders()

    @dg.schedule(
        name="calendar_reminders",
        job=calendar,
        cron_schedule=_IN_THE_MORNING,
        execution_timezone=methodology.time_zone,
        description="Herinnert aan de dagen van de kalender: aanlevering, intrekking en verwerking.",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def calendar_reminders(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        day = local_date(context.scheduled_execution_time, methodology)
        due = open_reminders(day)
        return dg.RunRequest(run_key=f"calendar:{day}") if due else dg.SkipReason(f"{day}: nothing in the calendar")

    return calendar, calendar_reminders

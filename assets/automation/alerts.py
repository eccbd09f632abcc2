"""The sensor that mails the analyst about every failed run.

Dagster's ready-made sensor for failed runs skips a run whose mail could not be made or sent, and ignores runs from the
command line. Here the cursor advances only when the mail is in the home, and a later tick sends what could not be sent.
"""

import dagster as dg

from assets.automation.failed_runs import read_failed_run
from dakl_pipeline.privacy.redaction import mask_numbers
from resources.config.home import Home
from resources.mail.analyst import AnalystMailbox
from resources.mail.server import MailServer
from resources.mail.settings import load_mail_settings

_SECONDS_BETWEEN_LOOKS = 30
# More would make a tick slow; the next tick continues.
_RUNS_A_TICK = 50


def build_failed_run_alerts(home: Home, *, time_zone: str) -> dg.SensorDefinition:
    """Make the sensor.

    Args:
        home: The home; its ``mails/`` holds the mails.
        time_zone: For the times in a mail.

    Returns:
        A sensor that makes one mail for every failed run, and sends waiting mails when there is a mail server.
    """

    @dg.sensor(
        name="failed_run_alerts",
        description="Mailt de analist over elke mislukte run: wat er misging en wat te doen.",
        minimum_interval_seconds=_SECONDS_BETWEEN_LOOKS,
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def failed_run_alerts(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        settings = load_mail_settings()
        mailbox = AnalystMailbox(home, settings)
        failures = dg.RunStatusChangeRecordsFilter(
            dg.DagsterEventType.RUN_FAILURE, after_storage_id=int(context.cursor) if context.cursor else None
        )
        made = 0
        for record in context.instance.fetch_run_status_changes(failures, _RUNS_A_TICK, ascending=True).records:
            run = context.instance.get_run_by_id(record.run_id)
            # An interrupted tick may have made some mails already; a run can be deleted meanwhile, and one that was
            # stopped in a terminal is cancelled just after it failed.
            if (
                run is not None
                and run.status is dg.DagsterRunStatus.FAILURE
                and not mailbox.path_of(run.run_id).exists()
            ):
                mailbox.post(read_failed_run(context.instance, run), time_zone=time_zone)
                made += 1
            context.update_cursor(str(record.storage_id))
        problems = [] if settings.smtp_host is None else mailbox.send(MailServer(settings.smtp_host, settings))
        said = f"mails made about failed runs: {made}" if made else "no run has failed since the last check"
        return dg.SkipReason("; ".join([said, *map(mask_numbers, problems)]))

    return failed_run_alerts

"""The Dagster entry point: the one place where stages, resources and jobs are wired together."""

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from typing import Any

import dagster as dg

from assets.automation.alerts import build_failed_run_alerts
from assets.automation.calendar import build_calendar, build_nightly_run
from assets.automation.failed_runs import YEAR_TAG
from assets.automation.reruns import build_rerun_sensor
from assets.chain import STAGES
from assets.framework.asset import build_asset
from assets.sources import build_sources
from dakl_pipeline.errors import Refused
from dakl_pipeline.privacy.pseudonyms import PseudonymKey
from resources.config.account import account_of_process
from resources.config.environment import load_environment
from resources.config.home import Home, home_of_environment
from resources.config.protection import close_home, keep_private
from resources.config.secret_key import load_key
from resources.config.settings import load_methodology
from resources.storage.home_format import require_format
from resources.storage.private_folder import remove_leftovers
from resources.storage.stage_store import StageStore
from resources.workflows.audited_run import AuditedRun
from resources.workflows.opened_home import OpenedHome

YEARLY_FIGURES = "yearly_figures"
# Seconds that a run waits for another one of the same year.
_TIMEOUT = 3600.0


def build_defs(home: Home | None = None, *, resource_overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """Wire the pipeline for one home.

    Args:
        home: The home; the one of the environment when None.
        resource_overrides: Resources that replace those of the home, by key.

    Returns:
        Assets per reporting year, their checks, the job that makes the yearly figures, its schedules and sensors, and
        the resources.
    """
    keep_private()
    environment = load_environment()
    home = require_format(home or home_of_environment(), mark=True)
    close_home(home)
    remove_leftovers(home.root)
    methodology = load_methodology(home)
    years = dg.StaticPartitionsDefinition([str(year) for year in methodology.reporting_years])
    assets = [build_asset(stage, years) for stage in STAGES]

    opened = OpenedHome(home, methodology)
    watch = opened.years
    calendar, calendar_reminders = build_calendar(home, methodology)

    # Loaded when a run starts: without a key a run stops before it reads anything, but the UI still opens. It is loaded
    # after the year is locked, because it may be replaced while the run waits.
    @dg.resource(required_resource_keys={"stages"})
    def pseudonym_key(_: dg.InitResourceContext) -> PseudonymKey:
        return load_key(home, environment)

    def reporting_year(context: dg.InitResourceContext) -> int | None:
        """The year of a run. Dagster takes any text for one, and it would get into the log and into mails."""
        text = context.run.tags.get(YEAR_TAG) if context.run else None
        if text is not None and text not in years.get_partition_keys():
            raise Refused("this run is of no reporting year: launch it with `dakl run --year` or from the asset graph")
        return None if text is None else int(text)

    # One run of a year at a time, even when the command line and the UI each start one.
    @dg.resource
    def stages(context: dg.InitResourceContext) -> Iterator[StageStore]:
        year = reporting_year(context)
        with watch.stages.locked(year, timeout=_TIMEOUT) if year else nullcontext():
            yield watch.stages

    @dg.resource
    def audited_run(context: dg.InitResourceContext) -> AuditedRun:
        run_id = context.run.run_id if context.run else ""
        return AuditedRun(opened.audit, account_of_process(), year=reporting_year(context), run_id=run_id)

    return dg.Definitions(
        assets=[*build_sources(years), *assets],
        jobs=[
            dg.define_asset_job(
                YEARLY_FIGURES,
                selection=dg.AssetSelection.assets(*assets),
                description="Maakt de jaarcijfers van één verslagjaar, van geselecteerde bestanden tot aantallen.",
            ),
            calendar,
        ],
        schedules=[build_nightly_run(watch, YEARLY_FIGURES), calendar_reminders],
        sensors=[
            build_rerun_sensor(
                watch, YEARLY_FIGURES, interval=environment.rerun_interval, retry_delays=environment.rerun_retry_delays
            ),
            build_failed_run_alerts(home, time_zone=methodology.time_zone),
        ],
        resources={
            "audited_run": audited_run,
            "stages": stages,
            "history": watch.history,
            "warehouse": opened.warehouse,
            "delivery_store": watch.deliveries,
            "register_store": watch.registers,
            "pseudonym_key": pseudonym_key,
            "methodology": methodology,
            **(resource_overrides or {}),
        },
        # One process: a stage takes tenths of a second, starting a process for each takes several.
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions for the home of the environment; made when Dagster needs them, not on import."""
    return build_defs()

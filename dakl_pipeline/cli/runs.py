"""Runs the DAG from the command line, on the same instance as the Dagster UI."""

import logging
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from io import TextIOBase
from pathlib import Path
from typing import TextIO
from uuid import uuid4

import dagster as dg
from sqlalchemy.exc import DBAPIError

from assets.chain import STAGES
from assets.framework.asset import FORCE_TAG
from dakl_pipeline.cli.dagster_home import prepare_instance
from dakl_pipeline.cli.origin import attribute_runs
from dakl_pipeline.cli.years import RunProgress
from dakl_pipeline.definitions import YEARLY_FIGURES, build_defs
from dakl_pipeline.errors import DaklError, Missing, Refused
from resources.config.home import Home
from resources.storage.files import locked, plainly_named

# Start of what Dagster writes on standard error, with the whole event, when the disk is full.
_EVENT_NOT_WRITTEN = "Exception while writing logger call to event log"
# The run keeps every event for the UI; on the terminal only the command itself writes.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def run_year(
    home: Home, year: int, *, force: bool = False, report: Callable[[RunProgress], None] = lambda progress: None
) -> bool:
    """Materialise the whole chain for a year, in this process.

    Args:
        home: The home.
        year: Reporting year.
        force: Whether to make every table again, even if its input is unchanged.
        report: Called with the progress of the run.

    Returns:
        Whether any table was made again; otherwise nothing changed.

    Raises:
        Missing: If something that a stage needs is missing, such as a register.
        Refused: If a blocking check failed or a stage could not finish; the last good tables stay.
        KeyboardInterrupt: If the run is interrupted; the history of runs then lists it as cancelled.
    """
    run_id = str(uuid4())
    with _in_a_line(home.dagster), redirect_stderr(_WithoutEvents(sys.stderr)), _instance(home) as instance:
        instance.add_event_listener(run_id, _Listener(year, report))
        try:
            result = (
                build_defs(home)
                .resolve_job_def(YEARLY_FIGURES)
                .execute_in_process(
                    instance=instance,
                    run_id=run_id,
                    partition_key=str(year),
                    run_config=_QUIET,
                    tags={FORCE_TAG: "true"} if force else {},
                    raise_on_error=False,
                )
            )
        except KeyboardInterrupt:
            _cancel(instance, run_id)
            raise
        # Dagster marks an interrupted run as failed; the sensor would then retry it and mail about it.
        if not result.success and _is_interrupted(result):
            _cancel(instance, run_id)
            raise KeyboardInterrupt
    if not result.success:
        raise _failure(result, year)
    made = [event.step_materialization_data.materialization for event in result.get_asset_materialization_events()]
    return any(materialization.metadata["written"].value for materialization in made)


class _Listener:
    """Reports the progress of a run from its events.

    Args:
        year: Reporting year.
        report: Called with the progress.
    """

    def __init__(self, year: int, report: Callable[[RunProgress], None]) -> None:
        self._year = year
        self._report = report
        self._done = 0

    def __call__(self, event: dg.EventLogEntry) -> None:
        """Handle an event of the run."""
        if event.dagster_event_type is dg.DagsterEventType.STEP_START:
            self._report(RunProgress(self._year, event.step_key or "", self._done, len(STAGES)))
        elif event.dagster_event_type is dg.DagsterEventType.STEP_SUCCESS:
            self._done += 1
            self._report(RunProgress(self._year, "", self._done, len(STAGES)))


def _is_interrupted(result: dg.ExecuteInProcessResult) -> bool:
    kinds = {KeyboardInterrupt.__name__, dg.DagsterExecutionInterruptedError.__name__}
    errors = [e.step_failure_data.error for e in result.all_events if e.is_step_failure]
    errors += [e.job_failure_data.error for e in result.all_events if e.is_job_failure]
    return any(error.cls_name in kinds for error in errors if error is not None)


def _cancel(instance: dg.DagsterInstance, run_id: str) -> None:
    run = instance.get_run_by_id(run_id)
    if run is not None:
        instance.report_run_canceled(run, "Stopped with Ctrl-C in a terminal.")


class _WithoutEvents(TextIOBase):
    """Standard error without the full events that Dagster writes there when it cannot store them.

    Args:
        target: Standard error.
    """

    def __init__(self, target: TextIO) -> None:
        self._target = target

    def write(self, text: str) -> int:
        """Pass on text that is no event; the error that follows is reported in one line."""
        return len(text) if text.startswith(_EVENT_NOT_WRITTEN) else self._target.write(text)

    def flush(self) -> None:
        """Flush standard error."""
        self._target.flush()

    def isatty(self) -> bool:
        """Return whether standard error is a terminal."""
        return self._target.isatty()


@contextmanager
def _in_a_line(folder: Path) -> Iterator[None]:
    """Report in one line what makes the history of runs unusable: a full or read-only disk, or damage."""
    try:
        yield
    except OSError as error:
        raise Refused(
            f"the run stopped at {error.filename or folder} ({error.strerror}); the last good figures stay"
        ) from None
    except DBAPIError as error:
        # SQLite's own error text holds no data; the text that SQLAlchemy adds may.
        raise _trouble(folder, error.orig) from None


def _trouble(folder: Path, error: BaseException | None) -> DaklError:
    if isinstance(error, sqlite3.OperationalError):
        return Refused(f"the history of runs in {folder} cannot be written ({error}); the last good figures stay")
    if isinstance(error, sqlite3.Error):
        return Refused(
            f"the history of runs is damaged: restore {folder} from a backup, or move it away and start with an empty "
            "one; no figures are lost"
        )
    return Missing("the database with the history of runs does not answer: start it; the last good figures stay")


@contextmanager
def _instance(home: Home) -> Iterator[dg.DagsterInstance]:
    folder = prepare_instance(home)
    # The lock: two processes that create the storage of a new home at the same time interfere with each other.
    # SQLAlchemy ends a file name at a `?`: Dagster would then write beside the home.
    with plainly_named(folder) as named:
        with locked(folder / ".lock"):
            instance = _open(folder, named)
        with instance:
            attribute_runs(instance, YEARLY_FIGURES)
            yield instance


def _open(folder: Path, named: Path) -> dg.DagsterInstance:
    """Open the history of runs, in files of the home or in the database named in its settings.

    Raises:
        Missing: If the settings are incomplete, or the database does not answer.
    """
    settings = folder / "dagster.yaml"
    # Dagster logs several lines for each attempt to reach a database.
    logging.disable(logging.WARNING)
    try:
        return dg.DagsterInstance.from_config(str(named))
    except dg.DagsterInvalidConfigError:
        raise Missing(
            f"the Dagster settings are invalid: correct {settings}, or set the variables that it names"
        ) from None
    except Exception as error:
        if isinstance(error, DBAPIError) and isinstance(error.orig, sqlite3.Error):
            raise
        raise Missing(
            f"the history of runs cannot be opened ({type(error).__name__}): start its database, or correct {settings} "
            "and the variables that it names"
        ) from None
    finally:
        logging.disable(logging.NOTSET)


def _failure(result: dg.ExecuteInProcessResult, year: int) -> DaklError:
    kinds = {cls.exit_code: cls for cls in (Refused, Missing)}
    for event in result.all_events:
        if event.is_step_failure and (failure := event.step_failure_data.user_failure_data):
            code = failure.metadata.get("exit_code")
            value = code.value if isinstance(code, dg.IntMetadataValue) else None
            kind = kinds.get(value or Refused.exit_code, Refused)
            return kind(f"run of {year}: {failure.description}")
    return Refused(f"the run of {year} failed; see it with `dakl ui`")

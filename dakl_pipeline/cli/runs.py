"""Running the DAG from the command line, on the same instance as the Dagster UI.

Belongs here: the Dagster instance of a home, a run of one year, and the UI. Does not belong here: the DAG itself.
"""

import logging
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from importlib.resources import files
from io import TextIOBase
from pathlib import Path
from typing import TextIO

import dagster as dg
from sqlalchemy.exc import DBAPIError

from assets.stage import FORCE_TAG
from dakl_pipeline.cli import show
from dakl_pipeline.cli.landing import landing_path
from dakl_pipeline.cli.origin import LOCATION, attribute_runs
from dakl_pipeline.definitions import YEARLY_FIGURES, build_defs
from dakl_pipeline.errors import DaklError, Missing, Refused
from resources.environment import Environment
from resources.files import locked
from resources.home import Home

_HOST = "127.0.0.1"
_WORKSPACE = f"""\
load_from:
  - python_module:
      module_name: dakl_pipeline.definitions
      location_name: {LOCATION}
"""
# `dagster dev` says on every start that `dg dev` supersedes it; that one is for the layout of another kind of project.
_DEV_IS_FOR_US = "ignore:Function `dev_command` is superseded"
# What Dagster writes on standard error, with the whole event, when the disk is full.
_EVENT_NOT_WRITTEN = "Exception while writing logger call to event log"
# The run keeps every event for the UI; the terminal gets what the command says.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def prepare_instance(home: Home) -> Path:
    """Make DAGSTER_HOME of the home, with its settings.

    Returns:
        The folder.
    """
    home.dagster.mkdir(exist_ok=True)
    settings = files("dakl_pipeline.cli").joinpath("dagster.yaml").read_text(encoding="utf-8")
    target = home.dagster / "dagster.yaml"
    if not target.exists():
        target.write_text(settings, encoding="utf-8")
    return home.dagster


def run_year(home: Home, year: int, *, force: bool = False) -> bool:
    """Materialise the whole chain for a year, in this process.

    Args:
        home: The home.
        year: Reporting year.
        force: Whether to make every table again, also of the same input.

    Returns:
        Whether a table was made again; otherwise everything was unchanged.

    Raises:
        Missing: If a stage misses something, such as a register.
        Refused: If a blocking check failed or a stage could not finish; the last good tables stay.
    """
    with _told(home.dagster), redirect_stderr(_WithoutEvents(sys.stderr)), _instance(home) as instance:
        result = (
            build_defs(home)
            .resolve_job_def(YEARLY_FIGURES)
            .execute_in_process(
                instance=instance,
                partition_key=str(year),
                run_config=_QUIET,
                tags={FORCE_TAG: "true"} if force else {},
                raise_on_error=False,
            )
        )
    if not result.success:
        raise _failure(result, year)
    made = [event.step_materialization_data.materialization for event in result.get_asset_materialization_events()]
    return any(materialization.metadata["written"].value for materialization in made)


class _WithoutEvents(TextIOBase):
    """Standard error without the events that Dagster writes there, whole, when its storage does not take them.

    Args:
        target: Standard error.
    """

    def __init__(self, target: TextIO) -> None:
        self._target = target

    def write(self, text: str) -> int:
        """Pass on what is no event; the error that follows is told in a line."""
        return len(text) if text.startswith(_EVENT_NOT_WRITTEN) else self._target.write(text)

    def flush(self) -> None:
        """Pass it on."""
        self._target.flush()

    def isatty(self) -> bool:
        """Whether a person looks."""
        return self._target.isatty()


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Tell in a line what stops the history of runs: a full or read-only disk, or damage."""
    try:
        yield
    except OSError as error:
        raise Refused(
            f"the run stopped at {error.filename or folder} ({error.strerror}); the last good figures stay"
        ) from None
    except DBAPIError as error:
        # What SQLite says of a file holds no data; the text around it may.
        raise _trouble(folder, error.orig) from None


def _trouble(folder: Path, error: BaseException | None) -> DaklError:
    if isinstance(error, sqlite3.OperationalError):
        return Refused(f"the history of runs in {folder} cannot be written ({error}); the last good figures stay")
    if isinstance(error, sqlite3.Error):
        return Refused(
            f"the history of runs is damaged: put {folder} back from a backup, or move it away and start with an empty "
            "one: no figure is lost by it"
        )
    return Missing("the database with the history of runs does not answer: start it; the last good figures stay")


@contextmanager
def _instance(home: Home) -> Iterator[dg.DagsterInstance]:
    folder = prepare_instance(home)
    # Two processes that make the storage of a new home at once get in each other's way.
    with locked(folder / ".lock"):
        instance = _opened(folder)
    with instance:
        attribute_runs(instance, YEARLY_FIGURES)
        yield instance


def _opened(folder: Path) -> dg.DagsterInstance:
    """Open the history of runs, in files of the home or in the database that its settings name.

    Raises:
        Missing: If the settings are not complete, or the database does not answer.
    """
    settings = folder / "dagster.yaml"
    # Dagster tells of each attempt to reach a database, in several lines.
    logging.disable(logging.WARNING)
    try:
        return dg.DagsterInstance.from_config(str(folder))
    except dg.DagsterInvalidConfigError:
        raise Missing(
            f"the settings of Dagster cannot be: correct {settings}, or set the variables that it names"
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


def serve_ui(home: Home, port: int) -> None:
    """Replace this process by the Dagster UI and daemon on this home, on 127.0.0.1 only.

    Args:
        home: The home.
        port: TCP port.

    Raises:
        Refused: If the port cannot be used.
    """
    _require_usable(port)
    address = f"http://{_HOST}:{port}"
    show.say(f"Dagster UI: {address} in about half a minute (stop with Ctrl-C)")
    show.say(f"All assets, opened: {address}{landing_path()}")
    folder = prepare_instance(home).resolve()
    workspace = folder / "workspace.yaml"
    workspace.write_text(_WORKSPACE, encoding="utf-8")
    os.environ.update(DAKL_HOME=str(home.root.resolve()), DAGSTER_HOME=str(folder))
    if (key_file := Environment().pseudonym_key_file) is not None:
        os.environ["DAKL_PSEUDONYM_KEY_FILE"] = str(key_file.resolve())
    # Dagster looks in its working directory for modules, settings and a .env file: only in the home, then.
    os.chdir(folder)
    # A shell that starts a command in the background lets it ignore SIGINT, and Dagster would then ignore SIGTERM too.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.stdout.flush()
    program = [sys.executable, "-W", _DEV_IS_FOR_US, "-m", "dagster", "dev", "--workspace", str(workspace)]
    os.execv(sys.executable, [*program, "--host", _HOST, "--port", str(port)])  # noqa: S606 - no shell, fixed program


def _require_usable(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError as error:
            raise Refused(f"port {port} cannot be used ({error.strerror}): name another with --port") from None

"""Running the DAG from the command line, on the same instance as the Dagster UI.

Belongs here: the Dagster instance of a home, a run of one year, and the UI. Does not belong here: the DAG itself.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import dagster as dg

from dakl_pipeline.definitions import YEARLY_FIGURES, build_defs
from dakl_pipeline.errors import DaklError, Missing, Refused
from resources.home import Home

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


def run_years(home: Home, years: list[int]) -> Iterator[int]:
    """Materialise the whole chain for some years, one run a year, in this process.

    Args:
        home: The home.
        years: Reporting years.

    Yields:
        Each year when its run is done.

    Raises:
        Missing: If a stage misses something, such as a register.
        Refused: If a blocking check failed or a stage could not finish; the last good tables stay.
    """
    with dg.DagsterInstance.from_config(str(prepare_instance(home))) as instance:
        job = build_defs(home).resolve_job_def(YEARLY_FIGURES)
        for year in years:
            result = job.execute_in_process(
                instance=instance, partition_key=str(year), run_config=_QUIET, raise_on_error=False
            )
            if not result.success:
                raise _failure(result, year)
            yield year


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
    """
    workspace = prepare_instance(home) / "workspace.yaml"
    workspace.write_text(
        "load_from:\n  - python_module:\n      module_name: dakl_pipeline.definitions\n"
        "      location_name: dakl_pipeline\n",
        encoding="utf-8",
    )
    os.environ.update(DAKL_HOME=str(home.root.resolve()), DAGSTER_HOME=str(home.dagster.resolve()))
    dagster = shutil.which("dagster", path=str(Path(sys.executable).parent)) or "dagster"
    sys.stdout.flush()
    arguments = [dagster, "dev", "--workspace", str(workspace), "--host", "127.0.0.1", "--port", str(port)]
    os.execvp(dagster, arguments)  # noqa: S606 - no shell, fixed program

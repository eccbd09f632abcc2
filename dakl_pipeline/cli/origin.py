"""Runs from the command line as runs of the code location that the Dagster UI shows.

Dagster notes where a run comes from only when its UI or its daemon starts one, and its timeline leaves out every run
without that: the first page would be empty although all years have run. A job that is executed in this process has no
way to say it, so it is said where the run is entered into the history, in the form in which it is kept there.
"""

import json
from functools import partial
from typing import Any

import dagster as dg

# The same however the UI is started, so that a sensor never fires twice.
LOCATION = "dakl_pipeline"
_REPOSITORY = "__repository__"


def attribute_runs(instance: dg.DagsterInstance, job_name: str) -> None:
    """Let the runs that this instance makes be of a job of the code location.

    Args:
        instance: The instance, as opened by this process.
        job_name: Name of the job that is run.
    """
    location = {"__class__": "RegisteredRepositoryLocationOrigin", "location_name": LOCATION}
    repository = {
        "__class__": "ExternalRepositoryOrigin",
        "repository_location_origin": location,
        "repository_name": _REPOSITORY,
    }
    job = {"__class__": "ExternalPipelineOrigin", "external_repository_origin": repository, "pipeline_name": job_name}
    origin: Any = dg.deserialize_value(json.dumps(job))
    entered = partial(instance.create_run_for_job, remote_job_origin=origin)
    instance.create_run_for_job = entered  # type: ignore[method-assign]

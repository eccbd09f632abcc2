"""Attributes runs from the command line to the code location that the Dagster UI shows.

Dagster records the origin of a run only when its UI or daemon starts it, and its timeline hides runs without an
origin: the first page would be empty although all years have run. A job executed in this process cannot pass an
origin, so it is added when the run is created in the history, in Dagster's serialised form.
"""

import json
from functools import partial
from typing import Any

import dagster as dg

# The same however the UI is started, so that a sensor never fires twice.
LOCATION = "dakl_pipeline"
_REPOSITORY = "__repository__"


def attribute_runs(instance: dg.DagsterInstance, job_name: str) -> None:
    """Attribute the runs that this instance creates to a job of the code location.

    Args:
        instance: The instance that this process opened.
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

"""Every check of a home, one after the other.

Belongs here: their order, and that one that fails does not stop the others. Does not belong here: a check.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime

from dakl_pipeline.errors import DaklError
from dakl_pipeline.operation.health import HealthFinding
from dakl_pipeline.reference import Methodology, default_methodology
from resources.config.home import Home
from resources.config.settings import load_methodology
from resources.maintenance.health import inputs, runs
from resources.maintenance.health import installation as installation
from resources.maintenance.health import outputs as outputs
from resources.maintenance.health.context import Context

CHECKS: dict[str, Callable[[Context], Iterable[HealthFinding]]] = {
    "versions": installation.program,
    "home": installation.folder,
    "disk": installation.disk,
    "clock": inputs.clock,
    "settings": installation.settings,
    "environment": installation.environment,
    "mail": installation.mail,
    "key": installation.key,
    "deliveries": inputs.delivery_log,
    "registers": inputs.registers,
    "runs": runs.runs,
    "stages": outputs.stages,
    "history": outputs.history,
    "warehouse": outputs.warehouse,
    "figures": outputs.figures,
}


def examine(home: Home, *, now: datetime, codes: Mapping[str, str]) -> Iterator[list[HealthFinding]]:
    """Look at everything in and around a home; nothing is changed.

    Args:
        home: A home that is there.
        now: The clock.
        codes: Version of the code of every stage, by its name.

    Yields:
        The findings of each of :data:`CHECKS`, at least one.
    """
    context = Context(home, _methodology(home), now, codes)
    for name, check in CHECKS.items():
        try:
            found = list(check(context))
        except DaklError as error:
            found = [HealthFinding(name, "fault", str(error))]
        except OSError as error:
            found = [
                HealthFinding(name, "fault", f"cannot be read ({error.strerror})", "look at the disk and the rights")
            ]
        yield found or [HealthFinding(name, "ok", "nothing to look at")]


def _methodology(home: Home) -> Methodology:
    try:
        return load_methodology(home)
    except DaklError:
        # Said by a check of its own.
        return Methodology.model_validate(default_methodology())

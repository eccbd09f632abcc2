"""Every check of a home, one after the other."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime

from dakl_pipeline.errors import DaklError
from dakl_pipeline.operation.health import HealthFinding
from dakl_pipeline.reference.methodology import Methodology, default_methodology
from resources.config.home import Home
from resources.config.settings import load_methodology
from resources.maintenance.health import audit, inputs, installation, outputs, runs
from resources.maintenance.health.context import Context

# What the audit log vouches for, from the outside in.
OF_AUDIT = ("audit", "deliveries", "history", "vintages", "warehouse")
# After a fault here the other checks are skipped: they know no other format.
_FORMAT = "format"
CHECKS: dict[str, Callable[[Context], Iterable[HealthFinding]]] = {
    _FORMAT: installation.layout,
    "versions": installation.program,
    "home": installation.folder,
    "disk": installation.disk,
    "audit": audit.audit_log,
    "clock": inputs.clock,
    "settings": installation.settings,
    "environment": installation.environment,
    "mail": installation.mail,
    "key": installation.key,
    "deliveries": inputs.delivery_log,
    "times of receipt": inputs.times_of_receipt,
    "content": inputs.same_content,
    "registers": inputs.registers,
    "runs": runs.runs,
    "stages": outputs.stages,
    "history": outputs.history,
    "vintages": audit.vintages,
    "warehouse": outputs.warehouse,
    "figures": outputs.figures,
}


def examine(
    home: Home, *, now: datetime, codes: Mapping[str, str], checks: Collection[str] = CHECKS.keys()
) -> Iterator[list[HealthFinding]]:
    """Run every check of a home; nothing is changed.

    Args:
        home: An existing home.
        now: The current time.
        codes: Code version of every stage, by name.
        checks: Names of the checks to run.

    Yields:
        The findings of each of these checks, at least one; for a home of another format only those of the first.
    """
    context = Context(home, _methodology(home), now, codes)
    for name, check in ((name, CHECKS[name]) for name in CHECKS if name in checks):
        try:
            found = list(check(context))
        except DaklError as error:
            found = [HealthFinding(name, "fault", str(error))]
        except OSError as error:
            found = [
                HealthFinding(name, "fault", f"cannot be read ({error.strerror})", "check the disk and the permissions")
            ]
        yield found or [HealthFinding(name, "ok", "nothing to check")]
        if name == _FORMAT and any(finding.status == "fault" for finding in found):
            return


def _methodology(home: Home) -> Methodology:
    try:
        return load_methodology(home)
    except DaklError:
        # Reported by another check.
        return Methodology.model_validate(default_methodology())

"""A run as the audit log knows it: that it starts, and the vintage that it makes."""

from dakl_pipeline.deliveries.log import Actor
from dakl_pipeline.history.provenance import Vintage
from dakl_pipeline.operation.audit import RunStarted, VintageMade
from resources.storage.audit_store import AuditStore


class AuditedRun:
    """One run.

    Args:
        audit: The audit log.
        actor: Who runs it.
        year: Reporting year; None when it has none.
        run_id: Run of Dagster.
    """

    def __init__(self, audit: AuditStore, actor: Actor, *, year: int | None, run_id: str) -> None:
        self._audit = audit
        self._actor = actor
        self._year = year
        self._is_logged = False
        self.run_id = run_id

    def start(self) -> None:
        """Log, once, that the run is about to read rows of persons.

        Raises:
            NotLogged: If it cannot be logged; then it must not read them.
        """
        if not self._is_logged:
            self._audit.log(self._actor, RunStarted(year=self._year, run_id=self.run_id))
            self._is_logged = True

    def records(self, vintage: Vintage, digest: str) -> None:
        """Log a vintage that is about to be put in its place.

        Raises:
            NotLogged: If it cannot be logged.
        """
        made = VintageMade(year=vintage.year, number=vintage.number, sha256=digest, run_id=self.run_id)
        self._audit.log(self._actor, made)

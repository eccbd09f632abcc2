"""The explanations of suppliers: an append-only log beside the delivery log."""

from collections.abc import Callable
from pathlib import Path

from pydantic import TypeAdapter

from dakl_pipeline.deliveries.log import Actor
from dakl_pipeline.op_orde.explanations import Explanation
from dakl_pipeline.operation.audit import Logged, LogHead
from resources.storage.append_log import AppendLog
from resources.storage.audit_store import AuditStore, LogWitness
from resources.storage.links import Head

FOLDER = "explanations"
_NAME = "log of explanations"
_ADAPTER = TypeAdapter(Explanation)


class ExplanationStore:
    """The explanations of one home.

    Args:
        deliveries: The folder of the delivery log.
        audit: The audit log of the home; None outside a home.
    """

    def __init__(self, deliveries: Path, audit: AuditStore | None = None) -> None:
        self._audit = audit
        self._witness = None if audit is None else LogWitness(audit, "explanations")
        self._log = AppendLog(deliveries / FOLDER, _ADAPTER, name=_NAME, witness=self._witness)

    def append(self, make_explanation: Callable[[int], Explanation], *, actor: Actor) -> Explanation:
        """Keep an explanation.

        Args:
            make_explanation: Makes the explanation from its place in the log.
            actor: Who records it.

        Returns:
            The explanation as kept.

        Raises:
            Refused: If it cannot be written; nothing is kept then.
        """

        def record(explanation: Explanation, head: Head) -> None:
            if self._audit is not None:
                self._audit.log(
                    actor,
                    Logged(
                        log="explanations",
                        entry="explanation",
                        head=LogHead(sequence=head.sequence, sha256=head.digest),
                        supplier_id=explanation.supplier_id,
                        reporting_year=explanation.reporting_year,
                    ),
                )

        return self._log.append(make_explanation, record=record)

    def explanations(self, supplier_id: str, year: int) -> list[Explanation]:
        """Every explanation of a supplier about a year, oldest first.

        Raises:
            Refused: If one is unreadable or missing; names it.
        """
        return [each for each in self._log.entries() if (each.supplier_id, each.reporting_year) == (supplier_id, year)]

    def integrity_errors(self) -> list[str]:
        """The differences from what was logged, one line each."""
        unknown = self._witness.unknown(self._log.names()) if self._witness else []
        return [*self._log.verify(), *(f"entry {name} of the {_NAME} is not in the audit log" for name in unknown)]

"""The explanations of suppliers: an append-only log beside the delivery log."""

from collections.abc import Callable
from pathlib import Path

from pydantic import TypeAdapter

from dakl_pipeline.op_orde.explanations import Explanation
from resources.storage.append_log import AppendLog

FOLDER = "explanations"
_ADAPTER = TypeAdapter(Explanation)


class ExplanationStore:
    """The explanations of one home.

    Args:
        deliveries: The folder of the delivery log.
    """

    def __init__(self, deliveries: Path) -> None:
        self._log = AppendLog(deliveries / FOLDER, _ADAPTER, name="log of explanations")

    def append(self, make_explanation: Callable[[int], Explanation]) -> Explanation:
        """Keep an explanation.

        Args:
            make_explanation: Makes the explanation from its place in the log.

        Returns:
            The explanation as kept.

        Raises:
            Refused: If it cannot be written; nothing is kept then.
        """
        return self._log.append(make_explanation)

    def explanations(self, supplier_id: str, year: int) -> list[Explanation]:
        """Every explanation of a supplier about a year, oldest first.

        Raises:
            Refused: If one is unreadable or missing; names it.
        """
        return [each for each in self._log.entries() if (each.supplier_id, each.reporting_year) == (supplier_id, year)]

    def integrity_errors(self) -> list[str]:
        """The differences from what was logged, one line each."""
        return self._log.verify()

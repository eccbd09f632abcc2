"""The status of the figures of a year, compared with the deliveries and registers."""

import hashlib
from dataclasses import dataclass

import polars as pl

from dakl_pipeline.contracts.deliveries import SELECTED
from dakl_pipeline.contracts.history import SELECTED_HISTORY
from dakl_pipeline.contracts.registers import REGISTERS
from dakl_pipeline.deliveries.selection import delivery_statuses, select, selection_table
from dakl_pipeline.deliveries.waiting import Waiting, waiting_in_selection
from dakl_pipeline.errors import Missing
from dakl_pipeline.history.changes import selection_changes
from dakl_pipeline.history.provenance import REGISTER_DIGEST, Vintage, YearRecord, stale_stages
from dakl_pipeline.operation.reruns import YearStatus
from dakl_pipeline.reference.methodology import Methodology
from resources.storage.delivery_store import DeliveryStore
from resources.storage.history_store import HistoryStore
from resources.storage.register_store import RegisterStore
from resources.storage.stage_store import StageStore
from resources.workflows.record_vintage import shows


@dataclass
class YearMonitor:
    """Determines the status of the figures of years.

    Attributes:
        deliveries: The delivery log.
        registers: The register files.
        stages: The tables between the stages.
        history: The vintages.
        methodology: Settings of the statistic.
    """

    deliveries: DeliveryStore
    registers: RegisterStore
    stages: StageStore
    history: HistoryStore
    methodology: Methodology

    def year_status(self, year: int) -> YearStatus:
        """The status of a year.

        Raises:
            Refused: If the log or the history cannot be read.
        """
        selection = selection_table(
            select(self.deliveries.entries(), year=year, methodology=self.methodology), year=year
        )
        newest, record = self.history.newest(year), self.stages.record(year)
        digests, blocked_by = self._registers(year)
        of = [*selection.select("delivery_id", "sha256").rows(), *sorted(digests.items())]
        target_fingerprint = hashlib.sha256(repr(of).encode()).hexdigest()[:16]
        return YearStatus(
            year, target_fingerprint, tuple(self._pending_changes(selection, newest, record, digests)), blocked_by
        )

    def waiting(self, year: int) -> list[Waiting]:
        """The changes that the figures of a year do not show yet, one by one; empty when they are up to date.

        Raises:
            Refused: If the log or the history cannot be read.
        """
        newest, record = self.history.newest(year), self.stages.record(year)
        counted = self._selected_in(newest) if newest else _nothing_selected()
        waits = waiting_in_selection(counted, delivery_statuses(self.deliveries.entries(), self.methodology), year=year)
        if newest is None:
            return waits
        digests, _ = self._registers(year)
        return waits + [
            Waiting(pending_changes) for pending_changes in self._other_causes(bool(waits), newest, record, digests)
        ]

    def _registers(self, year: int) -> tuple[dict[str, str], str | None]:
        """Digest of every register; or none, with a message about a missing register."""
        try:
            return {register.name: self.registers.digest(register, year) for register in REGISTERS}, None
        except Missing as error:
            return {}, str(error)

    def _pending_changes(
        self, selection: pl.DataFrame, newest: Vintage | None, record: YearRecord, digests: dict[str, str]
    ) -> list[str]:
        if newest is None:
            return [f"first count, of {selection.height} files"] if selection.height else []
        pending_changes = selection_changes(self._selected_in(newest), selection)
        return pending_changes + self._other_causes(bool(pending_changes), newest, record, digests)

    def _other_causes(
        self, is_other_selection: bool, newest: Vintage, record: YearRecord, digests: dict[str, str]
    ) -> list[str]:
        pending_changes = []
        for register in REGISTERS:
            made = record.stages.get(register.table.asset)
            if made and register.name in digests and made.inputs[REGISTER_DIGEST] != digests[register.name]:
                pending_changes.append(f"register {register.name} changed")
        if not is_other_selection and not pending_changes and (stale_stages(record) or not shows(newest, record)):
            pending_changes.append("the last run did not finish")
        return pending_changes

    def _selected_in(self, vintage: Vintage) -> pl.DataFrame:
        return self.history.read(vintage, SELECTED_HISTORY).select(SELECTED.column_names)


def _nothing_selected() -> pl.DataFrame:
    return pl.DataFrame(schema=SELECTED.polars_schema)

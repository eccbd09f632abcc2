"""Stage 1: the latest approved file of every supplier."""

import hashlib
from collections.abc import Mapping

from assets.framework.metadata import Metadata, selection_metadata
from assets.framework.stage import Inputs, Output, Stage
from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.contracts.deliveries import DELIVERED_FILES, SELECTED
from dakl_pipeline.deliveries.selection import DeliveryStatus, delivery_statuses, selection_table
from resources.storage.history_store import HistoryStore


def select_deliveries(inputs: Inputs) -> Output:
    """Read the log and select the file of every supplier that counts."""
    of_year = _statuses(inputs)
    selected = [status.delivery for status in of_year if status.is_selected]
    excluded: dict[str, int] = {}
    for status in of_year:
        if not status.is_selected:
            reason = status.reason.partition(" (")[0].partition(" by ")[0]
            excluded[reason] = excluded.get(reason, 0) + 1
    table = selection_table(selected, year=inputs.year)
    return Output(frames={SELECTED: table}, rows_in=len(of_year), excluded=excluded)


def selection_fingerprint(inputs: Inputs) -> dict[str, str]:
    """Digest of the status of every delivery of the year."""
    lines = [f"{s.delivery.delivery_id}|{s.delivery.sha256}|{s.is_selected}|{s.reason}" for s in _statuses(inputs)]
    return {"selection": hashlib.sha256("\n".join(lines).encode()).hexdigest()}


def describe(inputs: Inputs, history: HistoryStore) -> Mapping[Table, Metadata]:
    """Every delivery of the year, and why it counts or does not."""
    return {SELECTED: selection_metadata(_statuses(inputs), time_zone=inputs.methodology.time_zone)}


def _statuses(inputs: Inputs) -> list[DeliveryStatus]:
    everything = delivery_statuses(inputs.log, inputs.methodology)
    return [status for status in everything if status.delivery.reporting_year == inputs.year]


STAGE = Stage(
    tables=(SELECTED,),
    reads=(),
    sources=(DELIVERED_FILES,),
    settings=("rounds", "time_zone"),
    group="stage_1_ingest",
    kinds=frozenset({"python", "parquet"}),
    run=select_deliveries,
    describe=describe,
    source_fingerprints=selection_fingerprint,
)

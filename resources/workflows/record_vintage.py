"""Recording a counted year as the newest vintage, and showing it in the warehouse."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

import polars as pl

from dakl_pipeline.contracts import TABLES, VINTAGE_TABLES
from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.contracts.deliveries import SELECTED
from dakl_pipeline.contracts.stays import STAY_ELIGIBILITY
from dakl_pipeline.errors import DaklError
from dakl_pipeline.history.changes import COMPARED, history_of, why
from dakl_pipeline.history.provenance import Vintage, YearRecord
from resources.config.versions import versions
from resources.storage.history_store import HistoryStore
from resources.storage.stage_store import StageStore
from resources.storage.warehouse import Warehouse
from resources.workflows.audited_run import AuditedRun

_NEEDED = (STAY_ELIGIBILITY, *COMPARED, *(table for table in TABLES.values() if table.keeps_history))


def record_vintage(year: int, stages: StageStore, history: HistoryStore, warehouse: Warehouse, run: AuditedRun) -> None:
    """Record the year as a new vintage, unless it equals the newest, and bring the warehouse up to date.

    Args:
        year: Reporting year of which every stage has been made; the caller locks out other runs.
        stages: The tables between the stages.
        history: The vintages.
        warehouse: The warehouse.
        run: Run that counted.

    Raises:
        Refused: If something cannot be written; the last good figures stay.
    """
    record, newest = stages.record(year), history.newest(year)
    if newest is None or not shows(newest, record) or not _is_same_key(newest, record, stages):
        _append(record, newest, stages, history, run)
    warehouse.refresh(history)
    stages.clean_up(year)


def shows(vintage: Vintage, record: YearRecord) -> bool:
    """Whether a vintage shows the present tables of its year."""
    return all(vintage.record.table(name) == record.table(name) for name in VINTAGE_TABLES)


def _is_same_key(newest: Vintage, record: YearRecord, stages: StageStore) -> bool:
    """Whether the same tables were made with the same key; its id may have been lost with the list of keys."""
    if record.key_id is None or record.key_id == newest.key_id:
        return True
    return stages.restore_key_id(record.year, lost=newest.key_id, given=record.key_id)


def _append(
    record: YearRecord, newest: Vintage | None, stages: StageStore, history: HistoryStore, run: AuditedRun
) -> None:
    year = record.year
    tables = {table: stages.read(table, year) for table in _NEEDED}
    before = _before(newest, stages)
    # Pseudonyms of another key cannot be compared: everybody would appear as added and removed.
    is_same_key = newest is None or newest.key_id == record.key_id
    if newest is not None and before is None and is_same_key:
        reason = f"not compared with vintage {newest.number}: the tables it was made from are lost"
    else:
        reason = why(newest, record, (before or tables)[SELECTED], tables[SELECTED])
    vintage = Vintage(
        number=newest.number + 1 if newest else 1,
        year=year,
        counted_at=datetime.now(UTC),
        run_id=run.run_id,
        reason=reason,
        versions=versions(),
        stages=record.stages,
    )
    frames = history_of(vintage, tables=tables, before=before if before and is_same_key else tables)
    history.append(vintage, frames, lambda digest: run.records(vintage, digest))


def _before(newest: Vintage | None, stages: StageStore) -> Mapping[Table, pl.DataFrame] | None:
    """The compared tables of the newest vintage: without rows before the first vintage; None when lost."""
    if newest is None:
        return {table: table.polars_schema.to_frame() for table in COMPARED}
    with suppress(DaklError):
        stored = [(table, newest.record.table(table.name)) for table in COMPARED]
        frames = {table: stages.read_stored(table, newest.year, kept) for table, kept in stored if kept}
        return frames if frames.keys() == set(COMPARED) else None
    return None

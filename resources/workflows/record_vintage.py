"""A counted year becomes the newest vintage, and the warehouse shows it."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

import polars as pl

from dakl_pipeline.contracts import TABLES, VINTAGE_TABLES
from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.contracts.deliveries import SELECTED
from dakl_pipeline.contracts.statistics import UNIQUE_PERSONS
from dakl_pipeline.contracts.stays import STAY_ELIGIBILITY
from dakl_pipeline.errors import DaklError
from dakl_pipeline.history.changes import history_of, why
from dakl_pipeline.history.provenance import Vintage, YearRecord
from resources.config.versions import versions
from resources.storage.history_store import HistoryStore
from resources.storage.stage_store import StageStore
from resources.storage.warehouse import Warehouse

_NEEDED = (STAY_ELIGIBILITY, UNIQUE_PERSONS, *(table for table in TABLES.values() if table.keeps_history))


def record_vintage(year: int, stages: StageStore, history: HistoryStore, warehouse: Warehouse, *, run_id: str) -> None:
    """Keep the year as a new vintage, when it is not the same as the newest, and bring the warehouse up to date.

    Args:
        year: Reporting year, of which every stage has been made; the caller keeps other runs away.
        stages: The tables between the stages.
        history: The vintages.
        warehouse: The warehouse.
        run_id: Run that counted.

    Raises:
        Refused: If something cannot be written; the last good figures stay.
    """
    record, newest = stages.record(year), history.newest(year)
    if newest is None or not shows(newest, record):
        before = {table: _before(table, newest, stages) for table in (SELECTED, UNIQUE_PERSONS)}
        _append(record, newest, before, stages, history, run_id)
    warehouse.refresh(stages, history)
    stages.clean_up(year)


def shows(vintage: Vintage, record: YearRecord) -> bool:
    """Whether a vintage shows a year as it is kept now."""
    return all(vintage.record.table(name) == record.table(name) for name in VINTAGE_TABLES)


def _append(
    record: YearRecord,
    newest: Vintage | None,
    before: Mapping[Table, pl.DataFrame | None],
    stages: StageStore,
    history: HistoryStore,
    run_id: str,
) -> None:
    year = record.year
    tables = {table: stages.read(table, year) for table in _NEEDED}
    selected, persons = tables[SELECTED], tables[UNIQUE_PERSONS]
    selected_before, persons_before = before[SELECTED], before[UNIQUE_PERSONS]
    if newest is not None and (selected_before is None or persons_before is None):
        reason = f"vintage {newest.number} is not compared with: the tables it was made of are lost"
    else:
        reason = why(newest, record, selected if selected_before is None else selected_before, selected)
    vintage = Vintage(
        number=newest.number + 1 if newest else 1,
        year=year,
        counted_at=datetime.now(UTC),
        run_id=run_id,
        reason=reason,
        versions=versions(),
        stages=record.stages,
    )
    # Pseudonyms of another key cannot be compared: then everybody would have been added and removed.
    has_same_key = newest is None or newest.key_id == vintage.key_id
    frames = history_of(
        vintage,
        tables=tables,
        selected_before=selected if selected_before is None else selected_before,
        persons_before=persons if persons_before is None or not has_same_key else persons_before,
    )
    history.append(vintage, frames)


def _before(table: Table, newest: Vintage | None, stages: StageStore) -> pl.DataFrame | None:
    """A table as it was in the newest vintage: no rows before the first vintage; None when they are lost."""
    stored = newest.record.table(table.name) if newest else None
    if newest is None or stored is None:
        return pl.DataFrame(schema=table.polars_schema)
    with suppress(DaklError):
        return stages.read_stored(table, newest.year, stored)
    return None

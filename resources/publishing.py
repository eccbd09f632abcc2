"""A counted year becomes the newest vintage, and the warehouse shows it.

Belongs here: the order in which that is kept, so that a crash at any moment is mended by the next run. Does not belong
here: what a vintage says (``dakl_pipeline.history``).
"""

from datetime import UTC, datetime

import polars as pl

from dakl_pipeline.contracts import TABLES
from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.contracts.deliveries import SELECTED
from dakl_pipeline.contracts.statistics import UNIQUE_PERSON_COUNTS, UNIQUE_PERSONS
from dakl_pipeline.history import history_of, why
from dakl_pipeline.provenance import Vintage, YearRecord, content_of
from resources.history_store import HistoryStore
from resources.stage_store import StageStore
from resources.versions import versions
from resources.warehouse import Warehouse

_SHOWN = [name for name, table in TABLES.items() if table.is_in_warehouse]


def publish(
    year: int, stages: StageStore, history: HistoryStore, warehouse: Warehouse, *, run_id: str
) -> Vintage | None:
    """Keep the year as a new vintage, when it is not the same as the newest, and bring the warehouse up to date.

    Args:
        year: Reporting year, of which every stage has been made; the caller keeps other runs away.
        stages: The tables between the stages.
        history: The vintages.
        warehouse: The warehouse.
        run_id: Run that counted.

    Returns:
        The new vintage; None when nothing in the warehouse's tables changed.

    Raises:
        Refused: If something cannot be written; the last good figures stay.
    """
    record, newest = stages.record(year), history.newest(year)
    vintage = None
    if newest is None or not shows(newest, record):
        vintage = _append(record, newest, stages, history, run_id)
    warehouse.bring_up_to_date(stages, history)
    return vintage


def shows(vintage: Vintage, record: YearRecord) -> bool:
    """Whether a vintage shows a year as it is kept now."""
    return content_of(vintage.record, _SHOWN) == content_of(record, _SHOWN)


def _append(
    record: YearRecord, newest: Vintage | None, stages: StageStore, history: HistoryStore, run_id: str
) -> Vintage:
    year = record.year
    selected, selected_before = stages.read(SELECTED, year), _before(SELECTED, newest, stages)
    vintage = Vintage(
        number=newest.number + 1 if newest else 1,
        year=year,
        counted_at=datetime.now(UTC),
        run_id=run_id,
        reason=why(newest, record, selected_before, selected),
        versions=versions(),
        stages=record.stages,
    )
    # Pseudonyms of another key cannot be compared: then everybody would have come and gone.
    has_same_key = newest is not None and newest.key_id == vintage.key_id
    persons = stages.read(UNIQUE_PERSONS, year)
    frames = history_of(
        vintage,
        counts=stages.read(UNIQUE_PERSON_COUNTS, year),
        selected=selected,
        persons=persons,
        selected_before=selected_before,
        persons_before=_before(UNIQUE_PERSONS, newest, stages) if has_same_key or newest is None else persons,
    )
    history.append(vintage, frames)
    return vintage


def _before(table: Table, newest: Vintage | None, stages: StageStore) -> pl.DataFrame:
    """A table as it was in the newest vintage; without rows when its file is gone or of another version."""
    empty = pl.DataFrame(schema=table.polars_schema)
    stored = newest.record.table(table.name) if newest else None
    if newest is None or stored is None:
        return empty
    return stages.read_stored(table, newest.year, stored)

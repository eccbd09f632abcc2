"""Comparing the warehouse with the vintages that it was made from, cell by cell."""

import polars as pl

from dakl_pipeline.contracts import HISTORY_TABLES, TABLES
from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.history.provenance import Vintage
from resources.storage.history_store import HistoryStore
from resources.storage.warehouse import Warehouse


def differing_tables(warehouse: Warehouse, history: HistoryStore, shown: dict[int, Vintage]) -> list[str]:
    """The tables whose rows in the warehouse are not those of the history, one line each.

    Args:
        warehouse: The warehouse.
        history: The vintages.
        shown: The vintage that the warehouse shows for each year.

    Raises:
        Missing: If there are no figures yet.
        Refused: If the warehouse or a vintage cannot be read.
    """
    found = []
    for table in (*HISTORY_TABLES, *(each for each in TABLES.values() if each.is_in_warehouse)):
        rows = warehouse.read(table)
        for year, vintage in shown.items():
            if not rows.filter(year=year).equals(_expected(table, history, vintage)):
                found.append(f"{table.name} of {year}")
        if not set(rows["year"]) <= shown.keys():
            found.append(f"{table.name} of another year")
    return found


def _expected(table: Table, history: HistoryStore, vintage: Vintage) -> pl.DataFrame:
    if table in HISTORY_TABLES:
        rows = pl.concat(history.read(each, table) for each in history.vintages(vintage.year))
    else:
        rows = history.read(vintage, table.history)
    return rows.select(table.column_names).cast(table.polars_schema).sort(table.sort_by)

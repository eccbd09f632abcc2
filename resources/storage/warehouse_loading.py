"""Loading a year into the warehouse, from the files of its vintages."""

from pathlib import Path

import duckdb

from dakl_pipeline.contracts import HISTORY_TABLES, TABLES
from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.history.provenance import Vintage
from resources.storage.files import plainly_named
from resources.storage.history_store import HistoryStore


def load_newest(connection: duckdb.DuckDBPyConnection, vintage: Vintage, history: HistoryStore) -> None:
    """Replace the rows of a year by those of a vintage.

    Args:
        connection: The warehouse, in a transaction.
        vintage: The vintage.
        history: The vintages, which are readable.
    """
    year, folder = vintage.year, history.folder(vintage.year)
    connection.execute("delete from pipeline.table_versions where year = ?", [year])
    for stage in vintage.stages.values():
        for name, stored in stage.tables.items():
            if TABLES[name].is_in_warehouse:
                _load_table(connection, TABLES[name], year, folder, [history.path(vintage, TABLES[name].history)])
                version = [name, year, stored.sha256, stored.rows, vintage.key_id, stage.made_at, stage.run_id]
                connection.execute("insert into pipeline.table_versions values (?, ?, ?, ?, ?, ?, ?)", version)


def load_history(connection: duckdb.DuckDBPyConnection, year: int, history: HistoryStore) -> None:
    """Replace the rows of a year in the history tables by those of all its vintages.

    Args:
        connection: The warehouse, in a transaction.
        year: Reporting year.
        history: The vintages.

    Raises:
        Refused: If one of them cannot be read.
    """
    vintages = history.verify(year)
    for table in HISTORY_TABLES:
        paths = [history.path(vintage, table) for vintage in vintages]
        _load_table(connection, table, year, history.folder(year), paths)


def _load_table(
    connection: duckdb.DuckDBPyConnection, table: Table, year: int, folder: Path, paths: list[Path]
) -> None:
    """Load a year of a table from files below a folder."""
    with plainly_named(folder) as named:
        rows = connection.read_parquet([str(named / path.relative_to(folder)) for path in paths], union_by_name=True)
        incoming = rows.select(*table.column_names)
        _require_shape(connection, table, incoming)
        connection.execute(f"delete from {table.name} where year = ?", [year])  # noqa: S608 - name of the contract
        incoming.insert_into(table.name)


def _require_shape(connection: duckdb.DuckDBPyConnection, table: Table, incoming: duckdb.DuckDBPyRelation) -> None:
    """Create a missing table; give one of another version the columns of this version, and keep its other years."""
    schema, _, name = table.name.partition(".")
    connection.execute(f"create schema if not exists {schema}")
    columns = connection.execute(
        "select column_name from duckdb_columns() where schema_name = ? and table_name = ? order by column_index",
        [schema, name],
    ).fetchall()
    present = [column for (column,) in columns]
    if present == incoming.columns:
        return
    if present:
        connection.execute(f"alter table {table.name} rename to former")
    incoming.limit(0).create(table.name)
    if present:
        common = ", ".join(column for column in incoming.columns if column in present)
        connection.execute(f"insert into {table.name} by name select {common} from {schema}.former")  # noqa: S608 - names of contracts
        connection.execute(f"drop table {schema}.former")

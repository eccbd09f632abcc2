"""The local warehouse: one DuckDB file, of which every table holds whole reporting years.

Belongs here: reading and replacing years, atomically, and waiting for another process. Does not belong here: what the
tables hold (``contracts``). DuckDB lets one process write and nobody else read meanwhile, so connections are short.
"""

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.errors import Missing, Refused

_CONFIG = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
_BOOKKEEPING = """
create schema if not exists pipeline;
create table if not exists pipeline.keys (key_id varchar, check_value varchar);
create table if not exists pipeline.table_versions
    (table_name varchar, year integer, key_id varchar, fingerprint varchar);
"""


@dataclass(frozen=True)
class TableVersion:
    """Of what a year of a table was made.

    Attributes:
        key_id: Random id of the key with which its pseudonyms were made; None for a table without pseudonyms.
        fingerprint: Digest of everything it was made of, or None when that is not kept.
    """

    key_id: str | None
    fingerprint: str | None


class Warehouse:
    """Reads and replaces reporting years of tables.

    Args:
        path: The DuckDB file.
        patience: Seconds to wait for another process before giving up.
    """

    def __init__(self, path: Path, *, patience: float = 60.0) -> None:
        self._path = path
        self._patience = patience

    def replace_year(
        self, table: Table, frame: pl.DataFrame, year: int, *, version: TableVersion | None = None
    ) -> None:
        """Replace the rows of one year; see :meth:`replace_years_together`."""
        self.replace_years_together({table: frame}, year, version=version)

    def replace_years_together(
        self, frames: Mapping[Table, pl.DataFrame], year: int, *, version: TableVersion | None = None
    ) -> None:
        """Replace the rows of one year in several tables, all or nothing.

        Args:
            frames: The new rows of each table; every row of the year.
            year: Reporting year.
            version: Of what the rows were made.

        Raises:
            Refused: If the warehouse stays in use, cannot be written, or has this table in another shape.
        """
        version = version or TableVersion(None, None)
        with self._connection(read_only=False) as connection:
            connection.begin()
            connection.execute(_BOOKKEEPING)
            for table, frame in frames.items():
                schema_name = table.name.partition(".")[0]
                connection.register("incoming", frame.select(table.column_names))
                connection.execute(f"create schema if not exists {schema_name}")
                connection.execute(f"create table if not exists {table.name} as from incoming limit 0")
                connection.execute(f"delete from {table.name} where year = ?", [year])  # noqa: S608 - contract name
                connection.execute(f"insert into {table.name} by name from incoming")
                connection.execute(
                    "delete from pipeline.table_versions where table_name = ? and year = ?", [table.name, year]
                )
                connection.execute(
                    "insert into pipeline.table_versions values (?, ?, ?, ?)",
                    [table.name, year, version.key_id, version.fingerprint],
                )
                connection.unregister("incoming")
            connection.commit()

    def read(self, table: Table, year: int | None = None) -> pl.DataFrame:
        """Read a table in the order of its key.

        Args:
            table: Which table.
            year: Reporting year; all years when None.

        Raises:
            Missing: If the table has not been made yet.
            Refused: If the warehouse stays in use or cannot be read.
        """
        columns, order = ", ".join(table.columns), ", ".join(table.sort_by)
        where = "" if year is None else "where year = $year"
        query = f"select {columns} from {table.name} {where} order by {order}"  # noqa: S608 - names of the contract
        with self._connection(read_only=True) as connection:
            return _typed(connection.sql(query, params={} if year is None else {"year": year}), table)

    def read_matching(self, table: Table, year: int, column: str, values: pl.Series) -> pl.DataFrame:
        """Read the rows of a year in which a column has one of some values; for a register as large as the country.

        Args:
            table: Which table.
            year: Reporting year.
            column: Column of the table.
            values: Values to look for; nulls match nothing.

        Returns:
            The rows, in the order of the table's key.

        Raises:
            Missing: If the table has not been made yet.
            Refused: If the warehouse stays in use or cannot be read.
        """
        columns, order = ", ".join(table.columns), ", ".join(table.sort_by)
        query = (
            f"select {columns} from {table.name} semi join wanted using ({column}) "  # noqa: S608 - contract names
            f"where year = $year order by {order}"
        )
        with self._connection(read_only=True) as connection:
            connection.register("wanted", values.drop_nulls().unique().alias(column).to_frame())
            return _typed(connection.sql(query, params={"year": year}), table)

    def row_count(self, table: Table, year: int) -> int:
        """Number of rows of a year.

        Raises:
            Missing: If the table has not been made yet.
        """
        with self._connection(read_only=True) as connection:
            query = f"select count(*) from {table.name} where year = ?"  # noqa: S608 - name of the contract
            row = connection.execute(query, [year]).fetchone()
        return int(row[0]) if row else 0

    def years(self, table: Table) -> list[int]:
        """The years that have been made of a table, also those without rows, in order; none when it does not exist."""
        return sorted(year for name, year in self._versions() if name == table.name)

    def version(self, table: Table, year: int) -> TableVersion | None:
        """Of what a year of a table was made; None when it has not been made."""
        return self._versions().get((table.name, year))

    def key_id(self, check_value: str) -> str:
        """The random id of a key, made when the key is first seen.

        Args:
            check_value: By which the same key is recognised (``PseudonymKey.check_value``).
        """
        if self._path.exists():
            with self._connection(read_only=True) as connection:
                if known := _known_key(connection, check_value):
                    return known
        with self._connection(read_only=False) as connection:
            connection.begin()
            connection.execute(_BOOKKEEPING)
            # Another process may have been first.
            key_id = _known_key(connection, check_value)
            if key_id is None:
                key_id = secrets.token_hex(8)
                connection.execute("insert into pipeline.keys values (?, ?)", [key_id, check_value])
            connection.commit()
        return key_id

    def _versions(self) -> dict[tuple[str, int], TableVersion]:
        if not self._path.exists():
            return {}
        with self._connection(read_only=True) as connection:
            rows = connection.execute("select table_name, year, key_id, fingerprint from pipeline.table_versions")
            return {(row[0], row[1]): TableVersion(row[2], row[3]) for row in rows.fetchall()}

    @contextmanager
    def _connection(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        if read_only and not self._path.exists():
            raise Missing("there are no figures yet: make them with `dakl run`")
        connection = self._open(read_only=read_only)
        try:
            connection.execute("set TimeZone = 'UTC'")
            yield connection
        except duckdb.CatalogException:
            raise Missing("this table has not been made yet: make it with `dakl run`") from None
        except duckdb.BinderException:
            raise Refused(
                f"{self._path} was made by another version: it holds derived data only, so move it away and run "
                "`dakl run --all`"
            ) from None
        finally:
            connection.close()

    def _open(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        deadline, pause = time.monotonic() + self._patience, 0.01
        while True:
            try:
                return duckdb.connect(str(self._path), read_only=read_only, config=dict(_CONFIG))
            except duckdb.IOException as error:
                if "lock" not in str(error).lower():
                    raise Refused(
                        f"{self._path} cannot be opened: it holds derived data only, so move it away and run "
                        "`dakl run --all`"
                    ) from None
                if time.monotonic() > deadline:
                    raise Refused(
                        f"{self._path} has been in use by another program for {self._patience:.0f} seconds: close it "
                        "and try again"
                    ) from None
                time.sleep(pause)
                pause = min(pause * 2, 0.5)


def _known_key(connection: duckdb.DuckDBPyConnection, check_value: str) -> str | None:
    row = connection.execute("select key_id from pipeline.keys where check_value = ?", [check_value]).fetchone()
    return str(row[0]) if row else None


def _typed(relation: duckdb.DuckDBPyRelation, table: Table) -> pl.DataFrame:
    frame: pl.DataFrame = relation.pl()
    return frame.cast(table.polars_schema)

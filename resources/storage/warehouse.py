"""The warehouse: one DuckDB file with every counted year, replaced by a new file when a year was counted again.

A process that has the file open keeps reading the old content, so no process waits for another.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb
import polars as pl

from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.errors import Missing, Refused
from dakl_pipeline.history.provenance import Vintage
from resources.storage.files import digest_of, locked, sync, write_atomically
from resources.storage.history_store import HistoryStore
from resources.storage.private_folder import private_folder
from resources.storage.warehouse_loading import load_history, load_newest

_CONFIG = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
# DuckDB splits a path at these characters, even when they are part of the name of a folder.
_NO_PATH_TO_DUCKDB = frozenset("?\\")
_NO_FIGURES = "there are no figures yet: make them with `dakl run`"
_BOOKKEEPING = """
create schema if not exists pipeline;
create table if not exists pipeline.loaded (year integer, vintage integer, run_id varchar);
create table if not exists pipeline.table_versions
    (table_name varchar, year integer, sha256 varchar, rows bigint, key_id varchar, made_at timestamptz,
     run_id varchar);
"""


class Warehouse:
    """Reads the warehouse, and brings it up to date.

    Args:
        path: The DuckDB file.
        timeout: Seconds to wait for another process that brings it up to date.
    """

    def __init__(self, path: Path, *, timeout: float = 600.0) -> None:
        self._path = path
        self._timeout = timeout

    def refresh(self, history: HistoryStore) -> list[int]:
        """Make the warehouse show the newest vintage of every year; a damaged or lost file is made again.

        A changed copy replaces the file in one move, so a crash leaves the old file or the new one.

        Args:
            history: The vintages.

        Returns:
            The years that changed.

        Raises:
            Refused: If it cannot be written.
        """
        busy = f"another process has locked {self._path} for {self._timeout:.0f} seconds"
        with locked(self._path.with_name(f".{self._path.name}.lock"), timeout=self._timeout, refusal=busy):
            # A year whose newest vintage is damaged stays as it is, and does not hold up the others.
            newest = history.readable()
            loaded = self._loaded()
            # The run is compared too, because the number of a lost vintage is used again.
            behind = [year for year, vintage in newest.items() if (loaded or {}).get(year) != identity(vintage)]
            if loaded is not None and not behind:
                return []
            try:
                try:
                    self._replace(behind, newest, history, copy_first=loaded is not None)
                except duckdb.Error:
                    # Damage that shows only on writing: everything in the file can be made again.
                    self._replace(list(newest), newest, history, copy_first=False)
            except OSError as error:
                raise Refused(f"{self._path} cannot be written ({error.strerror}); the last good one stays") from None
            except duckdb.Error as error:
                raise Refused(
                    f"{self._path} cannot be brought up to date ({type(error).__name__}): check the free space on the "
                    "disk and run again; the last good one stays"
                ) from None
            return behind

    def read(self, table: Table, year: int | None = None) -> pl.DataFrame:
        """Read a table in the order of its key.

        Args:
            table: The table.
            year: Reporting year; all years when None.

        Raises:
            Missing: If there are no figures yet.
            Refused: If the warehouse cannot be read.
        """
        columns, order = ", ".join(table.columns), ", ".join(table.sort_by)
        where = "" if year is None else "where year = $year"
        query = f"select {columns} from {table.name} {where} order by {order}"  # noqa: S608 - names of the contract
        with self._reading() as connection:
            relation = connection.sql(query, params={} if year is None else {"year": year})
            frame: pl.DataFrame = relation.pl()
        return frame.cast(table.polars_schema)

    def years(self) -> list[int]:
        """The counted years in order, including those without rows; none before the first count.

        Raises:
            Refused: If the warehouse cannot be read.
        """
        return sorted(self.loaded_vintages())

    def loaded_vintages(self) -> dict[int, tuple[int, str]]:
        """Number and run of the vintage that is loaded for every year; empty before the first count.

        Raises:
            Refused: If the warehouse cannot be read.
        """
        if not self._path.exists():
            return {}
        with self._reading() as connection:
            return _loaded(connection)

    def verify(self) -> None:
        """Compare the file with its digest.

        Raises:
            Missing: If there are no figures yet.
            Refused: If it is damaged, or another program wrote to it.
        """
        if not self._path.exists():
            raise Missing(_NO_FIGURES)
        if not self._is_as_written():
            raise Refused(f"{self._path} was changed or damaged: the next run makes it again, such as `dakl run --all`")

    def _loaded(self) -> dict[int, tuple[int, str]] | None:
        """The loaded vintages; None when there is no intact file."""
        try:
            return self.loaded_vintages() if self._is_as_written() else None
        except Refused:
            return None

    def _is_as_written(self) -> bool:
        """Whether the file is unchanged since it was put in place: not damaged, and not written to."""
        try:
            return digest_of(self._path) == self._checksum.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError):
            return False

    @property
    def _checksum(self) -> Path:
        return self._path.with_name(f".{self._path.name}.sha256")

    @property
    def _place_of_copies(self) -> Path | None:
        """The home; or nowhere in particular when DuckDB would misread its name."""
        home = self._path.parent
        return home if _NO_PATH_TO_DUCKDB.isdisjoint(str(home)) else None

    def _replace(
        self,
        years: Iterable[int],
        newest: Mapping[int, Vintage],
        history: HistoryStore,
        *,
        copy_first: bool,
    ) -> None:
        with self._temporary() as temporary:
            with private_folder(self._place_of_copies) as private:
                file = private / temporary.name
                if copy_first:
                    shutil.copyfile(self._path, file)
                self._load(file, years, newest, history)
                # TMPDIR may be another disk.
                shutil.move(file, temporary)
            sync(temporary)
            # A crash between the two leaves a file that does not match its checksum: the next run makes it again.
            write_atomically(self._checksum, digest_of(temporary).encode("ascii"))
            # A WAL that a shell left beside the old file does not belong to the new one.
            self._path.with_name(f"{self._path.name}.wal").unlink(missing_ok=True)
            temporary.replace(self._path)
            sync(self._path.parent)

    @contextmanager
    def _temporary(self) -> Iterator[Path]:
        """The path at which the next file waits; one that a killed process left is removed."""
        temporary = self._path.with_name(f".{self._path.name}.temporary")
        try:
            temporary.unlink(missing_ok=True)
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)

    @staticmethod
    def _load(temporary: Path, years: Iterable[int], newest: Mapping[int, Vintage], history: HistoryStore) -> None:
        with duckdb.connect(str(temporary), config=_config(temporary.parent)) as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute(_BOOKKEEPING)
            connection.begin()
            for year in years:
                load_history(connection, year, history)
                load_newest(connection, newest[year], history)
                connection.execute("delete from pipeline.loaded where year = ?", [year])
                connection.execute("insert into pipeline.loaded values (?, ?, ?)", [year, *identity(newest[year])])
            connection.commit()

    @contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        if not self._path.exists():
            raise Missing(_NO_FIGURES)
        with ExitStack() as stack:
            connection = self._opened_copy(stack)
            try:
                connection.execute("set TimeZone = 'UTC'")
                yield connection
            except duckdb.CatalogException:
                raise Missing("this table has not been made yet: make it with `dakl run`") from None
            except duckdb.Error:
                raise Refused(f"{self._path} is damaged: `dakl run --all` makes it again") from None
            finally:
                connection.close()

    def _opened_copy(self, stack: ExitStack) -> duckdb.DuckDBPyConnection:
        """A private copy, so that reading and an analyst's open DuckDB shell never lock each other out.

        It lies in the home, next to what it is a copy of, and loses its name as soon as it is open.
        """
        try:
            private = stack.enter_context(private_folder(self._place_of_copies))
            copy = shutil.copyfile(self._path, private / self._path.name)
            connection = _connect(copy, private)
            copy.unlink()
        except duckdb.Error:
            raise Refused(f"{self._path} is damaged: `dakl run --all` makes it again") from None
        except OSError:
            # No room for a copy.
            pass
        else:
            return connection
        try:
            return _connect(self._path, None)
        except duckdb.Error:
            raise Refused(
                f"{self._path} cannot be read: there is no room for a copy in the home or the folder of temporary "
                "files (TMPDIR), and the file itself is damaged or a shell has it open for writing"
            ) from None


def _connect(path: Path, spill: Path | None) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(path), read_only=True, config=_config(spill))


def _config(spill: Path | None) -> dict[str, str | bool | int | float | list[str]]:
    """Settings of DuckDB.

    Args:
        spill: Folder for data that do not fit in memory; None to put nothing on disk.
    """
    return {**_CONFIG, "temp_directory": "" if spill is None else str(spill / "spill")}


def _loaded(connection: duckdb.DuckDBPyConnection) -> dict[int, tuple[int, str]]:
    rows = connection.execute("select year, vintage, run_id from pipeline.loaded").fetchall()
    return {year: (number, run_id) for year, number, run_id in rows}


def identity(vintage: Vintage) -> tuple[int, str]:
    """The identity of a vintage within its year: its number and the run that counted it."""
    return vintage.number, vintage.run_id

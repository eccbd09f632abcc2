"""The tables between the stages: ``stages/<year>/<table>.<digest>.parquet``, and a record of their inputs."""

import hashlib
import json
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError
from pydantic import TypeAdapter, ValidationError

from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.errors import Missing, Refused
from dakl_pipeline.history.provenance import StageRecord, StoredTable, YearRecord
from resources.storage.files import clean_up, digest_of, locked, sync, write_atomically

_RECORD = "record.json"
_KEYS = "keys.json"
_DIGEST_SHOWN = 16
_KEYS_ADAPTER = TypeAdapter(dict[str, str])


class StageStore:
    """Keeps the last good outcome of every stage and year.

    Args:
        root: The folder; made when the first table is written.
        in_use: Returns the record of a state that is still read, so that its files stay.
    """

    def __init__(self, root: Path, *, in_use: Callable[[int], YearRecord | None] = lambda year: None) -> None:
        self._root = root
        self._in_use = in_use

    @contextmanager
    def locked(self, year: int, *, timeout: float) -> Iterator[None]:
        """Lock a year against other runs; the system releases it when the process ends, however it ends.

        Args:
            year: Reporting year.
            timeout: Seconds to wait for another run.

        Raises:
            Refused: If another run still locks the year.
        """
        self._root.mkdir(parents=True, exist_ok=True)
        busy = f"another run of {year} has been busy for {timeout:.0f} seconds: see it with `dakl ui`"
        with locked(self._root / f".{year}.lock", timeout=timeout, refusal=busy):
            yield

    def is_locked(self, year: int) -> bool:
        """Whether a run is busy with a year."""
        try:
            with self.locked(year, timeout=0):
                return False
        except Refused:
            return True
        except OSError:
            # Where nothing can be written no run is busy; a run that starts reports the problem.
            return False

    def years(self) -> list[int]:
        """The years of which any stage was made."""
        return sorted(int(path.name) for path in self._root.glob("[0-9][0-9][0-9][0-9]") if path.is_dir())

    def destroy_tables(self) -> None:
        """Destroy the tables of every year, with their records. The caller locks out runs.

        Raises:
            OSError: If something cannot be removed.
        """
        for year in self.years():
            shutil.rmtree(self._root / str(year))
        if self._root.is_dir():
            sync(self._root)

    def record(self, year: int) -> YearRecord:
        """The record of a year; empty when it is missing or damaged, so that the year is made again."""
        return self._read_record(year) or YearRecord(year=year)

    def unchanged(self, year: int, stage: str, inputs: Mapping[str, str]) -> StageRecord | None:
        """The outcome of a stage if it was made from exactly these inputs and its files are intact.

        Args:
            year: Reporting year.
            stage: Name of the stage.
            inputs: Everything the outcome depends on.
        """
        kept = self.record(year).stages.get(stage)
        if kept is None or kept.inputs != dict(inputs):
            return None
        is_intact = all(self._is_intact(year, name, table) for name, table in kept.tables.items())
        return kept if is_intact else None

    def write(
        self,
        year: int,
        stage: str,
        frames: Mapping[Table, pl.DataFrame],
        *,
        inputs: Mapping[str, str],
        rows_in: int,
        excluded: Mapping[str, int],
        notes: Mapping[str, int | str],
        run_id: str,
    ) -> StageRecord:
        """Keep the tables of a stage, all or none, each in the order of its key.

        Args:
            year: Reporting year.
            stage: Name of the stage.
            frames: The rows of each table; every row of the year.
            inputs: Everything the outcome depends on.
            rows_in: Number of rows that the stage received.
            excluded: Number of rows that were excluded, by reason.
            notes: Further details about the run.
            run_id: Run that made them.

        Returns:
            The record of the outcome.

        Raises:
            Refused: If they cannot be written; the last good outcome stays.
        """
        try:
            tables = {table.name: self._keep(year, table, frame) for table, frame in frames.items()}
            made = StageRecord(
                inputs=dict(inputs),
                tables=tables,
                rows_in=rows_in,
                excluded=dict(excluded),
                notes=dict(notes),
                made_at=datetime.now(UTC),
                run_id=run_id,
            )
            record = YearRecord(year=year, stages={**self.record(year).stages, stage: made})
            self._write_record(record)
        except OSError as error:
            raise Refused(f"{self._root} cannot be written ({error.strerror}); the last good tables stay") from None
        self.clean_up(year)
        return made

    def path(self, year: int, name: str, stored: StoredTable) -> Path:
        """The file with the rows of a table."""
        return self._root / str(year) / f"{name}.{stored.sha256[:_DIGEST_SHOWN]}.parquet"

    def read(self, table: Table, year: int) -> pl.DataFrame:
        """Read a year of a table, in the order of its key.

        Raises:
            Missing: If it has not been made yet.
            Refused: If its file is damaged.
        """
        return self.read_stored(table, year, self._stored(table, year))

    def read_stored(self, table: Table, year: int, stored: StoredTable) -> pl.DataFrame:
        """Read a recorded state of a table for a year, in the order of its key.

        Raises:
            Refused: If its file is damaged or gone.
        """
        return self._collected(table, year, stored, lambda rows: rows)

    def read_matching(self, table: Table, year: int, column: str, values: pl.Series) -> pl.DataFrame:
        """Read the rows in which a column has one of the values; for registers of the whole country.

        Args:
            table: The table.
            year: Reporting year.
            column: The column.
            values: The values; nulls match nothing.

        Raises:
            Missing: If the table has not been made yet.
            Refused: If its file is damaged.
        """
        wanted = values.drop_nulls().unique().alias(column).to_frame().lazy()
        stored = self._stored(table, year)
        matching = self._collected(table, year, stored, lambda rows: rows.join(wanted, on=column, how="semi"))
        return matching.sort(table.sort_by)

    def key_id(self, check_value: str) -> str:
        """The random id of a key, made when the key is first seen.

        Args:
            check_value: The value by which the key is recognised (``PseudonymKey.check_value``).
        """
        self._root.mkdir(parents=True, exist_ok=True)
        with locked(self._root / ".keys.lock"):
            known = self._known_keys()
            if check_value not in known:
                known[check_value] = secrets.token_hex(8)
                self._write_keys(known)
        return known[check_value]

    def restore_key_id(self, year: int, *, lost: str, given: str) -> bool:
        """Give a key the id back that it had before the list of keys was lost.

        Args:
            year: Reporting year that was made again with the same pseudonyms.
            lost: The former id.
            given: The id that the key got instead.

        Returns:
            Whether it is the same key. Both ids in the list are of two keys, which make no difference in this year.
        """
        with locked(self._root / ".keys.lock"):
            known = self._known_keys()
            if lost not in known.values():
                self._write_keys({check: lost if key_id == given else key_id for check, key_id in known.items()})
            elif given in known.values():
                return False
        record = self.record(year)
        stages = {
            name: stage.model_copy(update={"inputs": {**stage.inputs, "key": lost}})
            if stage.inputs.get("key") == given
            else stage
            for name, stage in record.stages.items()
        }
        self._write_record(YearRecord(year=year, stages=stages))
        return True

    def known_key_id(self, check_value: str) -> str | None:
        """The id of a key; None when nothing was made with it.

        Raises:
            Refused: If the list of keys is damaged.
        """
        return self._known_keys().get(check_value)

    @property
    def keys_file(self) -> Path:
        """The file with the ids of the keys that were seen, by check value."""
        return self._root / _KEYS

    def record_file(self, year: int) -> Path:
        """The file with the record of a year."""
        return self._root / str(year) / _RECORD

    def has_readable_record(self, year: int) -> bool:
        """Whether the record of a year is readable; true when there is none."""
        return self._read_record(year) is not None

    def damaged(self, record: YearRecord) -> list[str]:
        """Names of the tables in a record whose file is missing or changed."""
        tables = [(name, table) for stage in record.stages.values() for name, table in stage.tables.items()]
        return [name for name, table in tables if not self._is_intact(record.year, name, table)]

    def _read_record(self, year: int) -> YearRecord | None:
        """The record of a year; None when it is unreadable."""
        try:
            return YearRecord.model_validate_json(self.record_file(year).read_bytes())
        except FileNotFoundError:
            return YearRecord(year=year)
        except (OSError, ValidationError):
            return None

    def _write_record(self, record: YearRecord) -> None:
        write_atomically(self.record_file(record.year), record.model_dump_json(indent=1).encode())

    def _write_keys(self, known: Mapping[str, str]) -> None:
        write_atomically(self.keys_file, json.dumps(known, indent=1).encode())

    def _known_keys(self) -> dict[str, str]:
        try:
            return _KEYS_ADAPTER.validate_json(self.keys_file.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValidationError):
            raise Refused(
                f"{self.keys_file} is damaged: put it back from a backup, or remove it and count every year again with "
                "`dakl run --all`"
            ) from None

    def _keep(self, year: int, table: Table, frame: pl.DataFrame) -> StoredTable:
        buffer = BytesIO()
        # One chunk in a fixed order, so that the same rows give the same bytes.
        frame.select(table.column_names).sort(table.sort_by).rechunk().write_parquet(buffer)
        content = buffer.getbuffer()
        stored = StoredTable(sha256=hashlib.sha256(content).hexdigest(), rows=frame.height)
        if not self._is_intact(year, table.name, stored):
            write_atomically(self.path(year, table.name, stored), content)
        return stored

    def _is_intact(self, year: int, name: str, stored: StoredTable) -> bool:
        try:
            return digest_of(self.path(year, name, stored)) == stored.sha256
        except OSError:
            return False

    def _stored(self, table: Table, year: int) -> StoredTable:
        stored = self.record(year).table(table.name)
        if stored is None:
            raise Missing(f"{table.name} of {year} has not been made yet: make it with `dakl run --year {year}`")
        return stored

    def _collected(
        self, table: Table, year: int, stored: StoredTable, narrowed: Callable[[pl.LazyFrame], pl.LazyFrame]
    ) -> pl.DataFrame:
        try:
            lazy = pl.scan_parquet(self.path(year, table.name, stored), glob=False)
            return narrowed(lazy).collect().cast(table.polars_schema)
        except (PolarsError, OSError):
            # The library's own message may quote a value.
            raise _damaged(table.name, year) from None

    def clean_up(self, year: int) -> None:
        """Remove files that are no longer in use. The caller locks out other runs of the year."""
        folder = self._root / str(year)
        states = [self.record(year), self._in_use(year)]
        used = {
            self.path(year, name, stored)
            for state in states
            if state is not None
            for stage in state.stages.values()
            for name, stored in stage.tables.items()
        }
        for path in folder.glob("*.parquet"):
            if path not in used:
                path.unlink(missing_ok=True)
        clean_up(folder)


def _damaged(name: str, year: int) -> Refused:
    return Refused(f"the kept rows of {name} of {year} are damaged: `dakl run --year {year}` makes them again")

"""The vintages of the figures: ``history/<year>/<number>/``, one folder each, written once and never changed.

The newest vintage of a year is what the warehouse shows.
"""

import hashlib
import re
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError
from pydantic import ValidationError

from dakl_pipeline.contracts import HISTORY_TABLES
from dakl_pipeline.contracts.border import require_nobody_in
from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.errors import Refused
from dakl_pipeline.history.provenance import Vintage, YearRecord
from resources.storage.files import digest_of, sync, write_atomically

_VINTAGE = "vintage.json"
_WRITING = ".writing"
_YEAR = re.compile("[0-9]{4}")
_NUMBER = re.compile("[0-9]{5,}")


class HistoryStore:
    """Keeps the vintages of every year.

    Args:
        root: The folder; made when the first vintage is written.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def vintages(self, year: int) -> list[Vintage]:
        """The vintages of a year, oldest first.

        Raises:
            Refused: If one of them cannot be read.
        """
        return [self._vintage(path) for path in self._folders(year)]

    def newest(self, year: int) -> Vintage | None:
        """The newest vintage of a year; None before its first count.

        Raises:
            Refused: If it cannot be read.
        """
        folders = self._folders(year)
        return self._vintage(folders[-1]) if folders else None

    def newest_record(self, year: int) -> YearRecord | None:
        """What the newest vintage was made from; None before the first count."""
        newest = self.newest(year)
        return newest.record if newest else None

    def append(
        self,
        vintage: Vintage,
        frames: Mapping[Table, pl.DataFrame],
        record: Callable[[str], None] = lambda digest: None,
    ) -> None:
        """Keep a vintage with its tables, atomically. The caller locks out other runs of the year.

        Args:
            vintage: The vintage.
            frames: The rows of this vintage, per table of the history.
            record: Records the digest of the vintage elsewhere, before it is in its place.

        Raises:
            Refused: If it cannot be written, or a value looks like a number or pseudonym of a person.
        """
        for table, frame in frames.items():
            require_nobody_in(table, frame)
        folder = self.folder(vintage.year)
        writing = folder / _WRITING
        try:
            shutil.rmtree(writing, ignore_errors=True)
            writing.mkdir(parents=True)
            for table, frame in frames.items():
                buffer = BytesIO()
                frame.select(table.column_names).sort(table.sort_by).write_parquet(buffer)
                write_atomically(self._path(writing, table), buffer.getbuffer())
            write_atomically(writing / _VINTAGE, vintage.model_dump_json(indent=1).encode())
            record(_digest(writing))
            writing.rename(folder / _name(vintage.number))
            sync(folder)
        except OSError as error:
            shutil.rmtree(writing, ignore_errors=True)
            raise Refused(f"{folder} cannot be written ({error.strerror}); the last good figures stay") from None

    def read(self, vintage: Vintage, table: Table) -> pl.DataFrame:
        """The rows of a vintage in a history table.

        Raises:
            Refused: If they cannot be read.
        """
        path = self.path(vintage, table)
        try:
            # An earlier version may have written the columns in another order.
            return pl.read_parquet(path, glob=False).select(table.column_names)
        except (PolarsError, OSError):
            # The library's own message may quote a value.
            raise _damaged(path.parent) from None

    def path(self, vintage: Vintage, table: Table) -> Path:
        """The file with the rows of a vintage in a history table."""
        return self._path(self.folder(vintage.year) / _name(vintage.number), table)

    def folder(self, year: int) -> Path:
        """The folder with the vintages of a year."""
        return self._root / str(year)

    def years(self) -> list[int]:
        """The years that have been counted."""
        found = [int(path.name) for path in self._root.glob("[0-9]*") if _YEAR.fullmatch(path.name)]
        return sorted(year for year in found if self._folders(year))

    def readable(self) -> dict[int, Vintage]:
        """The newest vintage of every year, without years in which it is unreadable."""
        found = {}
        for year in self.years():
            with suppress(Refused):
                if vintage := self.newest(year):
                    found[year] = vintage
        return found

    def verify(self, year: int) -> list[Vintage]:
        """Read every vintage of a year with its tables.

        Returns:
            The vintages, oldest first.

        Raises:
            Refused: If one of them cannot be read; names it.
        """
        vintages = self.vintages(year)
        for vintage in vintages:
            for table in HISTORY_TABLES:
                self.read(vintage, table)
        return vintages

    def numbers(self, year: int) -> list[int]:
        """The numbers of the vintages of a year, oldest first, without reading them."""
        return [int(folder.name) for folder in self._folders(year)]

    def digests(self) -> dict[int, dict[int, str]]:
        """The digest of every vintage, by year and number.

        Raises:
            OSError: If one of them cannot be read.
        """
        return {year: {int(each.name): _digest(each) for each in self._folders(year)} for year in self.years()}

    def _folders(self, year: int) -> list[Path]:
        found = self.folder(year).glob("[0-9]*")
        return sorted(path for path in found if _NUMBER.fullmatch(path.name))

    @staticmethod
    def _path(folder: Path, table: Table) -> Path:
        return folder / f"{table.name}.parquet"

    @staticmethod
    def _vintage(folder: Path) -> Vintage:
        try:
            return Vintage.model_validate_json((folder / _VINTAGE).read_bytes())
        except (OSError, ValidationError):
            raise _damaged(folder) from None


def _digest(folder: Path) -> str:
    """The digest of a vintage: of the names and the content of its files."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    return hashlib.sha256("".join(f"{digest_of(path)}  {path.name}\n" for path in files).encode()).hexdigest()


def _damaged(folder: Path) -> Refused:
    return Refused(
        f"vintage {int(folder.name)} of {folder.parent.name} in {folder.parent.parent} is damaged: put its folder back "
        "from a backup (`dakl restore` into another folder), or remove it and lose that part of the history"
    )


def _name(number: int) -> str:
    return f"{number:05d}"

"""The vintages of the figures: ``history/<year>/<number>/``, one folder each, written once and never changed.

Belongs here: keeping and reading them. Does not belong here: what a vintage says (``provenance``). The newest vintage
of a year is what the warehouse shows.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

import polars as pl
from pydantic import ValidationError

from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.errors import Refused
from dakl_pipeline.provenance import Vintage, YearRecord
from resources.files import sync

_VINTAGE = "vintage.json"
_WRITING = ".writing"


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
        """What the newest vintage was made of; None before the first count."""
        newest = self.newest(year)
        return newest.record if newest else None

    def append(self, vintage: Vintage, frames: Mapping[Table, pl.DataFrame]) -> None:
        """Keep a vintage with what belongs to it, whole or not at all. The caller keeps other runs of the year away.

        Args:
            vintage: The vintage.
            frames: Tables of the history with the rows of this vintage.

        Raises:
            Refused: If it cannot be written.
        """
        folder = self._root / str(vintage.year)
        writing = folder / _WRITING
        try:
            shutil.rmtree(writing, ignore_errors=True)
            writing.mkdir(parents=True)
            for table, frame in frames.items():
                frame.select(table.column_names).sort(table.sort_by).write_parquet(self._path(writing, table))
            (writing / _VINTAGE).write_text(vintage.model_dump_json(indent=1), encoding="utf-8")
            sync(writing)
            writing.rename(folder / f"{vintage.number:05d}")
            sync(folder)
        except OSError as error:
            raise Refused(f"{folder} cannot be written ({error.strerror}); the last good figures stay") from None

    def path(self, vintage: Vintage, table: Table) -> Path:
        """Where the rows of a vintage in a table of the history are."""
        return self._path(self._root / str(vintage.year) / f"{vintage.number:05d}", table)

    def years(self) -> list[int]:
        """The years that have been counted."""
        return sorted(int(path.name) for path in self._root.glob("[0-9]*") if self._folders(int(path.name)))

    def _folders(self, year: int) -> list[Path]:
        return sorted((self._root / str(year)).glob("[0-9]*"))

    @staticmethod
    def _path(folder: Path, table: Table) -> Path:
        return folder / f"{table.name}.parquet"

    @staticmethod
    def _vintage(folder: Path) -> Vintage:
        try:
            return Vintage.model_validate_json((folder / _VINTAGE).read_bytes())
        except (OSError, ValidationError):
            raise Refused(
                f"{folder} is damaged: put it back with `dakl restore`, or remove it and lose that part of the history"
            ) from None

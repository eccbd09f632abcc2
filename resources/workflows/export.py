"""Writing a table to a file of the user: never over anything but an earlier export."""

import re
from collections.abc import Iterable
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import polars as pl
from polars.exceptions import PolarsError

from dakl_pipeline.contracts import WAREHOUSE_TABLES
from dakl_pipeline.errors import Refused
from dakl_pipeline.presentation.exports import PROTECTION
from resources.config.home import Home
from resources.storage.audit_heads import AuditHeads
from resources.storage.files import write_atomically

# The header is among the first lines: an export may say first what it is.
_FIRST_LINES = 5
_LONGEST_LINE = 10_000
_TABLE_OF_A_WORKBOOK = "xl/tables/table1.xml"


def write_export(out: Path, content: bytes, home: Home) -> None:
    """Write an export atomically; the same command may be repeated.

    Args:
        out: The file, ending in ``.csv``, ``.parquet`` or ``.xlsx``.
        content: Its content.
        home: The home that the table is from.

    Raises:
        Refused: If it would be among the state of the home, or replace a file that is no export.
        OSError: If it cannot be written.
    """
    place, root = out.absolute().parent.resolve(), home.root.resolve()
    closed = (*home.folders, AuditHeads(home).path.parent)
    if place == root or any(place.is_relative_to(folder.resolve()) for folder in closed):
        raise Refused(f"{out} is among the files of the home: choose another place, nothing was overwritten")
    if out.is_symlink() or (out.exists() and not _is_export(out)):
        raise Refused(f"{out} is there and is no earlier export: choose another name, nothing was overwritten")
    write_atomically(out, content)


def _is_export(file: Path) -> bool:
    """Whether a file has the columns of a table of the warehouse, or nothing that could be lost."""
    try:
        if file.is_file() and file.stat().st_size == 0:
            return True
        found = _columns(file)
    except (OSError, PolarsError, BadZipFile, KeyError, UnicodeDecodeError):
        return False
    exported = [set(table.columns) for table in WAREHOUSE_TABLES.values()]
    return any(set(columns) - {PROTECTION} in exported for columns in found)


def _columns(file: Path) -> Iterable[list[str]]:
    if not file.is_file():
        return []
    if file.suffix.lower() == ".parquet":
        return [pl.scan_parquet(file, glob=False).collect_schema().names()]
    if file.suffix.lower() == ".xlsx":
        with ZipFile(file) as workbook:
            return [re.findall('<tableColumn [^>]*name="([^"]*)"', workbook.read(_TABLE_OF_A_WORKBOOK).decode())]
    with file.open(encoding="utf-8") as text:
        return [text.readline(_LONGEST_LINE).strip().split(",") for _ in range(_FIRST_LINES)]

"""Unique persons with list columns of types of shelter and suppliers become three tables, as stages now make them."""

import hashlib
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from resources.storage.files import write_atomically

PERSONS = "persons.unique"
_KEY = ("year", "region_code", "person_pseudonym")
# New table -> its old list column, and its new column.
_NARROW = {
    "persons.shelter_types": ("shelter_type_codes", "shelter_type_code"),
    "persons.suppliers": ("supplier_ids", "supplier_id"),
}
DIGEST_SHOWN = 16
StoredTables = dict[str, dict[str, str | int]]


def split_persons(path: Path) -> StoredTables:
    """Replace a file of unique persons by the three tables it becomes.

    Args:
        path: The file, verified to be intact.

    Returns:
        The new tables as recorded, by name.

    Raises:
        OSError: If something cannot be read or written.
        polars.exceptions.PolarsError: If it is damaged.
    """
    frame = pl.read_parquet(path, glob=False)
    lists = [old for old, _ in _NARROW.values()]
    frames = {PERSONS: frame.drop(lists)}
    for name, (old, new) in _NARROW.items():
        frames[name] = frame.select(*_KEY, pl.col(old).alias(new)).explode(new).sort(*_KEY, new)
    path.unlink()
    return {name: _write(path.parent, name, rows) for name, rows in frames.items()}


def name_split_persons(record: dict[str, Any], split: Mapping[str, StoredTables]) -> None:
    """Name the new tables of unique persons in the record of a year or vintage.

    Args:
        record: The record, as read from JSON.
        split: The new tables as recorded, by the digest of their old file.
    """
    for stage in record.get("stages", {}).values():
        tables = stage.get("tables", {})
        tables |= split.get(tables.get(PERSONS, {}).get("sha256"), {})


def _write(folder: Path, name: str, frame: pl.DataFrame) -> dict[str, str | int]:
    buffer = BytesIO()
    frame.rechunk().write_parquet(buffer)
    digest = hashlib.sha256(buffer.getbuffer()).hexdigest()
    write_atomically(folder / f"{name}.{digest[:DIGEST_SHOWN]}.parquet", buffer.getbuffer())
    return {"sha256": digest, "rows": frame.height}

"""New names for the columns of kept tables and the keys of kept records."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from resources.storage.files import write_atomically


@dataclass(frozen=True)
class Renames:
    """New names that one format introduces.

    Attributes:
        tables: New names of tables, by their old name with the schema.
        columns: New names of columns, by their old name, in any table.
        values: New values by old value, by the new name of the column.
        keys: New keys of records, by their old name, at any depth.
    """

    tables: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)

    def of_record(self, record: Any, digests: Mapping[str, str]) -> Any:
        """A record with new keys, at any depth.

        Args:
            record: The record, as read from JSON.
            digests: New digests of rewritten files, by their old ones.
        """
        if isinstance(record, dict):
            return {self._key(key): self.of_record(value, digests) for key, value in record.items()}
        if isinstance(record, list):
            return [self.of_record(value, digests) for value in record]
        return digests.get(record, record) if isinstance(record, str) else record

    def rewrite(self, path: Path) -> bool:
        """Rewrite a Parquet file with new columns and values, if it has old ones.

        Returns:
            Whether it was rewritten; if not, its bytes are unchanged.

        Raises:
            OSError: If it cannot be read or written.
            polars.exceptions.PolarsError: If it is damaged.
        """
        schema = pl.read_parquet_schema(path)
        columns = {old: new for old, new in self.columns.items() if old in schema}
        valued = [name for name in (columns.get(name, name) for name in schema) if name in self.values]
        if not columns and not valued:
            return False
        frame = pl.read_parquet(path, glob=False).rename(columns)
        buffer = BytesIO()
        frame.with_columns(
            pl.col(name).cast(pl.String).replace(dict(self.values[name])) for name in valued
        ).rechunk().write_parquet(buffer)
        write_atomically(path, buffer.getbuffer())
        return True

    def _key(self, key: str) -> str:
        return self.keys.get(key) or self.tables.get(key) or key

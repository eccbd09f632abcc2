"""Exports a table to CSV, Parquet or Excel; the same rows give the same bytes."""

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO

import polars as pl
from xlsxwriter import Workbook

# Excel files contain a creation date; a fixed one keeps the bytes reproducible.
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def to_csv(frame: pl.DataFrame) -> bytes:
    """Return the frame as CSV: UTF-8, comma, header, LF, times in ISO 8601 (UTC)."""
    return _with_iso_times(frame).write_csv().encode("utf-8")


def to_parquet(frame: pl.DataFrame) -> bytes:
    """Return the frame as Parquet."""
    buffer = BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def to_xlsx(frame: pl.DataFrame) -> bytes:
    """Return the frame as an Excel workbook with one sheet; codes stay text, and no text becomes a formula."""
    buffer = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    with Workbook(buffer, options) as workbook:
        workbook.set_properties({"created": _EPOCH})
        _with_iso_times(frame).write_excel(workbook, worksheet="table", autofit=True)
    return buffer.getvalue()


FORMATS: dict[str, Callable[[pl.DataFrame], bytes]] = {".csv": to_csv, ".parquet": to_parquet, ".xlsx": to_xlsx}


def _with_iso_times(frame: pl.DataFrame) -> pl.DataFrame:
    times = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime)]
    return frame.with_columns(pl.col(times).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")) if times else frame

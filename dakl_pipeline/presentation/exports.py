"""Exports a table to CSV, Parquet or Excel; the same rows give the same bytes.

A file can state how it is protected, so that it still says so after it has left the program: as a last column in CSV,
which has no other place that every reader skips; in the metadata of Parquet; as the name of the sheet, and in print, in
Excel.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO

import polars as pl

# Excel files contain a creation date; a fixed one keeps the bytes reproducible.
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
# The protection of exact figures.
INTERNAL = "internal, not protected"
PROTECTION = "protection"


def to_csv(frame: pl.DataFrame, protection: str | None = None) -> bytes:
    """Return the frame as CSV: UTF-8, comma, header, LF, times in ISO 8601 (UTC); the protection is the last column."""
    marked = frame if protection is None else frame.with_columns(pl.lit(protection).alias(PROTECTION))
    return _with_iso_times(marked).write_csv().encode("utf-8")


def to_parquet(frame: pl.DataFrame, protection: str | None = None) -> bytes:
    """Return the frame as Parquet; the protection is in its metadata."""
    buffer = BytesIO()
    frame.write_parquet(buffer, metadata=None if protection is None else {PROTECTION: protection})
    return buffer.getvalue()


def to_xlsx(frame: pl.DataFrame, protection: str | None = None) -> bytes:
    """Return the frame as an Excel workbook with one sheet, named after the protection.

    Codes stay text, and no text becomes a formula.
    """
    # Only here: `dakl figures` needs this module for two words.
    from xlsxwriter import Workbook

    buffer = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    with Workbook(buffer, options) as workbook:
        workbook.set_properties({"created": _EPOCH})
        sheet = workbook.add_worksheet(protection or "table")
        if protection is not None:
            sheet.set_header(f"&C{protection}")
        _with_iso_times(frame).write_excel(workbook, worksheet=sheet, autofit=True)
    return buffer.getvalue()


Format = Callable[[pl.DataFrame, str | None], bytes]
FORMATS: dict[str, Format] = {
    ".csv": to_csv,
    ".parquet": to_parquet,
    ".xlsx": to_xlsx,
}


def _with_iso_times(frame: pl.DataFrame) -> pl.DataFrame:
    times = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime)]
    return frame.with_columns(pl.col(times).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")) if times else frame

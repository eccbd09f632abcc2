"""Reads the typed registrations of an approved file for the rest of the pipeline.

A file that would be rejected is refused, never read in part.
"""

from typing import BinaryIO

import polars as pl

from dakl_pipeline.errors import Refused
from dakl_pipeline.intake.eleven_test import passes_eleven_test
from dakl_pipeline.intake.fields import ROW
from dakl_pipeline.intake.lines import BLOCK_BYTES
from dakl_pipeline.intake.scan import scan
from dakl_pipeline.intake.values import BSN_LENGTH, CODE_LENGTH, V_NUMBER_LENGTH, Context
from dakl_pipeline.reference.methodology import Methodology


def read_registrations(
    source: BinaryIO, reporting_year: int, *, methodology: Methodology, block_bytes: int = BLOCK_BYTES
) -> pl.DataFrame:
    """Read the registrations of an approved file.

    Args:
        source: a binary stream at its start; not closed.
        reporting_year: the year in the name of the file.
        methodology: the settings of the statistic.
        block_bytes: approximate number of bytes held at a time.

    Returns:
        One row for each registration, in file order: ``line_number`` (UInt32, header = 1), ``creation_date`` (Date),
        ``gemeente_code`` (String, 4 digits), ``bsn`` (String, 9 digits, null when missing), ``bsn_status`` (String:
        ``usable``, ``missing`` or ``fails_eleven_test``), ``shelter_type_code`` (String, 4 digits), ``start_date``
        (Date), ``end_date`` and ``request_date`` (Date or null), ``end_reason_code`` (String or null), ``v_number``
        (String, 10 digits, or null). Lost leading zeros are restored (A2, A3).

    Raises:
        Refused: if the file does not pass the technical check; the message holds no value from it.
    """
    parts: list[pl.DataFrame] = []
    context = Context(year=reporting_year, methodology=methodology)
    scanned = scan(source, context, lambda part, _: parts.append(part), block_bytes=block_bytes)
    if scanned.collector.has_errors:
        raise Refused(
            f"The file does not pass the technical check ({scanned.collector.error_count} faults): run `dakl check`."
        )
    status = (
        pl.when(pl.col("bsn").is_null())
        .then(pl.lit("missing"))
        .when(passes_eleven_test(pl.col("bsn")))
        .then(pl.lit("usable"))
        .otherwise(pl.lit("fails_eleven_test"))
    )
    return (
        pl.concat(parts)
        .lazy()
        .select(
            ROW,
            "creation_date",
            _digits("gemeente_code", CODE_LENGTH),
            _digits("bsn", BSN_LENGTH),
            status.alias("bsn_status"),
            _digits("shelter_type_code", CODE_LENGTH),
            "start_date",
            "end_date",
            "request_date",
            "end_reason_code",
            _digits("v_number", V_NUMBER_LENGTH),
        )
        .collect()
    )


def _digits(column: str, length: int) -> pl.Expr:
    return pl.col(column).cast(pl.String).str.zfill(length)

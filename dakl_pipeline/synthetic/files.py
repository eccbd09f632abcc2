"""Delivered files as bytes: the nine or six columns, in the styles of different systems."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from io import BytesIO

import polars as pl

from dakl_pipeline.reference.code_lists import shelter_types
from dakl_pipeline.synthetic.people import day_of
from dakl_pipeline.synthetic.profile import settings

# The columns of assumption A1; the first six are the basic set.
COLUMNS = (
    "aanmaakdatum", "gemeentecode", "bsn", "type_opvang", "startdatum", "einddatum",
    "meldingsdatum", "reden_einde", "v_nummer",
)  # fmt: skip
BASIC_COLUMNS = 6
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class FileStyle:
    """The style in which a supplier's system writes files; every combination passes the technical check.

    Attributes:
        is_basic: whether only the six basic columns are written.
        has_byte_order_mark: whether the file starts with a byte order mark.
        is_crlf: whether lines end in CRLF.
        is_quoted: whether every value is quoted.
        strips_zeros: whether BSN, municipality and type lose their leading zeros (A2, A3).
        writes_year_end_literal: whether 31 December is written as ``<year>-31-12`` (webinar 2025).
    """

    is_basic: bool = False
    has_byte_order_mark: bool = False
    is_crlf: bool = False
    is_quoted: bool = False
    strips_zeros: bool = False
    writes_year_end_literal: bool = False


def as_text(registrations: pl.DataFrame, year: int, creation_date: date, style: FileStyle) -> pl.DataFrame:
    """Format registrations (``REGISTRATION_COLUMNS``) as text, in the columns of A1.

    Missing values are empty; a missing BSN is 999999999 if ``is_nines``.
    """
    digits = (0, 0) if style.strips_zeros else (4, 9)

    def code(column: str) -> pl.Expr:
        return pl.col(column).cast(pl.String).str.zfill(digits[0])

    def day(column: str) -> pl.Expr:
        text = pl.col(column).cast(pl.Int32).cast(pl.Date).cast(pl.String).fill_null("")
        if not style.writes_year_end_literal:
            return text
        is_year_end = pl.col(column).fill_null(0) == day_of(year, is_last=True)
        return pl.when(is_year_end).then(pl.lit(f"{year}-31-12")).otherwise(text)

    missing = pl.when("is_nines").then(pl.lit(settings().missing_bsn_values[0])).otherwise(pl.lit(""))
    reason = pl.col("end_reason").cast(pl.String).str.zfill(2)
    fields = registrations.select(
        pl.lit(creation_date.isoformat()).alias("aanmaakdatum"),
        code("municipality").alias("gemeentecode"),
        pl.col("bsn").cast(pl.String).str.zfill(digits[1]).fill_null(missing).alias("bsn"),
        code("shelter_type").alias("type_opvang"),
        day("start").alias("startdatum"),
        day("end").alias("einddatum"),
        day("request").alias("meldingsdatum"),
        pl.when(pl.col("end_reason") > 0).then(reason).otherwise(pl.lit("")).alias("reden_einde"),
        pl.col("v_number").cast(pl.String).fill_null("").alias("v_nummer"),
    )
    return fields.select(COLUMNS[:BASIC_COLUMNS]) if style.is_basic else fields


def write(fields: pl.DataFrame, style: FileStyle) -> bytes:
    """Write the file: a header and ``;``-separated rows."""
    out = BytesIO(_BYTE_ORDER_MARK if style.has_byte_order_mark else b"")
    out.seek(0, 2)
    fields.write_csv(
        out,
        separator=";",
        line_terminator="\r\n" if style.is_crlf else "\n",
        quote_style="always" if style.is_quoted else "never",
    )
    return out.getvalue()


def _replace(column: str, value: str) -> Callable[[pl.DataFrame, int], pl.DataFrame]:
    """Return a function that puts ``value`` in the last row of ``column``."""

    def spoil(fields: pl.DataFrame, _: int) -> pl.DataFrame:
        is_last = pl.int_range(pl.len()) == pl.len() - 1
        return fields.with_columns(pl.when(is_last).then(pl.lit(value)).otherwise(column).alias(column))

    return spoil


def _other_date_order(fields: pl.DataFrame, _: int) -> pl.DataFrame:
    return fields.with_columns(pl.col("startdatum").str.replace(r"^(\d+)-(\d+)-(\d+)$", "$3-$2-$1"))


def _type_of_another_year(fields: pl.DataFrame, year: int) -> pl.DataFrame:
    invalid = [each.code for each in shelter_types() if not each.is_valid_in(year)]
    return _replace("type_opvang", invalid[0] if invalid else "0202")(fields, year)


# Technical faults, each of which rejects the whole file (monitor rule 3.1).
DEFECTS: tuple[Callable[[pl.DataFrame, int], pl.DataFrame], ...] = (
    _replace("bsn", "onbekend"),
    _replace("startdatum", "2023-02-30"),
    _type_of_another_year,
    _other_date_order,
    _replace("einddatum", "g\u00e9\u00e9n"),
    lambda fields, _: fields.drop("type_opvang"),
    lambda fields, _: fields.clear(),
    _replace("gemeentecode", "Almelo"),
)

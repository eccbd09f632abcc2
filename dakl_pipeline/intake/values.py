"""The values of delivered fields: what each column may contain and how it is parsed.

Input columns are the delivered columns as String; an empty string is an empty field.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

import polars as pl

from dakl_pipeline.intake.eleven_test import is_bsn
from dakl_pipeline.reference.code_lists import placeholder_numbers, shelter_types
from dakl_pipeline.reference.methodology import Methodology

# ASCII digits only: \d would match digits of every script.
DATE_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
BSN_PATTERN = r"^[0-9]{8,9}$"
CODE_PATTERN = r"^[0-9]{1,4}$"
V_NUMBER_PATTERN = r"^[0-9]{10}$"
V_NUMBER_ZERO_LOST_PATTERN = r"^[0-9]{9}$"
# Delivered column -> column of the typed registrations.
DATE_COLUMNS = {
    "aanmaakdatum": "creation_date",
    "startdatum": "start_date",
    "einddatum": "end_date",
    "meldingsdatum": "request_date",
}
BSN_LENGTH = 9
CODE_LENGTH = 4
V_NUMBER_LENGTH = 10

_FIRST_DATE = date(1, 1, 1)
_SWAPPED_YEAR_END = "-31-12"


@dataclass(frozen=True, slots=True)
class Context:
    """The context of a delivery that the rules need.

    Attributes:
        year: reporting year (1-9999), or None if unknown: rules then use the lists of all years.
        methodology: the settings.
        today: the day of the check, in Dutch time; None if no rule needs it.
    """

    year: int | None
    methodology: Methodology
    today: date | None = None

    @property
    def known_year(self) -> int:
        """The reporting year, for code that requires one.

        Raises:
            ValueError: if the year is unknown.
        """
        if self.year is None:
            raise ValueError("content rules need a reporting year")
        return self.year

    def shelter_type_codes(self) -> list[str]:
        """Return the codes of types of shelter that may be delivered (webinars 2024 and 2025, A4)."""
        return [t.code for t in shelter_types() if self.year is None or t.is_valid_in(self.year)]


def is_swapped_year_end(column: str, context: Context) -> pl.Expr:
    """Return whether a field holds ``<reporting year>-31-12``, read as 31 December of that year (webinar 2025)."""
    if context.year is None:
        return pl.col(column).str.contains(rf"^[0-9]{{4}}{_SWAPPED_YEAR_END}$")
    return pl.col(column) == f"{context.year:04d}{_SWAPPED_YEAR_END}"


def read_date(column: str, context: Context) -> pl.Expr:
    """Parse a field as Date; null if it is empty or not an existing date from year 1 on (monitor rule 2).

    The pattern must be tested separately: parsing is more tolerant than the rule.
    """
    parsed = pl.col(column).str.to_date("%Y-%m-%d", strict=False)
    parsed = pl.when(parsed >= _FIRST_DATE).then(parsed)
    if context.year is None:
        return parsed
    return pl.when(is_swapped_year_end(column, context)).then(date(context.year, 12, 31)).otherwise(parsed)


def is_missing_bsn(column: str, context: Context) -> pl.Expr:
    """Return whether a field means a missing BSN: empty, or a value from the settings (webinar 2024)."""
    return pl.col(column).is_in(["", *context.methodology.missing_bsn_values])


def _read_bsn(column: str, context: Context) -> pl.Expr:
    is_missing = is_missing_bsn(column, context) | is_placeholder_bsn(column)
    return pl.when(~is_missing).then(pl.col(column).cast(pl.UInt32, strict=False))


def is_placeholder_bsn(column: str) -> pl.Expr:
    """Return whether a field holds a number that belongs to nobody though it passes the eleven test (assumption D43).

    Numbers that fail the eleven test identify nobody anyway, and have their own finding.
    """
    passing = _passing(placeholder_numbers("bsn"))
    return pl.col(column).is_in([*passing, "0" * (BSN_LENGTH - 1)])


def is_placeholder_v_number(column: str) -> pl.Expr:
    """Return whether a field holds a number that means a missing V-number (assumption D43)."""
    return pl.col(column).is_in(sorted(placeholder_numbers("v_number")))


def _read_v_number(column: str) -> pl.Expr:
    return pl.when(~is_placeholder_v_number(column)).then(pl.col(column).cast(pl.UInt64, strict=False))


def _passing(numbers: frozenset[str]) -> list[str]:
    """Return the numbers that pass the eleven test."""
    return sorted(pl.Series(sorted(numbers), dtype=pl.String).to_frame("n").filter(is_bsn(pl.col("n")))["n"])


def read_code(column: str) -> pl.Expr:
    """Parse a code as a number, so that lost leading zeros do not matter (A3); null if it is not a number."""
    return pl.col(column).cast(pl.UInt16, strict=False)


@cache
def typed_expressions(columns: tuple[str, ...], context: Context) -> Mapping[str, pl.Expr]:
    """Return the expressions that parse the compact typed registrations from delivered columns.

    Args:
        columns: the columns in the file; a missing optional column gives nulls.
        context: the delivery.

    Returns:
        By name: ``creation_date, start_date, end_date, request_date`` (Date), ``gemeente_code, shelter_type_code``
        (UInt16), ``bsn`` (UInt32, null when missing), ``end_reason_code`` (String), ``v_number`` (UInt64).
    """
    expressions = {
        "creation_date": ("aanmaakdatum", read_date("aanmaakdatum", context), pl.Date),
        "gemeente_code": ("gemeentecode", read_code("gemeentecode"), pl.UInt16),
        "bsn": ("bsn", _read_bsn("bsn", context), pl.UInt32),
        "shelter_type_code": ("type_opvang", read_code("type_opvang"), pl.UInt16),
        "start_date": ("startdatum", read_date("startdatum", context), pl.Date),
        "end_date": ("einddatum", read_date("einddatum", context), pl.Date),
        "request_date": ("meldingsdatum", read_date("meldingsdatum", context), pl.Date),
        "end_reason_code": ("reden_einde", pl.col("reden_einde").replace("", None), pl.String),
        "v_number": ("v_nummer", _read_v_number("v_nummer"), pl.UInt64),
    }
    return {
        name: expression if column in columns else pl.lit(None, dtype=dtype)
        for name, (column, expression, dtype) in expressions.items()
    }

"""The rules on values and on single registrations: one expression for each rule of the catalogue.

Belongs here: expressions that are true where a rule is broken. Does not belong here: texts and severities (the
catalogue), rules that compare registrations with each other (``table_rules.py``).
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

import polars as pl

from dakl_pipeline import reference
from dakl_pipeline.intake.eleven_test import passes_eleven_test
from dakl_pipeline.intake.values import (
    BSN_LENGTH,
    BSN_PATTERN,
    CODE_LENGTH,
    CODE_PATTERN,
    DATE_PATTERN,
    V_NUMBER_PATTERN,
    Context,
    is_missing_bsn,
    is_swapped_year_end,
    read_code,
    read_date,
)
from dakl_pipeline.municipality import CodeStatus, codes_with_status

# Over the delivered columns (String, null: set aside); called for each column that the catalogue gives the rule.
ValueRule = Callable[[str, Context], pl.Expr]
# Over the compact typed registrations of `values.typed_expressions`, of a file without errors, and the creation date
# of its first registration.
ContentRule = Callable[[Context], pl.Expr]

FIRST_CREATION_DATE = "first_creation_date"


def _misses(column: str, pattern: str) -> pl.Expr:
    return (pl.col(column) != "") & ~pl.col(column).str.contains(pattern)


def _numbers(codes: Iterable[str]) -> list[int]:
    return [int(code) for code in codes]


def _date_format(column: str, context: Context) -> pl.Expr:
    return _misses(column, DATE_PATTERN)


def _date_nonexistent(column: str, context: Context) -> pl.Expr:
    is_fault = read_date(column, context).is_null() & pl.col(column).str.contains(DATE_PATTERN)
    # Without a reporting year the swapped end of any year may be right.
    return is_fault & ~is_swapped_year_end(column, context) if context.year is None else is_fault


def _shelter_type_unknown(column: str, context: Context) -> pl.Expr:
    in_list = read_code(column).is_in(_numbers(context.shelter_type_codes()))
    return pl.col(column).str.contains(CODE_PATTERN) & ~in_list


def _bsn_format(column: str, context: Context) -> pl.Expr:
    return _misses(column, BSN_PATTERN) & ~is_missing_bsn(column, context)


def _bsn_padded(column: str, context: Context) -> pl.Expr:
    return (pl.col(column).str.len_bytes() == BSN_LENGTH - 1) & ~is_missing_bsn(column, context)


VALUE_RULES: Mapping[str, ValueRule] = {
    "required_empty": lambda column, _: pl.col(column) == "",
    "date_format": _date_format,
    "date_nonexistent": _date_nonexistent,
    "code_format": lambda column, _: _misses(column, CODE_PATTERN),
    "shelter_type_unknown": _shelter_type_unknown,
    "bsn_format": _bsn_format,
    "end_reason_unknown": lambda column, _: ~pl.col(column).is_in(["", *(r.code for r in reference.end_reasons())]),
    "v_number_format": lambda column, _: _misses(column, V_NUMBER_PATTERN),
    "bsn_padded": _bsn_padded,
    "code_padded": lambda column, _: pl.col(column).str.len_bytes().is_between(1, CODE_LENGTH - 1),
    "year_end_swapped": is_swapped_year_end,
}


def _gemeente_is(status: CodeStatus, context: Context) -> pl.Expr:
    return pl.col("gemeente_code").is_in(_numbers(codes_with_status(status, context.known_year)))


def _gemeente_unknown(context: Context) -> pl.Expr:
    known: tuple[CodeStatus, ...] = ("current", "merged", "divided")
    return ~pl.any_horizontal(_gemeente_is(status, context) for status in known)


def _outside_year(context: Context) -> pl.Expr:
    year = context.known_year
    return (pl.col("start_date") > date(year, 12, 31)) | (pl.col("end_date") < date(year, 1, 1)).fill_null(False)


def _long_open(context: Context) -> pl.Expr:
    """A6. A stay that ends on 31 December or later was open then: so are people delivered who are still there."""
    year_end = date(context.known_year, 12, 31)
    is_open = pl.col("end_date").is_null() | (pl.col("end_date") >= year_end)
    return is_open & ((year_end - pl.col("start_date")).dt.total_days() > context.methodology.long_open_days)


def _created_later(context: Context) -> pl.Expr:
    return pl.col("creation_date") > context.today if context.today else pl.lit(False)


CONTENT_RULES: Mapping[str, ContentRule] = {
    "bsn_eleven_test": lambda _: pl.col("bsn").is_not_null() & ~passes_eleven_test(pl.col("bsn")),
    "bsn_missing": lambda _: pl.col("bsn").is_null() & pl.col("v_number").is_null(),
    "gemeente_unknown": _gemeente_unknown,
    "gemeente_merged": lambda context: _gemeente_is("merged", context),
    "gemeente_divided": lambda context: _gemeente_is("divided", context),
    "end_before_start": lambda _: pl.col("end_date") < pl.col("start_date"),
    "no_overlap_with_year": _outside_year,
    "request_after_start": lambda _: pl.col("request_date") > pl.col("start_date"),
    "long_open": _long_open,
    "creation_date_future": _created_later,
    "creation_date_differs": lambda _: pl.col("creation_date") != pl.col(FIRST_CREATION_DATE),
}

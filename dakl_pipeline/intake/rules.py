"""The rules on values and on single registrations: one expression per rule of the catalogue."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import cache

import polars as pl

from dakl_pipeline.intake.eleven_test import passes_eleven_test
from dakl_pipeline.intake.values import (
    BSN_LENGTH,
    BSN_PATTERN,
    CODE_LENGTH,
    CODE_PATTERN,
    DATE_COLUMNS,
    DATE_PATTERN,
    V_NUMBER_PATTERN,
    V_NUMBER_ZERO_LOST_PATTERN,
    Context,
    is_missing_bsn,
    is_placeholder_bsn,
    is_placeholder_v_number,
    is_swapped_year_end,
    read_code,
    read_date,
)
from dakl_pipeline.reference.code_lists import end_reasons, end_reasons_elsewhere, plausible_years
from dakl_pipeline.reference.municipality import CodeStatus, codes_with_status

# Works on the delivered columns (String, null: already reported); called for each column of the rule in the catalogue.
ValueRule = Callable[[str, Context], pl.Expr]
# Works on the compact typed registrations of `values.typed_expressions`, of a file without errors, and the creation
# date of its first registration.
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
    # Without a reporting year, the swapped year end of any year may be right.
    return is_fault & ~is_swapped_year_end(column, context) if context.year is None else is_fault


def _shelter_type_unknown(column: str, context: Context) -> pl.Expr:
    in_list = read_code(column).is_in(_numbers(context.shelter_type_codes()))
    return pl.col(column).str.contains(CODE_PATTERN) & ~in_list


def _bsn_format(column: str, context: Context) -> pl.Expr:
    return _misses(column, BSN_PATTERN) & ~is_missing_bsn(column, context)


def _bsn_padded(column: str, context: Context) -> pl.Expr:
    is_missing = is_missing_bsn(column, context) | is_placeholder_bsn(column)
    return (pl.col(column).str.len_bytes() == BSN_LENGTH - 1) & ~is_missing


def _end_reason_unknown(column: str, context: Context) -> pl.Expr:
    known = {"", *(reason.code for reason in end_reasons()), *meant_end_reasons()}
    return ~pl.col(column).is_in(sorted(known))


@cache
def meant_end_reasons() -> Mapping[str, str]:
    """Return the probable meaning of iWmo and iJw codes that are not in our list (A5), from reference lists only."""
    names = {reason.code: reason.name for reason in end_reasons()}
    # By code and meaning: the standards in which the code has that meaning.
    standards: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for there in end_reasons_elsewhere():
        if there.code not in names:
            meant = f"{there.meant_code} ({names[there.meant_code]})" if there.meant_code else "geen van onze codes"
            standards[there.code][f"{there.meaning}, dan {meant}"].append(there.standard)
    meanings = {
        code: "; ".join(f"in {' en '.join(where)} {text}" for text, where in texts.items())
        for code, texts in standards.items()
    }
    return {code: f"{code} is {meaning}." for code, meaning in meanings.items()}


VALUE_RULES: Mapping[str, ValueRule] = {
    "required_empty": lambda column, _: pl.col(column) == "",
    "date_format": _date_format,
    "date_nonexistent": _date_nonexistent,
    "code_format": lambda column, _: _misses(column, CODE_PATTERN),
    "shelter_type_unknown": _shelter_type_unknown,
    "bsn_format": _bsn_format,
    "end_reason_unknown": _end_reason_unknown,
    "end_reason_other_standard": lambda column, _: pl.col(column).is_in(list(meant_end_reasons())),
    "v_number_zero_lost": lambda column, _: pl.col(column).str.contains(V_NUMBER_ZERO_LOST_PATTERN),
    "v_number_format": lambda column, _: (
        _misses(column, V_NUMBER_PATTERN) & ~pl.col(column).str.contains(V_NUMBER_ZERO_LOST_PATTERN)
    ),
    "bsn_placeholder": lambda column, _: is_placeholder_bsn(column),
    "v_number_placeholder": lambda column, _: is_placeholder_v_number(column),
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
    """A6. An end on 31 December or later counts as open: that is how suppliers deliver people who are still there."""
    year_end = date(context.known_year, 12, 31)
    is_open = pl.col("end_date").is_null() | (pl.col("end_date") >= year_end)
    return is_open & ((year_end - pl.col("start_date")).dt.total_days() > context.methodology.long_open_days)


def _dates(column: str) -> pl.Expr:
    return pl.col(DATE_COLUMNS[column])


def expected_years(column: str, context: Context) -> tuple[int, int]:
    """Return the first and last plausible year of a date column (assumption D45)."""
    plausible = plausible_years()[column]
    return context.known_year + plausible.earliest, context.known_year + plausible.latest


def _year_implausible(column: str, context: Context) -> pl.Expr:
    first, last = expected_years(column, context)
    day = _dates(column)
    # A stay that is outside the year by only a few years has its own finding.
    return (day < date(max(first, 1), 1, 1)) | (day > date(min(last, date.max.year), 12, 31))


def _date_after_creation(column: str, context: Context) -> pl.Expr:
    """Skip dates with an implausible year, and the year end that means 'still there'."""
    day = _dates(column)
    is_plausible = ~_year_implausible(column, context) & ~_year_implausible("aanmaakdatum", context)
    still_there = day == date(context.known_year, 12, 31) if column == "einddatum" else pl.lit(False)
    return (day > pl.col("creation_date")) & is_plausible & ~still_there


def _created_later(context: Context) -> pl.Expr:
    return pl.col("creation_date") > context.today if context.today else pl.lit(False)


# Like the content rules, but called for each column of the rule in the catalogue.
COLUMN_CONTENT_RULES: Mapping[str, ValueRule] = {
    "year_implausible": _year_implausible,
    "date_after_creation": _date_after_creation,
}

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

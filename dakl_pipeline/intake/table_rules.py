"""The rules that compare the registrations of one file with each other: duplicates and overlapping stays.

Each rule returns ``line_number`` and ``other_row`` (UInt32): the reported row and the row it clashes with.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from dakl_pipeline.intake.eleven_test import passes_eleven_test
from dakl_pipeline.intake.fields import ROW

# BSN (30 bits), type (11), start (22) and a flag for length fit in one integer, which sorts much faster.
_DAY_BITS = 22
_TYPE_BITS = 11
_NO_BSN = 10**9
_NO_END = 2**_DAY_BITS - 1
_FIRST_DATE = date(1, 1, 1)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The registrations of a file, prepared for comparison.

    Attributes:
        registrations: ``line_number`` and the columns of ``values.typed_expressions``.
        by_stay: ``line_number, group, start, end, key, has_usable_bsn``, sorted by BSN, type and start, stays without
            length first; days count from 0001-01-01, and an empty end is the largest possible day.
        duplicates: the result of ``duplicate_rows``, kept because a duplicate is not reported as an overlap too.
    """

    registrations: pl.DataFrame
    by_stay: pl.DataFrame
    duplicates: pl.DataFrame


TableRule = Callable[[Comparison], pl.DataFrame]


def _days(column: str) -> pl.Expr:
    return (pl.col(column) - _FIRST_DATE).dt.total_days().cast(pl.UInt64)


def compare_rows(registrations: pl.DataFrame) -> Comparison:
    """Sort the registrations by person, type and start, once for all rules.

    Args:
        registrations: ``line_number`` and the columns of ``values.typed_expressions``.

    Returns:
        The comparison, input of the rules in ``TABLE_RULES``.
    """
    types = registrations["shelter_type_code"].unique().sort()
    group = pl.col("bsn").fill_null(_NO_BSN).cast(pl.UInt64) * 2**_TYPE_BITS + pl.col("type_index").cast(pl.UInt64)
    has_length = (pl.col("end") != pl.col("start")).cast(pl.UInt64)
    by_stay = (
        registrations.lazy()
        .with_columns(type_index=types.search_sorted(registrations["shelter_type_code"]))
        .select(
            ROW,
            group=group,
            start=_days("start_date"),
            end=_days("end_date").fill_null(_NO_END),
            has_usable_bsn=passes_eleven_test(pl.col("bsn")),
        )
        .with_columns(key=(pl.col("group") * 2**_DAY_BITS + pl.col("start")) * 2 + has_length)
        .sort("key", maintain_order=True)
        .collect()
    )
    return Comparison(registrations, by_stay, _duplicates(registrations, by_stay))


def _duplicates(registrations: pl.DataFrame, by_stay: pl.DataFrame) -> pl.DataFrame:
    key = pl.col("key")
    suspects = by_stay.filter((key == key.shift(1)) | (key == key.shift(-1))).select(ROW)
    columns = [name for name in registrations.columns if name != ROW]
    return (
        registrations.join(suspects, on=ROW, how="semi")
        .select(ROW, other_row=pl.col(ROW).min().over(columns))
        .filter(pl.col(ROW) != pl.col("other_row"))
        .sort(ROW)
    )


def duplicate_rows(comparison: Comparison) -> pl.DataFrame:
    """Find registrations that equal an earlier one in every column, as read (webinar 2025; monitor rule 4).

    Args:
        comparison: the registrations of a file.

    Returns:
        ``line_number, other_row``, ascending; ``other_row`` is the first of the equal rows.
    """
    return comparison.duplicates


def overlapping_stays(comparison: Comparison) -> pl.DataFrame:
    """Find stays of one usable BSN in one type of shelter that start before an earlier stay has ended.

    A stay that starts on the day another ends does not overlap it. A stay without end date is still open, as in the
    count (monitor rule 5.5). Duplicates and stays that end before they start have their own findings.

    Args:
        comparison: the registrations of a file.

    Returns:
        ``line_number, other_row``, ascending; ``other_row`` is the earlier stay that ends last.
    """
    reach = (pl.col("group") * 2**_DAY_BITS + pl.col("end")).cum_max()
    return (
        comparison.by_stay.lazy()
        .filter(pl.col("has_usable_bsn") & (pl.col("end") >= pl.col("start")))
        .join(comparison.duplicates.lazy(), on=ROW, how="anti", maintain_order="left")
        .with_columns(reach=reach)
        # The row that set the reach is the row where it grew.
        .with_columns(setter=pl.when(pl.col("reach") != pl.col("reach").shift(1, fill_value=0)).then(pl.col(ROW)))
        .with_columns(
            earlier=pl.col("reach").shift(1, fill_value=0), other_row=pl.col("setter").forward_fill().shift(1)
        )
        .filter(
            (pl.col("earlier") // 2**_DAY_BITS == pl.col("group"))
            & (pl.col("start") < pl.col("earlier") % 2**_DAY_BITS)
        )
        .select(ROW, "other_row")
        .sort(ROW)
        .collect()
    )


TABLE_RULES: Mapping[str, TableRule] = {
    "duplicate_row": duplicate_rows,
    "overlapping_stays": overlapping_stays,
}

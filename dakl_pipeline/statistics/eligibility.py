"""The eligibility of registrations for a reporting year (monitor rule 5.5): for the run, and for the check of one file.

Belongs here: one expression per exclusion reason, over columns that both have. Does not belong here: finding the region
or the person, which differs between the two.
"""

import polars as pl

from dakl_pipeline.reference.code_lists import exclusion_reasons, shelter_types
from dakl_pipeline.reference.municipality import CodeStatus, codes_with_status

# Statuses of municipality codes that lead to one centrumregio (monitor rule 5.4).
WITH_REGION: tuple[CodeStatus, ...] = ("current", "merged")


def published_type_codes(year: int) -> list[str]:
    """The types of shelter in the published population of a year."""
    return [t.code for t in shelter_types() if t.is_published and t.is_valid_in(year)]


def codes_with_region(year: int) -> list[str]:
    """The municipality codes that lead to one centrumregio in a year."""
    return [code for status in WITH_REGION for code in codes_with_status(status, year)]


def period_of_stay(year: int) -> pl.Expr:
    """Whether a stay falls in the reporting year, or why not: one of ``contracts.stays.PERIODS`` (monitor rule 5.5).

    Args:
        year: Reporting year.

    Returns:
        String expression over rows with ``start_date`` and ``end_date``; a stay without an end goes on.
    """
    first, last = pl.date(year, 1, 1), pl.date(year, 12, 31)
    return (
        pl.when(pl.col("end_date") < pl.col("start_date"))
        .then(pl.lit("end_before_start"))
        .when(pl.col("start_date") > last)
        .then(pl.lit("starts_after_year"))
        .when(pl.col("end_date") < first)
        .then(pl.lit("ended_before_year"))
        .otherwise(pl.lit("in_year"))
    )


def exclusion_reason(
    *, period: pl.Expr, is_published_type: pl.Expr, has_region: pl.Expr, is_identified: pl.Expr, is_minor: pl.Expr
) -> pl.Expr:
    """The first reason why a registration does not count, by priority; null where it counts (assumption D17).

    Args:
        period: Its period, as :func:`period_of_stay` gives it.
        is_published_type: Whether its type of shelter is in the published population.
        has_region: Whether its municipality leads to a centrumregio.
        is_identified: Whether it identifies a person.
        is_minor: Whether that person is too young for this year.

    Returns:
        String expression. A null condition is no reason.
    """
    conditions = {
        "type_not_published": ~is_published_type,
        **{outside: period == outside for outside in ("end_before_start", "starts_after_year", "ended_before_year")},
        "no_region": ~has_region,
        "no_identifier": ~is_identified,
        "minor": is_minor,
    }
    return pl.coalesce(pl.when(conditions[reason.reason]).then(pl.lit(reason.reason)) for reason in exclusion_reasons())

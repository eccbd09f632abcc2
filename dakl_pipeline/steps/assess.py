"""Stage 5a: which stays count for the reporting year.

Belongs here: monitor rule 5.5, one expression per reason. Does not belong here: counting persons.
"""

from datetime import date

import polars as pl

from dakl_pipeline.contracts.stays import ASSESSED_STAYS
from dakl_pipeline.reference import Methodology, set_aside_reasons, shelter_types


def _conditions(year: int, methodology: Methodology) -> dict[str, pl.Expr]:
    """For every reason of ``set_aside_reason.csv`` the stays it applies to."""
    published = [t.code for t in shelter_types() if t.is_published and t.is_valid_in(year)]
    adults_only = year <= methodology.adults_only_until_year
    return {
        "type_not_published": ~pl.col("shelter_type_code").is_in(published),
        "end_before_start": pl.col("end_date") < pl.col("start_date"),
        "starts_after_year": pl.col("start_date") > date(year, 12, 31),
        "ended_before_year": pl.col("end_date") < date(year, 1, 1),
        "no_region": pl.col("region_code").is_null(),
        "no_identifier": pl.col("person_pseudonym").is_null(),
        # An unknown age stays in (A7): a null comparison is not a reason.
        "minor": pl.col("age") < methodology.adult_age if adults_only else pl.lit(False),
    }


def assess(stays: pl.DataFrame, *, year: int, methodology: Methodology) -> pl.DataFrame:
    """Say for every stay whether it counts, and if not the first reason why (monitor rule 5.5).

    Args:
        stays: Frame of the contract ``stays.regional``.
        year: Reporting year.
        methodology: Settings of the statistic.

    Returns:
        Frame of the contract ``stays.assessed``: every stay, in the same order.
    """
    conditions = _conditions(year, methodology)
    first_reason = pl.coalesce(
        pl.when(conditions[reason.reason]).then(pl.lit(reason.reason)) for reason in set_aside_reasons()
    )
    return stays.with_columns(set_aside_reason=first_reason).select(ASSESSED_STAYS.column_names)

"""Stage 5a: the eligibility of stays for the reporting year."""

import polars as pl

from dakl_pipeline.contracts.stays import STAY_ELIGIBILITY
from dakl_pipeline.reference.methodology import Methodology
from dakl_pipeline.statistics.eligibility import exclusion_reason, published_type_codes


def determine_eligibility(stays: pl.LazyFrame, *, year: int, methodology: Methodology) -> pl.LazyFrame:
    """Determine for every stay whether it counts, and if not, its first exclusion reason (monitor rule 5.5).

    Args:
        stays: Frame of the contract ``stays.regional``.
        year: Reporting year.
        methodology: Settings of the statistic.

    Returns:
        Frame of the contract ``stays.eligibility``: every stay, in the same order.
    """
    adults_only = year <= methodology.adults_only_until_year
    reason = exclusion_reason(
        period=pl.col("period"),
        is_published_type=pl.col("shelter_type_code").is_in(published_type_codes(year)),
        has_region=pl.col("region_code").is_not_null(),
        is_identified=pl.col("person_pseudonym").is_not_null(),
        # A stay with an unknown age counts (A7): a null comparison is not a reason.
        is_minor=~pl.col("is_adult") if adults_only else pl.lit(False),
    )
    return stays.with_columns(exclusion_reason=reason).select(STAY_ELIGIBILITY.column_names)

"""Stage 4: mapping the municipality of the shelter to its centrumregio."""

import polars as pl

from dakl_pipeline.contracts.stays import REGIONAL_STAYS
from dakl_pipeline.reference.code_lists import cached_per_code_lists
from dakl_pipeline.reference.municipality import codes_with_status, successors
from dakl_pipeline.statistics.eligibility import WITH_REGION


@cached_per_code_lists
def municipality_regions(year: int) -> pl.DataFrame:
    """The region of every known municipality code in a reporting year.

    A code of the division of that year has its own region. An old code has the region of its successors if they are all
    in one region, and otherwise none.

    Args:
        year: Reporting year.

    Returns:
        ``gemeente_code, municipality_status (current, merged or divided), region_code (null when divided)``, each code
        once. All other codes are unknown.
    """
    rows: list[tuple[str, str, str | None]] = [
        (code, status, successors(code, year)[0].region_code)
        for status in WITH_REGION
        for code in codes_with_status(status, year)
    ]
    rows += [(code, "divided", None) for code in codes_with_status("divided", year)]
    schema = {"gemeente_code": pl.String, "municipality_status": pl.String, "region_code": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("gemeente_code")


def map_to_region(stays: pl.LazyFrame, *, year: int) -> pl.LazyFrame:
    """Add the centrumregio of each stay (monitor rule 5.4).

    Args:
        stays: Frame of the contract ``stays.enriched``.
        year: Reporting year.

    Returns:
        Frame of the contract ``stays.regional``, with the stays in the same order.
    """
    return (
        stays.join(municipality_regions(year).lazy(), on="gemeente_code", how="left", maintain_order="left")
        .with_columns(pl.col("municipality_status").fill_null("unknown"))
        .select(REGIONAL_STAYS.column_names)
    )

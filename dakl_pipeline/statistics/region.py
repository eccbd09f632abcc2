"""Stage 4: from the municipality of the shelter to its centrumregio."""

import polars as pl

from dakl_pipeline.contracts.stays import REGIONAL_STAYS
from dakl_pipeline.reference.code_lists import cached_per_code_lists
from dakl_pipeline.reference.municipality import codes_with_status, successors
from dakl_pipeline.statistics.eligibility import WITH_REGION


@cached_per_code_lists
def municipality_regions(year: int) -> pl.DataFrame:
    """Where every known municipality code leads to in a reporting year.

    A code of the division of that year leads to its region. An old code leads to its successor; divided over successors
    in one region it still has that region, over several regions it has none.

    Args:
        year: Reporting year.

    Returns:
        ``gemeente_code, municipality_status (current, merged or divided), region_code (null when divided)``, each code
        once. Codes that are not in it are unknown.
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

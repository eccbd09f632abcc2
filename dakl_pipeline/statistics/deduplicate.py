"""Stage 5b: unique persons, across suppliers, municipalities and stays."""

import polars as pl

from dakl_pipeline.contracts.statistics import UNIQUE_PERSONS
from dakl_pipeline.reference.regions import COUNTRY

_CHARACTERISTICS = ("is_in_person_register", "age_class", "sex", "origin", "income_source", "wmo", "wlz")


def deduplicate(stays: pl.DataFrame) -> pl.DataFrame:
    """Bring the eligible stays of one person together (monitor rule 5.6).

    Args:
        stays: Frame of the contract ``stays.eligibility``.

    Returns:
        Frame of the contract ``persons.unique``, sorted by its key. Rows of the country are made from the stays, not
        from the regions, because persons do not add up over regions.
    """
    eligible = stays.filter(pl.col("exclusion_reason").is_null()).with_columns(
        region_count=pl.col("region_code").n_unique().over("person_pseudonym").cast(pl.Int32),
        has_bsn=pl.col("identified_by") != "v_number_only",
    )
    everywhere = pl.concat([eligible, eligible.with_columns(region_code=pl.lit(COUNTRY))])
    return (
        everywhere.group_by("year", "region_code", "person_pseudonym")
        .agg(
            # The characteristics belong to the person: they are the same on every one of their stays.
            pl.col("has_bsn", "region_count", *_CHARACTERISTICS).first(),
            shelter_type_codes=pl.col("shelter_type_code").unique().sort(),
            supplier_ids=pl.col("supplier_id").unique().sort(),
        )
        .select(UNIQUE_PERSONS.column_names)
        .sort(UNIQUE_PERSONS.sort_by)
    )

"""Stage 5b: unique persons, across suppliers, municipalities and stays."""

from dataclasses import dataclass

import polars as pl

from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.contracts.statistics import PERSON_SHELTER_TYPES, PERSON_SUPPLIERS, UNIQUE_PERSONS
from dakl_pipeline.reference.regions import COUNTRY


@dataclass(frozen=True)
class DeduplicatedPersons:
    """The persons of eligible stays, per region and for the country.

    Attributes:
        persons: Frame of the contract ``persons.unique``.
        shelter_types: Frame of the contract ``persons.shelter_types``.
        suppliers: Frame of the contract ``persons.suppliers``.
    """

    persons: pl.LazyFrame
    shelter_types: pl.LazyFrame
    suppliers: pl.LazyFrame


def deduplicate(stays: pl.LazyFrame) -> DeduplicatedPersons:
    """Combine the eligible stays of each person (monitor rule 5.6).

    Rows for the country are made from the stays, not from the regions, because persons do not add up over regions.

    Args:
        stays: Frame of the contract ``stays.eligibility``.
    """
    eligible = stays.filter(pl.col("exclusion_reason").is_null())
    regions = eligible.select("person_pseudonym", "region_code").unique()
    region_counts = regions.group_by("person_pseudonym").agg(region_count=pl.len().cast(pl.Int32))
    eligible = eligible.with_columns(has_bsn=pl.col("identified_by") != "v_number_only").join(
        region_counts, on="person_pseudonym", how="left"
    )
    everywhere = pl.concat([eligible, eligible.with_columns(region_code=pl.lit(COUNTRY))])
    return DeduplicatedPersons(
        # Characteristics belong to the person, so they are the same on all stays of that person.
        persons=_different_rows(everywhere, UNIQUE_PERSONS),
        shelter_types=_different_rows(everywhere, PERSON_SHELTER_TYPES),
        suppliers=_different_rows(everywhere, PERSON_SUPPLIERS),
    )


def _different_rows(stays: pl.LazyFrame, table: Table) -> pl.LazyFrame:
    return stays.select(table.column_names).unique().sort(table.sort_by)

"""Stage 6: unique-person counts, and how the suppliers of a region overlap."""

import polars as pl

from dakl_pipeline.contracts.statistics import SUPPLIER_OVERLAP, UNIQUE_PERSON_COUNTS
from dakl_pipeline.reference import shelter_types

TOTAL = "totaal"
# Dimension of the statistic -> column of the unique persons.
PERSON_DIMENSIONS = {
    "geslacht": "sex",
    "leeftijd": "age_class",
    "herkomst": "origin",
    "inkomstenbron": "income_source",
    "wmo": "wmo",
    "wlz": "wlz",
}


def counted_persons(persons: pl.DataFrame) -> pl.DataFrame:
    """The persons that count: those with a BSN, also through a linked V-number (monitor rule 5.6)."""
    return persons.filter("has_bsn")


def count_unique_persons(persons: pl.DataFrame) -> pl.DataFrame:
    """Count persons per region and category (monitor rule 5.6, A8).

    A person counts once in every category with an eligible stay of theirs: once per dimension for a characteristic, and
    in every type of shelter and ETHOS Light category they used.

    Args:
        persons: Frame of the contract ``persons.unique``.

    Returns:
        Frame of the contract ``statistics.unique_person_counts``: cells of one or more, sorted by key.
    """
    one = counted_persons(persons).select(
        "year",
        "region_code",
        "person_pseudonym",
        "shelter_type_codes",
        pl.lit(TOTAL).alias(TOTAL),
        *(pl.col(column).alias(dimension) for dimension, column in PERSON_DIMENSIONS.items()),
    )
    ethos_of_type = {t.code: t.ethos_category for t in shelter_types()}
    types = one.explode("shelter_type_codes")
    cells = [
        *(_cells(one, dimension) for dimension in (TOTAL, *PERSON_DIMENSIONS)),
        _cells(types.with_columns(type_opvang="shelter_type_codes"), "type_opvang"),
        _cells(types.with_columns(ethos=pl.col("shelter_type_codes").replace_strict(ethos_of_type)), "ethos"),
    ]
    return pl.concat(cells).select(UNIQUE_PERSON_COUNTS.column_names).sort(UNIQUE_PERSON_COUNTS.sort_by)


def _cells(persons: pl.DataFrame, dimension: str) -> pl.DataFrame:
    return (
        persons.group_by("year", "region_code", pl.col(dimension).cast(pl.String).alias("category"))
        .agg(pl.col("person_pseudonym").n_unique().cast(pl.Int64).alias("persons"))
        .with_columns(dimension=pl.lit(dimension))
    )


def count_supplier_overlap(persons: pl.DataFrame) -> pl.DataFrame:
    """Count per supplier the persons they have in common with no one else ("klopt de som der delen?").

    Args:
        persons: Frame of the contract ``persons.unique``.

    Returns:
        Frame of the contract ``statistics.supplier_overlap``, sorted by key.
    """
    return (
        counted_persons(persons)
        .with_columns(is_only_here=pl.col("supplier_ids").list.len() == 1)
        .explode("supplier_ids")
        .group_by("year", "region_code", supplier_id="supplier_ids")
        .agg(
            pl.len().cast(pl.Int64).alias("persons"),
            pl.col("is_only_here").sum().cast(pl.Int64).alias("persons_only_here"),
        )
        .select(SUPPLIER_OVERLAP.column_names)
        .sort(SUPPLIER_OVERLAP.sort_by)
    )

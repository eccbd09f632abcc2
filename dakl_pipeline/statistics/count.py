"""Stage 6: unique-person counts, and the supplier overlap of each region."""

import polars as pl

from dakl_pipeline.contracts.statistics import SUPPLIER_OVERLAP, UNIQUE_PERSON_COUNTS
from dakl_pipeline.reference.code_lists import shelter_types
from dakl_pipeline.reference.regions import COUNTRY

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


_PERSON = ["year", "region_code", "person_pseudonym"]


def counted_persons(persons: pl.LazyFrame) -> pl.LazyFrame:
    """The counted persons: those with a BSN, including through a linked V-number (monitor rule 5.6)."""
    return persons.filter("has_bsn")


def count_unique_persons(persons: pl.LazyFrame, shelter_types_of_persons: pl.LazyFrame) -> pl.LazyFrame:
    """Count persons per region and category (monitor rule 5.6, A8).

    A person counts in one category of every characteristic, and in every type of shelter and ETHOS Light category of
    their eligible stays.

    Args:
        persons: Frame of the contract ``persons.unique``.
        shelter_types_of_persons: Frame of the contract ``persons.shelter_types``.

    Returns:
        Frame of the contract ``statistics.unique_person_counts``: cells of one or more, sorted by key.
    """
    counted = counted_persons(persons)
    used = _of_counted(shelter_types_of_persons, persons)
    ethos_of_type = {t.code: t.ethos_category for t in shelter_types()}
    ethos = pl.col("shelter_type_code").replace_strict(ethos_of_type, return_dtype=pl.String)
    cells = [
        _cells(counted, TOTAL, pl.lit(TOTAL)),
        *(_cells(counted, dimension, pl.col(column)) for dimension, column in PERSON_DIMENSIONS.items()),
        _cells(used, "type_opvang", pl.col("shelter_type_code")),
        _cells(used, "ethos", ethos),
    ]
    return pl.concat(cells).select(UNIQUE_PERSON_COUNTS.column_names).sort(UNIQUE_PERSON_COUNTS.sort_by)


def _of_counted(rows: pl.LazyFrame, persons: pl.LazyFrame) -> pl.LazyFrame:
    """The rows of a table of persons that belong to a counted person."""
    return rows.join(counted_persons(persons).select(_PERSON), on=_PERSON, how="semi")


def _cells(rows: pl.LazyFrame, dimension: str, category: pl.Expr) -> pl.LazyFrame:
    return (
        rows.group_by("year", "region_code", category.alias("category"))
        .agg(pl.col("person_pseudonym").n_unique().cast(pl.Int64).alias("persons"))
        .with_columns(dimension=pl.lit(dimension))
    )


def suppliers_per_person(persons: pl.LazyFrame, suppliers_of_persons: pl.LazyFrame) -> pl.LazyFrame:
    """The suppliers of every counted person, with how many there are in the region.

    Args:
        persons: Frame of the contract ``persons.unique``.
        suppliers_of_persons: Frame of the contract ``persons.suppliers``.

    Returns:
        The rows of counted persons, with ``supplier_count``.
    """
    known = _of_counted(suppliers_of_persons, persons)
    return known.join(known.group_by(_PERSON).agg(supplier_count=pl.len()), on=_PERSON, how="left")


def count_supplier_overlap(
    persons: pl.LazyFrame, suppliers_of_persons: pl.LazyFrame, stays: pl.LazyFrame, *, base: int
) -> pl.LazyFrame:
    """Count per supplier the persons, and those that no other supplier has ("klopt de som der delen?").

    Rounded down: whoever delivers one registration must not learn whether that person is known elsewhere, and one more
    than before rarely shows. For the same reason every supplier with registrations in a region has a row.

    Args:
        persons: Frame of the contract ``persons.unique``.
        suppliers_of_persons: Frame of the contract ``persons.suppliers``.
        stays: Frame of the contract ``stays.eligibility``.
        base: What the numbers are rounded down to a multiple of.

    Returns:
        Frame of the contract ``statistics.supplier_overlap``, sorted by key.
    """
    place = ["year", "region_code", "supplier_id"]
    in_regions = stays.filter(pl.col("region_code").is_not_null()).select(place)
    everywhere = pl.concat([in_regions, stays.with_columns(region_code=pl.lit(COUNTRY)).select(place)]).unique()
    counted = (
        suppliers_per_person(persons, suppliers_of_persons)
        .group_by(place)
        .agg(persons=pl.len(), persons_only_here=(pl.col("supplier_count") == 1).sum())
    )
    measures = pl.col("persons", "persons_only_here")
    return (
        everywhere.join(counted, on=place, how="left")
        .with_columns((measures.fill_null(0).cast(pl.Int64) // base) * base)
        .select(SUPPLIER_OVERLAP.column_names)
        .sort(SUPPLIER_OVERLAP.sort_by)
    )

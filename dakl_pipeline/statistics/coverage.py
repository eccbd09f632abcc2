"""Stage 6: the coverage of the counts."""

import polars as pl

from dakl_pipeline.contracts.statistics import COVERAGE
from dakl_pipeline.reference.code_lists import coverage_measures
from dakl_pipeline.reference.regions import COUNTRY
from dakl_pipeline.statistics.count import counted_persons, suppliers_per_person

_KEYS = ["year", "region_code"]


def measure_coverage(
    stays: pl.LazyFrame, persons: pl.LazyFrame, suppliers_of_persons: pl.LazyFrame, *, year: int
) -> pl.LazyFrame:
    """Measure the coverage per region with registrations and for the country (monitor rules 5.2 and 5.7).

    Args:
        stays: Frame of the contract ``stays.eligibility``.
        persons: Frame of the contract ``persons.unique``.
        suppliers_of_persons: Frame of the contract ``persons.suppliers``.
        year: Reporting year.

    Returns:
        Frame of the contract ``statistics.coverage``, sorted by key: every measure, zeros included, for the country and
        for each region with at least one registration.
    """
    everywhere = pl.concat(
        [stays.filter(pl.col("region_code").is_not_null()), stays.with_columns(region_code=pl.lit(COUNTRY))]
    )
    of_stays = everywhere.group_by(_KEYS).agg(
        registrations=pl.len(),
        counting_registrations=pl.col("exclusion_reason").is_null().sum(),
        registrations_without_identifier=pl.col("person_pseudonym").is_null().sum(),
        registrations_without_region=pl.col("municipality_status").is_in(["divided", "unknown"]).sum(),
        suppliers=pl.col("supplier_id").n_unique(),
    )
    of_persons = persons.group_by(_KEYS).agg(persons_v_number_only=(~pl.col("has_bsn")).sum())
    of_counted = (
        counted_persons(persons)
        .group_by(_KEYS)
        .agg(
            persons_not_in_register=(~pl.col("is_in_person_register")).sum(),
            persons_in_several_regions=(pl.col("region_count") > 1).sum(),
        )
    )
    at_several = suppliers_per_person(persons, suppliers_of_persons).filter(pl.col("supplier_count") > 1)
    of_several = at_several.group_by(_KEYS).agg(persons_at_several_suppliers=pl.col("person_pseudonym").n_unique())
    national_only = [m.measure for m in coverage_measures() if m.is_national_only]
    regions = pl.concat(
        [of_stays.select(_KEYS), pl.LazyFrame({"year": [year], "region_code": [COUNTRY]}, schema_overrides=_KEY_TYPES)]
    ).unique()
    return (
        regions.join(of_stays, on=_KEYS, how="left")
        .join(of_persons, on=_KEYS, how="left")
        .join(of_counted, on=_KEYS, how="left")
        .join(of_several, on=_KEYS, how="left")
        .unpivot(index=_KEYS, variable_name="measure")
        .filter(~pl.col("measure").is_in(national_only) | (pl.col("region_code") == COUNTRY))
        .with_columns(pl.col("value").fill_null(0).cast(pl.Int64))
        .select(COVERAGE.column_names)
        .sort(COVERAGE.sort_by)
    )


_KEY_TYPES = {"year": pl.Int32, "region_code": pl.String}

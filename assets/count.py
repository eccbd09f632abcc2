"""Stage 6: the statistics, made together so that they are always consistent with each other."""

from collections.abc import Mapping

import polars as pl

from assets.framework.metadata import Metadata, coverage_metadata, overlap_metadata, vintage_metadata
from assets.framework.stage import Inputs, Output, Stage
from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.contracts.history import CHANGES, COUNTS_HISTORY, COVERAGE_HISTORY
from dakl_pipeline.contracts.statistics import (
    COVERAGE,
    PERSON_SHELTER_TYPES,
    PERSON_SUPPLIERS,
    SUPPLIER_OVERLAP,
    UNIQUE_PERSON_COUNTS,
    UNIQUE_PERSONS,
)
from dakl_pipeline.contracts.stays import STAY_ELIGIBILITY
from dakl_pipeline.reference.regions import COUNTRY
from dakl_pipeline.statistics.checks import characteristics_add_up, country_at_most_sum_of_regions, registrations_add_up
from dakl_pipeline.statistics.count import count_supplier_overlap, count_unique_persons
from dakl_pipeline.statistics.coverage import measure_coverage
from resources.storage.history_store import HistoryStore


def count(inputs: Inputs) -> Output:
    """Count persons, and measure coverage and supplier overlap."""
    stays, persons = inputs.read(STAY_ELIGIBILITY), inputs.read(UNIQUE_PERSONS)
    shelter_types, suppliers = inputs.read(PERSON_SHELTER_TYPES), inputs.read(PERSON_SUPPLIERS)
    counts, coverage, overlap = pl.collect_all(
        [
            count_unique_persons(persons.lazy(), shelter_types.lazy()),
            measure_coverage(stays.lazy(), persons.lazy(), suppliers.lazy(), year=inputs.year),
            count_supplier_overlap(
                persons.lazy(), suppliers.lazy(), stays.lazy(), base=inputs.methodology.supplier_rounding_base
            ),
        ]
    )
    in_country = persons.filter(region_code=COUNTRY)
    return Output(
        frames={UNIQUE_PERSON_COUNTS: counts, COVERAGE: coverage, SUPPLIER_OVERLAP: overlap},
        rows_in=persons.height,
        checks={
            "country_at_most_sum_of_regions": country_at_most_sum_of_regions(counts),
            "characteristics_add_up": characteristics_add_up(counts),
            "registrations_add_up": registrations_add_up(coverage),
        },
        excluded={"persons with a V-number only, in the country": int((~in_country["has_bsn"]).sum())},
    )


def describe(inputs: Inputs, history: HistoryStore) -> Mapping[Table, Metadata]:
    """The newest vintage, which holds these figures, beside the previous one."""
    newest, *older = reversed(history.vintages(inputs.year)[-2:])

    def now_and_before(table: Table) -> tuple[pl.DataFrame, pl.DataFrame | None]:
        now, *before = (history.read(vintage, table) for vintage in (newest, *older))
        return now, before[0] if before else None

    counts, counts_before = now_and_before(COUNTS_HISTORY)
    coverage, coverage_before = now_and_before(COVERAGE_HISTORY)
    return {
        UNIQUE_PERSON_COUNTS: vintage_metadata(newest, counts, counts_before, history.read(newest, CHANGES)),
        COVERAGE: coverage_metadata(coverage, coverage_before),
        SUPPLIER_OVERLAP: overlap_metadata(coverage, counts),
    }


STAGE = Stage(
    tables=(UNIQUE_PERSON_COUNTS, COVERAGE, SUPPLIER_OVERLAP),
    reads=(UNIQUE_PERSONS, PERSON_SHELTER_TYPES, PERSON_SUPPLIERS, STAY_ELIGIBILITY),
    settings=("supplier_rounding_base",),
    group="stage_6_count",
    kinds=frozenset({"polars", "parquet", "duckdb"}),
    checks={
        "country_at_most_sum_of_regions": "In every cell: largest region ≤ country ≤ sum of the regions.",
        "characteristics_add_up": "The categories of every characteristic of a person add up to the total.",
        "registrations_add_up": "Registrations in regions and without one add up to those of the country.",
    },
    run=count,
    describe=describe,
    records_vintage=True,
)

"""Stage 5: eligibility of stays, and unique persons."""

import polars as pl

from assets.framework.stage import Inputs, Output, Stage
from dakl_pipeline.contracts.statistics import PERSON_SHELTER_TYPES, PERSON_SUPPLIERS, UNIQUE_PERSONS
from dakl_pipeline.contracts.stays import REGIONAL_STAYS, STAY_ELIGIBILITY
from dakl_pipeline.reference.regions import COUNTRY
from dakl_pipeline.statistics.checks import (
    eligible_stays_have_region,
    every_eligible_person_kept,
    no_row_lost,
    persons_have_type_and_supplier,
)
from dakl_pipeline.statistics.count import counted_persons
from dakl_pipeline.statistics.deduplicate import deduplicate
from dakl_pipeline.statistics.stay_eligibility import determine_eligibility

_GROUP = "stage_5_deduplicate"
_KINDS = frozenset({"polars", "parquet"})


def stay_eligibility(inputs: Inputs) -> Output:
    """Determine for every stay whether it counts for the year."""
    stays = inputs.read(REGIONAL_STAYS)
    eligibility = determine_eligibility(stays.lazy(), year=inputs.year, methodology=inputs.methodology).collect()
    excluded = eligibility.drop_nulls("exclusion_reason").group_by("exclusion_reason").len().sort("exclusion_reason")
    return Output(
        frames={STAY_ELIGIBILITY: eligibility},
        rows_in=stays.height,
        checks={
            "no_row_lost": no_row_lost(stays.height, eligibility.height),
            "eligible_stays_have_region": eligible_stays_have_region(eligibility),
        },
        excluded=dict(excluded.rows()),
        notes={
            "registrations": stays.height,
            "counting_registrations": int(eligibility["exclusion_reason"].null_count()),
        },
    )


def unique_persons(inputs: Inputs) -> Output:
    """Bring the stays of one person together across suppliers."""
    stays = inputs.read(STAY_ELIGIBILITY)
    made = deduplicate(stays.lazy())
    persons, shelter_types, suppliers = pl.collect_all([made.persons, made.shelter_types, made.suppliers])
    in_country = persons.filter(region_code=COUNTRY)
    counted = counted_persons(in_country.lazy()).collect()
    return Output(
        frames={UNIQUE_PERSONS: persons, PERSON_SHELTER_TYPES: shelter_types, PERSON_SUPPLIERS: suppliers},
        rows_in=stays.height,
        checks={
            "every_eligible_person_kept": every_eligible_person_kept(stays, persons),
            "persons_have_type_and_supplier": persons_have_type_and_supplier(persons, shelter_types, suppliers),
        },
        excluded={"stays that do not count": stays["exclusion_reason"].count()},
        notes={
            "persons": counted.height,
            "persons_v_number_only": in_country.height - counted.height,
            "persons_in_several_regions": counted.filter(pl.col("region_count") > 1).height,
        },
    )


STAGES = (
    Stage(
        tables=(STAY_ELIGIBILITY,),
        reads=(REGIONAL_STAYS,),
        settings=("adults_only_until_year",),
        group=_GROUP,
        kinds=_KINDS,
        checks={
            "no_row_lost": "Every regional stay is in the table, once.",
            "eligible_stays_have_region": "Every stay that counts has a region.",
        },
        run=stay_eligibility,
    ),
    Stage(
        tables=(UNIQUE_PERSONS, PERSON_SHELTER_TYPES, PERSON_SUPPLIERS),
        reads=(STAY_ELIGIBILITY,),
        group=_GROUP,
        kinds=_KINDS,
        checks={
            "every_eligible_person_kept": "Every person of an eligible stay is there, once for the country.",
            "persons_have_type_and_supplier": "Every person, and nobody else, has a type of shelter and a supplier.",
        },
        run=unique_persons,
    ),
)

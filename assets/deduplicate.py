"""Stage 5: which stays count, and the unique persons they are about."""

import polars as pl

from assets.framework.stage import Inputs, Output, Stage
from dakl_pipeline.contracts.statistics import UNIQUE_PERSONS
from dakl_pipeline.contracts.stays import ASSESSED_STAYS, REGIONAL_STAYS
from dakl_pipeline.reference.regions import COUNTRY
from dakl_pipeline.statistics.assess import assess
from dakl_pipeline.statistics.checks import counting_stays_have_region, every_counting_person_kept, no_row_lost
from dakl_pipeline.statistics.count import counted
from dakl_pipeline.statistics.deduplicate import deduplicate

_GROUP = "stage_5_deduplicate"
_KINDS = frozenset({"polars", "parquet"})


def assess_stays(inputs: Inputs) -> Output:
    """Say of every stay whether it counts for the year."""
    stays = inputs.read(REGIONAL_STAYS)
    assessed = assess(stays, year=inputs.year, methodology=inputs.methodology)
    set_aside = assessed.drop_nulls("set_aside_reason").group_by("set_aside_reason").len().sort("set_aside_reason")
    return Output(
        frames={ASSESSED_STAYS: assessed},
        rows_in=stays.height,
        checks={
            "no_row_lost": no_row_lost(stays.height, assessed.height),
            "counting_stays_have_region": counting_stays_have_region(assessed),
        },
        excluded=dict(set_aside.rows()),
        notes={"registrations": stays.height, "counting_registrations": int(assessed["set_aside_reason"].null_count())},
    )


def unique_persons(inputs: Inputs) -> Output:
    """Bring the stays of one person together across suppliers."""
    stays = inputs.read(ASSESSED_STAYS)
    persons = deduplicate(stays)
    in_country = persons.filter(region_code=COUNTRY)
    return Output(
        frames={UNIQUE_PERSONS: persons},
        rows_in=stays.height,
        checks={"every_counting_person_kept": every_counting_person_kept(stays, persons)},
        excluded={"stays that do not count": stays["set_aside_reason"].count()},
        notes={
            "persons": counted(in_country).height,
            "persons_v_number_only": in_country.height - counted(in_country).height,
            "persons_in_several_regions": counted(in_country).filter(pl.col("region_count") > 1).height,
        },
    )


STAGES = (
    Stage(
        tables=(ASSESSED_STAYS,),
        reads=(REGIONAL_STAYS,),
        settings=("adult_age", "adults_only_until_year"),
        group=_GROUP,
        kinds=_KINDS,
        checks={
            "no_row_lost": "Every regional stay is in the table, once.",
            "counting_stays_have_region": "Every stay that counts has a region.",
        },
        run=assess_stays,
    ),
    Stage(
        tables=(UNIQUE_PERSONS,),
        reads=(ASSESSED_STAYS,),
        group=_GROUP,
        kinds=_KINDS,
        checks={"every_counting_person_kept": "Every person of a counting stay is in the table, once for the country."},
        run=unique_persons,
    ),
)

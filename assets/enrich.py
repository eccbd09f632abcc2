"""Stage 3: the person of each stay, with characteristics from the registers."""

import polars as pl

from assets.framework.stage import Inputs, Output, Stage
from dakl_pipeline.contracts.registers import REGISTERS, RegisterName
from dakl_pipeline.contracts.stays import ENRICHED_STAYS, PSEUDONYMISED_STAYS
from dakl_pipeline.statistics.checks import no_row_lost
from dakl_pipeline.statistics.enrich import enrich, identify

_TABLES = {register.name: register.table for register in REGISTERS}


def enrich_stays(inputs: Inputs) -> Output:
    """Identify the person of every stay and add the characteristics from the registers of the year."""
    stays = inputs.read(PSEUDONYMISED_STAYS)
    links = _matching(inputs, "v_numbers", "v_number_pseudonym", stays["v_number_pseudonym"])
    identified = identify(stays.lazy(), links).collect()
    persons = identified["person_pseudonym"]
    enriched = enrich(
        identified.lazy(),
        adult_age=inputs.methodology.adult_age,
        person_register=_matching(inputs, "persons", "bsn_pseudonym", persons),
        income_register=_matching(inputs, "income", "bsn_pseudonym", persons),
        care_register=_matching(inputs, "care", "bsn_pseudonym", persons),
    ).collect()
    by_identification = enriched.group_by("identified_by").len().sort("identified_by").rows()
    return Output(
        frames={ENRICHED_STAYS: enriched},
        rows_in=stays.height,
        checks={"no_row_lost": no_row_lost(stays.height, enriched.height)},
        notes={f"identified_by_{how}": rows for how, rows in by_identification},
    )


def _matching(inputs: Inputs, register: RegisterName, column: str, pseudonyms: pl.Series) -> pl.LazyFrame:
    return inputs.read_matching(_TABLES[register], column, pseudonyms).lazy()


STAGE = Stage(
    tables=(ENRICHED_STAYS,),
    reads=(PSEUDONYMISED_STAYS, *_TABLES.values()),
    settings=("adult_age",),
    group="stage_3_enrich",
    kinds=frozenset({"polars", "parquet"}),
    checks={"no_row_lost": "Every pseudonymised stay is in the table, once."},
    run=enrich_stays,
)

"""Stage 4: the centrumregio of each stay."""

import polars as pl

from assets.framework.stage import Inputs, Output, Stage
from dakl_pipeline.contracts.stays import ENRICHED_STAYS, REGIONAL_STAYS
from dakl_pipeline.statistics.checks import no_row_lost
from dakl_pipeline.statistics.region import map_to_region


def regional_stays(inputs: Inputs) -> Output:
    """Map the municipality of every shelter to its region in the division of the year."""
    stays = inputs.read(ENRICHED_STAYS)
    mapped = map_to_region(stays.lazy(), year=inputs.year).collect()
    by_status = mapped.group_by("municipality_status").agg(pl.len()).sort("municipality_status").rows()
    return Output(
        frames={REGIONAL_STAYS: mapped},
        rows_in=stays.height,
        checks={"no_row_lost": no_row_lost(stays.height, mapped.height)},
        notes={f"municipality_{status}": rows for status, rows in by_status},
    )


STAGE = Stage(
    tables=(REGIONAL_STAYS,),
    reads=(ENRICHED_STAYS,),
    group="stage_4_region",
    kinds=frozenset({"polars", "parquet"}),
    checks={"no_row_lost": "Every enriched stay is in the table, once."},
    run=regional_stays,
)

"""Stage 1: the latest approved file of every supplier."""

from assets.stage import Inputs, Output, Stage
from dakl_pipeline.contracts.deliveries import DELIVERED_FILES, SELECTED
from dakl_pipeline.intake.log import Delivery
from dakl_pipeline.intake.selection import selection_table, standings


def select_deliveries(inputs: Inputs) -> Output:
    """Read the log and keep the file that counts of every supplier."""
    year, methodology = inputs.year, inputs.methodology
    of_year = [s for s in standings(inputs.delivery_store.entries(), methodology) if s.delivery.reporting_year == year]
    selected: list[Delivery] = [s.delivery for s in of_year if s.is_selected]
    set_aside: dict[str, int] = {}
    for standing in of_year:
        if not standing.is_selected:
            reason = standing.reason.partition(" (")[0].partition(" by ")[0]
            set_aside[reason] = set_aside.get(reason, 0) + 1
    return Output(frames={SELECTED: selection_table(selected, year=year)}, rows_in=len(of_year), set_aside=set_aside)


STAGE = Stage(
    tables=(SELECTED,),
    reads=(DELIVERED_FILES,),
    group="stage_1_ingest",
    kinds=frozenset({"python", "duckdb"}),
    code_version="1",
    run=select_deliveries,
)

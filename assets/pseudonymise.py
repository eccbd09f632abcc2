"""Stage 2: registrations with pseudonyms instead of BSN and V-number."""

import polars as pl

from assets.framework.stage import Inputs, Output, Stage
from dakl_pipeline.contracts.deliveries import DELIVERED_FILES, SELECTED
from dakl_pipeline.contracts.stays import PSEUDONYMISED_STAYS
from dakl_pipeline.deliveries.log import Delivery
from dakl_pipeline.errors import Refused
from dakl_pipeline.intake.registrations import read_registrations
from dakl_pipeline.statistics.checks import no_row_lost
from dakl_pipeline.statistics.pseudonymise import pseudonymise_stays


def pseudonymise(inputs: Inputs) -> Output:
    """Read the selected files and pseudonymise their registrations, file by file."""
    selected = inputs.read(SELECTED)
    files = [_registrations(inputs, delivery) for delivery in _in_log(inputs, selected["delivery_id"].to_list())]
    stays = pseudonymise_stays(files, year=inputs.year, key=inputs.key)
    rows_in = int(selected["registrations"].sum())
    return Output(
        frames={PSEUDONYMISED_STAYS: stays},
        rows_in=rows_in,
        checks={"no_row_lost": no_row_lost(rows_in, stays.height)},
        notes={"files": selected.height},
    )


def _registrations(inputs: Inputs, delivery: Delivery) -> pl.DataFrame:
    with inputs.open_delivery(delivery) as file:
        registrations = read_registrations(file, inputs.year, methodology=inputs.methodology)
    return registrations.with_columns(
        supplier_id=pl.lit(delivery.supplier_id), delivery_id=pl.lit(delivery.delivery_id)
    )


def _in_log(inputs: Inputs, delivery_ids: list[str]) -> list[Delivery]:
    log = {entry.delivery_id: entry for entry in inputs.log if isinstance(entry, Delivery)}
    if gone := sorted(set(delivery_ids) - log.keys()):
        raise Refused(f"deliveries {', '.join(gone)} are selected but not in the log: restore them or run again")
    return [log[delivery_id] for delivery_id in delivery_ids]


STAGE = Stage(
    tables=(PSEUDONYMISED_STAYS,),
    reads=(SELECTED,),
    sources=(DELIVERED_FILES,),
    settings=("missing_bsn_values",),
    group="stage_2_pseudonymise",
    kinds=frozenset({"polars", "parquet"}),
    checks={"no_row_lost": "Every registration of the selected files is in the table."},
    run=pseudonymise,
    uses_key=True,
)

"""The sources: the delivered files and the registers, as external assets."""

import dagster as dg
import dataframely as dy

from assets.framework.asset import OWNER, column_schema
from dakl_pipeline.contracts.deliveries import DELIVERED_FILES, DeliveredColumns
from dakl_pipeline.contracts.registers import REGISTERS

GROUP = "stage_0_sources"


def build_sources(years: dg.PartitionsDefinition[str]) -> list[dg.AssetSpec]:
    """The external assets: delivered files and one register file of each kind.

    Args:
        years: The reporting years.
    """
    delivered = _source(
        DELIVERED_FILES,
        "De bestanden zoals leveranciers ze aanleveren (DAKL_J<verslagjaar>_<vrije tekst>.csv), met hun ontvangstlog. "
        "Alleen hier en in de registers staan BSN's en V-nummers.",
        DeliveredColumns,
        "csv",
        years,
    )
    registers = [_source(r.source_asset, r.source_description, r.source, "parquet", years) for r in REGISTERS]
    return [delivered, *registers]


def _source(
    key: str, description: str, schema: type[dy.Schema], kind: str, years: dg.PartitionsDefinition[str]
) -> dg.AssetSpec:
    columns = {n: (str(c.dtype), c.description, c.nullable) for n, c in schema.columns().items()}
    return dg.AssetSpec(
        key=key,
        description=description,
        group_name=GROUP,
        owners=[OWNER],
        kinds={kind},
        partitions_def=years,
        metadata={"dagster/column_schema": column_schema(columns)},
    )

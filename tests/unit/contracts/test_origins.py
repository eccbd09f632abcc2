"""Lineage followed to the sources, over the contracts of all tables."""

import dataframely as dy
import pytest

from dakl_pipeline.contracts import TABLES
from dakl_pipeline.contracts.deliveries import DELIVERED_FILES, SELECTED, DeliveredColumns
from dakl_pipeline.contracts.origins import origins
from dakl_pipeline.contracts.registers import REGISTERS

SOURCES: dict[str, type[dy.Schema]] = {
    DELIVERED_FILES: DeliveredColumns,
    **{r.source_asset: r.source for r in REGISTERS},
}


@pytest.mark.parametrize(
    ("asset", "column", "expected"),
    [
        (
            "unique_person_counts",
            "persons",
            ["delivered_files.bsn", "delivered_files.v_nummer", "v_numbers_file.bsn", "v_numbers_file.v_number"],
        ),
        ("unique_person_counts", "region_code", ["delivered_files.gemeentecode"]),
        ("pseudonymised_stays", "period", ["delivered_files.einddatum", "delivered_files.startdatum"]),
        ("supplier_overlap", "supplier_id", ["selected_deliveries.supplier_id"]),
        ("unique_person_counts", "dimension", []),
    ],
)
def test_column_goes_back_to(asset: str, column: str, expected: list[str]) -> None:
    assert [".".join(end) for end in origins(asset, column)] == expected


def test_every_end_is_a_column_that_exists() -> None:
    starts = {table.asset: table.column_names for table in TABLES.values()}
    starts |= {asset: list(schema.columns()) for asset, schema in SOURCES.items()}
    ends = {end for table in TABLES.values() for column in table.columns for end in origins(table.asset, column)}
    assert ends
    for asset, column in ends:
        assert column in starts[asset], f"{asset}.{column}"


def test_no_characteristic_of_a_person_starts_halfway() -> None:
    """Only columns that the pipeline adds itself, as a year, may start in its own tables."""
    own = {SELECTED.asset, *SOURCES}
    started = {
        f"{asset}.{column}"
        for table in TABLES.values()
        for name in table.columns
        for asset, column in origins(table.asset, name)
        if asset not in own
    }
    assert started == set()

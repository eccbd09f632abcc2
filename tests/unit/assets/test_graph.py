"""The asset graph as shown: keys, dependencies, owners, checks, partitions, descriptions, schema and lineage."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.chain import STAGES, code_versions
from assets.framework.asset import CONTRACT_CHECK, OWNER
from assets.framework.stage import Stage
from dakl_pipeline.contracts import TABLES
from dakl_pipeline.contracts.deliveries import DeliveredColumns
from dakl_pipeline.contracts.registers import REGISTERS
from dakl_pipeline.definitions import build_defs
from resources.config.home import Home


@pytest.fixture
def graph(tmp_path: Path) -> Any:
    return build_defs(Home(tmp_path)).resolve_asset_graph()


@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.name)
def test_the_assets_of_a_stage_are_what_it_declares(graph: Any, stage: Stage) -> None:
    """What they read and make is shown in the data dictionary too, which is held against the stages."""
    for number, table in enumerate(stage.tables):
        node = graph.get(dg.AssetKey(table.asset))
        assert {parent.to_user_string() for parent in node.parent_keys} == set(stage.upstream)
        assert {check.name for check in node.check_keys} == {CONTRACT_CHECK, *(() if number else stage.checks)}
        assert (node.group_name, node.kinds, list(node.owners)) == (stage.group, stage.kinds, [OWNER])
        assert (node.is_external, node.is_materializable) == (False, True)


def test_all_other_assets_are_the_sources(graph: Any) -> None:
    made = {dg.AssetKey(table.asset) for stage in STAGES for table in stage.tables}
    sources = {dg.AssetKey(source) for stage in STAGES for source in stage.sources}
    assert graph.get_all_asset_keys() == made | sources
    assert all(graph.get(key).is_external for key in sources)


def test_every_asset_has_the_version_of_its_code(graph: Any) -> None:
    """So that the UI shows which assets were made by code that has changed since."""
    shown = {s.name: {graph.get(dg.AssetKey(table.asset)).code_version for table in s.tables} for s in STAGES}
    assert shown == {name: {version} for name, version in code_versions().items()}
    assert len(set(code_versions().values())) == len(STAGES)


def test_every_asset_tells_what_it_is(graph: Any) -> None:
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description
        assert len(node.description) > 40
        schema = node.metadata["dagster/column_schema"]
        schema = getattr(schema, "value", schema)
        assert schema.columns
        assert all(column.description for column in schema.columns), key
        if not node.is_external:
            assert any(check.name == "contract" for check in node.check_keys)


def test_every_number_and_date_is_traced_back_to_what_was_delivered() -> None:
    """Follow the lineage of every column: it ends at source columns, and never at one that does not exist."""
    sources = {"delivered_files": set(DeliveredColumns.columns())}
    sources |= {register.source_asset: set(register.source.columns()) for register in REGISTERS}
    tables = {table.asset: table for table in TABLES.values()}

    def ends(asset: str, column: str) -> set[str]:
        if asset in sources:
            assert column in sources[asset], (asset, column)
            return {f"{asset}.{column}"}
        assert column in tables[asset].columns, (asset, column)
        upstream = tables[asset].lineage()[column]
        return {end for deps in upstream for end in ends(*deps)}

    found = {(name, column): ends(t.asset, column) for name, t in TABLES.items() for column in t.columns}
    persons = found["statistics.unique_person_counts", "persons"]
    assert {"delivered_files.bsn", "delivered_files.v_nummer", "v_numbers_file.v_number"} <= persons
    assert "delivered_files.gemeentecode" in found["statistics.unique_person_counts", "region_code"]
    assert "persons_file.birth_date" in found["statistics.unique_person_counts", "category"]


def test_the_years_are_a_setting(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.settings_file.write_text("reporting_years = [2024, 2023]\n")
    graph = build_defs(home).resolve_asset_graph()
    found = [graph.get(key).partitions_def for key in graph.get_all_asset_keys()]
    partitions = {tuple(years.get_partition_keys()) for years in found if years is not None}
    assert None not in found
    assert partitions == {("2024", "2023")}

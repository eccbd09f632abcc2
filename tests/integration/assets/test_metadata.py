"""The metadata of materialisations in the Dagster UI, from the delivered files to the change of a count."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from assets.chain import STAGES, code_versions
from dakl_pipeline.definitions import YEARLY_FIGURES, build_defs
from resources.config.home import Home
from tests.support.small_home import ANNA, BRAM, CEES, deliver, delivery, make_home, row

Told = dict[str, dict[str, object]]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = make_home(tmp_path)
    file = delivery(tmp_path, "DAKL_J2024_a.csv", row(ANNA), row(BRAM), row("", gemeente="9999"))
    assert deliver(made, file, "gemeente-almelo") == 0
    return Home(made)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def _run(home: Home, instance: dg.DagsterInstance, **tags: str) -> Told:
    """Run 2024; returns the metadata of each asset."""
    job = build_defs(home).resolve_job_def(YEARLY_FIGURES)
    result = job.execute_in_process(instance=instance, partition_key="2024", tags=tags)
    events = {
        str(event.asset_key and event.asset_key.to_user_string()): event
        for event in result.get_asset_materialization_events()
    }
    assert events.keys() == {table.asset for stage in STAGES for table in stage.tables}
    return {
        asset: {name: value.value for name, value in event.materialization.metadata.items()}
        for asset, event in events.items()
    }


def _rows(told: object) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in str(told).splitlines()[2:]]


def _numbers(told: dict[str, object]) -> dict[str, object]:
    """The numbers that the UI plots, in order."""
    return {
        name: value
        for name, value in told.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and not name.endswith(("_at", "_since"))
    }


def test_the_change_of_a_count_is_told_with_its_reason(
    home: Home, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    first = _run(home, instance)["unique_person_counts"]
    assert (first["vintage"], first["reason"]) == ("1", "first count, of 1 files")
    assert list(_numbers(first).items())[:2] == [("persons", 2), ("regions_with_figures", 1)]
    assert not {"persons_added", "persons_removed", "regions_changed", "changed_regions"} & first.keys()
    nothing_before = ["", "", "", "", ""]
    assert _rows(first["persons_per_region"]) == [["Nederland", "2", *nothing_before], ["Almelo", "2", *nothing_before]]
    assert str(first["largest_regions"]).splitlines()[1] == "Almelo 2 " + "█" * 24
    assert deliver(home.root, delivery(tmp_path / "b", "DAKL_J2024_b.csv", row(CEES, gemeente="0363")), "mo-a") == 0
    second = _run(home, instance)["unique_person_counts"]
    assert (second["vintage"], second["reason"]) == ("2", "mo-a: nothing → DAKL_J2024_b.csv (000002)")
    assert list(_numbers(second).items())[:5] == [
        ("persons", 3),
        ("persons_added", 1),
        ("persons_removed", 0),
        ("regions_changed", 1),
        ("regions_with_figures", 2),
    ]
    changed, _, unchanged = str(second["changed_regions"]).rpartition("\n\n")
    assert [cells[:6] for cells in _rows(changed)] == [
        ["Nederland", "3", "2", "1", "1", "0"],
        ["Amsterdam", "1", "0", "1", "1", "0"],
    ]
    assert unchanged == "1 regions unchanged"
    everywhere = _rows(second["persons_per_region"])
    assert [cells[:4] for cells in everywhere] == [
        ["Nederland", "3", "2", "1"],
        ["Amsterdam", "1", "0", "1"],
        ["Almelo", "2", "2", "0"],
    ]
    again = _run(home, instance)["unique_person_counts"]
    assert "unchanged_since" in again
    told = second.keys() - {"what_changed", "written"}
    assert {name: again[name] for name in told} == {name: second[name] for name in told}


def test_the_coverage_of_the_country_is_told_as_numbers_and_the_weakest_region_first(
    home: Home, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    _run(home, instance)
    rows = (row(CEES, gemeente="0363"), row("", gemeente="0363"), row(ANNA, gemeente="0363"))
    assert deliver(home.root, delivery(tmp_path / "b", "DAKL_J2024_b.csv", *rows), "mo-a") == 0
    told = _run(home, instance)
    coverage, overlap = told["coverage"], told["supplier_overlap"]
    numbers = _numbers(coverage)
    assert list(numbers)[:2] == ["identified_percentage", "eligible_percentage"]
    expected = {
        "identified_percentage": 66.7,
        "eligible_percentage": 66.7,
        "registrations": 6,
        "counting_registrations": 4,
        "registrations_without_identifier": 2,
        "registrations_without_region": 1,
        "persons_v_number_only": 0,
        "persons_not_in_register": 0,
        "persons_in_several_regions": 1,
        "persons_at_several_suppliers": 1,
        "suppliers": 2,
        "regions_with_registrations": 2,
    }
    assert {name: numbers[name] for name in expected} == expected
    country = {measure: cells for measure, *cells in _rows(coverage["coverage_of_country"])}
    assert country[r"registrations"] == ["6", "3", "3"]
    assert country[r"registrations\_without\_identifier"] == ["2", "1", "1"]
    assert _rows(coverage["lowest_coverage"]) == [
        ["Amsterdam", "66,7", "66,7", "3"],
        ["Almelo", "100", "100", "2"],
    ]
    assert _rows(coverage["coverage_per_region"])[1] == ["Amsterdam", "66,7", "66,7", "3", "1", "0", "0", "1"]
    assert "Zwolle" in str(coverage["regions_without_registrations"])
    assert "Almelo" not in str(coverage["regions_without_registrations"])
    assert list(_numbers(overlap).items())[:3] == [
        ("persons_at_several_suppliers", 1),
        ("at_several_suppliers_percentage", 33.3),
        ("suppliers", 2),
    ]
    several, _, one = str(overlap["largest_overlap"]).rpartition("\n\n")
    assert _rows(several) == [["Nederland", "2", "3", "1", "33,3"]]
    assert one == "2 regions with one supplier"
    assert {name: told["unique_persons"][name] for name in ("persons", "persons_in_several_regions")} == {
        "persons": 3,
        "persons_in_several_regions": 1,
    }
    assert (told["selected_deliveries"]["selected_deliveries"], told["selected_deliveries"]["registrations"]) == (2, 6)


def test_every_delivery_is_told_with_why_it_counts_or_not(
    home: Home, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    assert deliver(home.root, delivery(tmp_path / "b", "DAKL_J2024_b.csv", row(CEES)), "gemeente-almelo") == 0
    bad = delivery(tmp_path / "c", "DAKL_J2024_a](x)`<b>.csv", row(CEES))
    assert deliver(home.root, bad, "mo-a") == 1
    told = _run(home, instance)["selected_deliveries"]
    digest = {path.name: path for path in home.deliveries.glob("*/*.csv")}
    assert "DAKL_J2024_b.csv" in digest
    ((supplier, file, number, received, registrations, sha256),) = _rows(told["selected"])
    assert (supplier, file, number) == ("gemeente-almelo", r"DAKL\_J2024\_b\.csv", "000002")
    assert (received, registrations, len(sha256)) == ("2025-05-01 12:00", "1", 64)
    others = _rows(told["not_selected"])
    assert [(other[0], other[1], other[-2]) for other in others] == [
        ("gemeente-almelo", r"DAKL\_J2024\_a\.csv", "superseded by 000002"),
        ("mo-a", r"DAKL\_J2024\_a\]\(x\)\`\<b\>\.csv", "rejected by the technical check"),
    ]
    assert _run(home, instance)["selected_deliveries"]["not_selected"] == told["not_selected"]


def test_every_materialisation_tells_of_what_it_was_made_and_what_changed(
    home: Home, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    first, keys = _run(home, instance), set()
    for asset, told in first.items():
        assert told["what_changed"] == "made for the first time", asset
        technical = told["technical"]
        assert isinstance(technical, dict)
        inputs = technical["inputs"]
        assert inputs["code"] == code_versions().get(asset, inputs["code"])
        assert {"git", "contracts", "reference data", "rule catalogue", "polars"} <= technical["versions"].keys()
        keys |= {technical["key_id"], inputs.get("key", technical["key_id"])}
        assert list(told)[-2:] == ["written", "technical"], "what nobody follows comes last"
    assert len(keys) == 1
    assert deliver(home.root, delivery(tmp_path / "b", "DAKL_J2024_b.csv", row(CEES)), "gemeente-almelo") == 0
    second = {asset: told["what_changed"] for asset, told in _run(home, instance).items()}
    assert second["person_register"] == "nothing"
    assert second["selected_deliveries"] == "selection"
    assert second["pseudonymised_stays"] == "deliveries.selected"
    assert (
        second["unique_person_counts"] == "persons.unique, persons.shelter_types, persons.suppliers, stays.eligibility"
    )
    forced = _run(home, instance, **{"dakl/force": "true"})
    assert {str(told["what_changed"]).partition(":")[0] for told in forced.values()} == {"nothing"}
    assert all(told["written"] for told in forced.values())

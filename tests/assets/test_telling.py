"""What the Dagster UI shows with a materialisation, from the delivered files to the change of a count."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from dakl_pipeline.definitions import STAGES, YEARLY_FIGURES, build_defs
from resources.home import Home
from tests.small_world import ANNA, BRAM, CEES, deliver, delivery, make_home, row

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
    """Run 2024; per asset what its materialisation tells."""
    job = build_defs(home).resolve_job_def(YEARLY_FIGURES)
    result = job.execute_in_process(instance=instance, partition_key="2024", tags=tags)
    events = {event.asset_key.to_user_string(): event for event in result.get_asset_materialization_events()}
    assert events.keys() == {table.asset for stage in STAGES for table in stage.tables}
    return {
        asset: {name: value.value for name, value in event.materialization.metadata.items()}
        for asset, event in events.items()
    }


def _rows(told: object) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in str(told).splitlines()[2:]]


def test_the_change_of_a_count_is_told_with_its_reason(
    home: Home, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    first = _run(home, instance)["unique_person_counts"]
    assert (first["vintage"], first["reason"]) == (1, "first count, of 1 files")
    assert _rows(first["persons_per_region"]) == [["Nederland", "2", "", ""], ["Almelo", "2", "", ""]]
    assert str(first["largest_regions"]).splitlines()[1] == "Almelo 2 " + "█" * 24
    assert deliver(home.root, delivery(tmp_path / "b", "DAKL_J2024_b.csv", row(CEES, gemeente="0363")), "mo-a") == 0
    second = _run(home, instance)["unique_person_counts"]
    assert (second["vintage"], second["reason"]) == (2, "mo-a: nothing → DAKL_J2024_b.csv (000002)")
    figures = [["Nederland", "3", "2", "1"], ["Almelo", "2", "2", "0"], ["Amsterdam", "1", "0", "1"]]
    assert _rows(second["persons_per_region"]) == figures
    again = _run(home, instance)["unique_person_counts"]
    assert "unchanged_since" in again
    assert {name: again[name] for name in ("vintage", "reason", "persons_per_region", "largest_regions")} == {
        name: second[name] for name in ("vintage", "reason", "persons_per_region", "largest_regions")
    }


def test_every_delivery_is_told_with_why_it_counts_or_not(
    home: Home, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    assert deliver(home.root, delivery(tmp_path / "b", "DAKL_J2024_b.csv", row(CEES)), "gemeente-almelo") == 0
    bad = delivery(tmp_path / "c", "DAKL_J2024_a](x)`<b>.csv", row(CEES))
    assert deliver(home.root, bad, "mo-a") == 1
    told = _run(home, instance)["selected_deliveries"]
    digest = {path.name: path for path in home.deliveries.glob("*/*.csv")}
    assert "DAKL_J2024_b.csv" in digest
    ((supplier, file, number, received, sha256, registrations),) = _rows(told["selected"])
    assert (supplier, file, number) == ("gemeente-almelo", r"DAKL\_J2024\_b\.csv", "000002")
    assert (received, registrations, len(sha256)) == ("2025-05-01 10:00", "1", 64)
    others = _rows(told["not_selected"])
    assert [(other[0], other[1], other[-1]) for other in others] == [
        ("gemeente-almelo", r"DAKL\_J2024\_a\.csv", "superseded by 000002"),
        ("mo-a", r"DAKL\_J2024\_a\]\(x\)\`\<b\>\.csv", "rejected by the technical check"),
    ]
    assert _run(home, instance)["selected_deliveries"]["not_selected"] == told["not_selected"]


def test_every_materialisation_tells_of_what_it_was_made_and_what_changed(
    home: Home, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    first = _run(home, instance)
    for asset, told in first.items():
        assert told["what_changed"] == "made for the first time", asset
        made_of, versions = dict(_rows(told["made_of"])), dict(_rows(told["versions"]))
        assert made_of["code"] == versions["code"]
        assert {"git", "contracts", "reference data", "rule catalogue", "polars"} <= versions.keys()
        assert made_of.get("key", told["key_id"]) == str(told["key_id"])[: len(made_of.get("key", told["key_id"]))]
    assert {str(told["key_id"]) for told in first.values()} == {str(first["coverage"]["key_id"])}
    assert deliver(home.root, delivery(tmp_path / "b", "DAKL_J2024_b.csv", row(CEES)), "gemeente-almelo") == 0
    second = {asset: told["what_changed"] for asset, told in _run(home, instance).items()}
    assert second["person_register"] == "nothing"
    assert second["selected_deliveries"] == "selection"
    assert second["pseudonymised_stays"] == "deliveries.selected"
    assert second["unique_person_counts"] == "persons.unique, stays.assessed"
    forced = _run(home, instance, **{"dakl/force": "true"})
    assert {str(told["what_changed"]).partition(":")[0] for told in forced.values()} == {"nothing"}
    assert all(told["written"] for told in forced.values())

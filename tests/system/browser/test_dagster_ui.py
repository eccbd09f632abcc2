"""The Dagster UI as an analyst uses it: run a year, view the graph and the figures, follow a column back.

It is one test, because starting the UI takes longer than everything that follows.
"""

import itertools
import socket
from pathlib import Path

import polars as pl
import pytest

from assets.chain import STAGES
from dakl_pipeline.contracts import TABLES
from dakl_pipeline.contracts.deliveries import DELIVERED_FILES
from dakl_pipeline.contracts.registers import REGISTERS
from tests.support import small_home
from tests.support.dagster_ui import Screen, browser, find_chromium, running_ui
from tests.support.environment import installed
from tests.support.small_home import ANNA, BRAM, CEES, DORA, V_LINKED, V_LOOSE

GROUPS = {
    "stage_0_sources",
    "stage_1_ingest",
    "stage_2_pseudonymise",
    "stage_3_enrich",
    "stage_4_region",
    "stage_5_deduplicate",
    "stage_6_count",
    *(stage.group for stage in STAGES),
}
ASSETS = {DELIVERED_FILES, *(r.source_asset for r in REGISTERS), *(table.asset for table in TABLES.values())}
FAILS_ELEVEN_TEST = "123456789"
NUMBERS = (ANNA, BRAM, CEES, DORA, V_LINKED, V_LOOSE, FAILS_ELEVEN_TEST)
COUNTS = "unique_person_counts"
# From the published count back to the number in a delivered file, one column of one asset at a time.
WAY_BACK = (
    (COUNTS, "persons"),
    ("unique_persons", "person_pseudonym"),
    ("stay_eligibility", "person_pseudonym"),
    ("regional_stays", "person_pseudonym"),
    ("enriched_stays", "person_pseudonym"),
    ("pseudonymised_stays", "bsn_pseudonym"),
    (DELIVERED_FILES, "bsn"),
)


def test_analyst_sees_runs_reasons_checks_and_the_way_back_to_what_was_delivered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed(find_chromium)
    home = _home_with_deliveries(tmp_path)
    monkeypatch.setenv("DAKL_RERUN_INTERVAL", "5")
    # From the command line, of a year without deliveries: its run is in the same history.
    assert small_home.run(home, 2023) == 0
    with running_ui(home) as ui, browser(ui.port, width=3000, height=1700) as screen:
        assert _is_refused("127.0.0.2", ui.port), "the UI must be there for this machine only"
        _sees_the_sensor_count_2024_and_why(screen)
        _sees_both_runs_on_the_first_page(screen)
        _run_2024(screen)
        _lands_on_every_asset_in_its_group(screen, ui.link)
        _sees_what_an_asset_holds(screen)
        _sees_the_changed_region_first(screen, home, tmp_path)
        _follows_the_columns_back(screen)
        _sees_a_failed_check_and_what_to_do(screen, home)
        screen.leave()
        pages = screen.visited
    assert _is_refused("127.0.0.1", ui.port), "nothing may be left behind after Ctrl-C"
    assert not any("Join the Dagster community" in page for page in pages)
    secrets = {*NUMBERS, (home / "pseudonym.key").read_text(encoding="ascii").strip()}
    assert not [secret for secret in secrets for page in pages if secret in page]


def _home_with_deliveries(folder: Path) -> Path:
    home = small_home.make_home(folder)
    almelo = small_home.delivery(
        folder,
        "DAKL_J2024_Almelo.csv",
        small_home.row(ANNA),
        small_home.row(BRAM, kind="0201"),
        small_home.row(FAILS_ELEVEN_TEST),
    )
    zwolle = small_home.delivery(
        folder,
        "DAKL_J2024_Zwolle.csv",
        small_home.row(ANNA, gemeente="0193"),
        small_home.row("", gemeente="0193", v_number=V_LINKED),
        small_home.row("", gemeente="0193", v_number=V_LOOSE),
        small_home.row(CEES, gemeente="0193"),
        small_home.row(DORA, gemeente="0193"),
    )
    assert small_home.deliver(home, almelo, "almelo") == 0
    assert small_home.deliver(home, zwolle, "zwolle") == 0
    return home


def _is_refused(address: str, port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex((address, port)) != 0


def _sees_the_sensor_count_2024_and_why(screen: Screen) -> None:
    screen.open("/locations/dakl_pipeline/sensors/correction_reruns", "Telt een verslagjaar opnieuw", "1 run requested")
    screen.open("/runs", "partition: 2024", "dakl/reason: first count, of 2 files", "correction_reruns", "Success")


def _sees_both_runs_on_the_first_page(screen: Screen) -> None:
    screen.open("/", "Timeline", "yearly_figures\n2")


def _sees_a_failed_check_and_what_to_do(screen: Screen, home: Path) -> None:
    """Everybody twice in the register: the sensor sees the change, and the run stops at the register's contract."""
    persons = home / "registers" / "2024" / "persons.parquet"
    people = pl.read_parquet(persons)
    pl.concat([people, people]).write_parquet(persons)
    screen.open("/runs", "Failure")
    screen.open("/assets/person_register?view=checks", "contract", "Failed")
    screen.wait_for("breaks its contract (primary_key: 8 rows): ask for a corrected register")


def _run_2024(screen: Screen) -> None:
    screen.open("/locations/dakl_pipeline/jobs/yearly_figures", "Maakt de jaarcijfers van één verslagjaar")
    screen.click("Materialize all", until="Launch runs to materialize")
    screen.click("Select a partition", until="Select all")
    screen.click("2024", until="Launch 1 run")
    screen.close_menu()
    screen.click("Launch 1 run")
    screen.wait_for("Launched run")
    screen.open("/runs", "partition: 2024", "Success")
    screen.click("View")
    screen.wait_for("RUN_SUCCESS")


def _lands_on_every_asset_in_its_group(screen: Screen, link: str) -> None:
    screen.open(link, *GROUPS, *ASSETS, "4 / 4 Passed")


def _sees_what_an_asset_holds(screen: Screen) -> None:
    counts = TABLES["statistics.unique_person_counts"]
    screen.open(f"/assets/{COUNTS}?view=checks", "contract", "characteristics_add_up", "Succeeded")
    screen.open(f"/assets/{COUNTS}", counts.description, *counts.column_names, "statistics.unique_person_counts")
    screen.wait_for_row("persons", "delivered_files.bsn")


def _sees_the_changed_region_first(screen: Screen, home: Path, folder: Path) -> None:
    """A correction of one supplier; then the run, the change and the persons over the years in the UI."""
    one = small_home.delivery(folder / "correction", "DAKL_J2024_Zwolle.csv", small_home.row(CEES, gemeente="0193"))
    assert small_home.deliver(home, one, "zwolle") == 0
    screen.open("/runs", "dakl/reason: zwolle: DAKL_J2024_Zwolle.csv (000002) → DAKL_J2024_Zwolle.csv (000003)")
    assert not [tag for tag in ("wanted", "attempt") if f"dakl_{tag}" in screen.text() or f"/{tag}" in screen.text()]
    screen.open(f"/assets/{COUNTS}", "changed_regions", "regions unchanged")
    changed, _, _ = screen.text().partition("changed_regions")[2].partition("regions unchanged")
    assert "Zwolle" in changed
    assert "Almelo" not in changed
    screen.open("/assets/coverage", "identified_percentage", "coverage_of_country", "lowest_coverage")
    screen.open(f"/assets/{COUNTS}", "changed_regions")
    screen.click("Plots", until="dagster/row_count\npersons\npersons_added\npersons_removed")
    screen.open(f"/assets/{COUNTS}", "delivered_files.bsn")


def _follows_the_columns_back(screen: Screen) -> None:
    for (asset, column), (upstream, upstream_column) in itertools.pairwise(WAY_BACK):
        screen.wait_for(f"Assets\n{asset}")
        step = f"{upstream}.{upstream_column}"
        screen.wait_for_row(column, step)
        screen.leave()
        screen.click(step)
    screen.wait_for(f"Assets\n{DELIVERED_FILES}")
    screen.wait_for_row("bsn", "BSN; leeg of 999999999")

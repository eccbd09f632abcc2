"""Stages as Dagster runs them: checks before a write, registers once, and the metadata of a run."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from assets.automation.failed_runs import read_failed_run
from assets.chain import STAGES
from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.contracts.deliveries import SELECTED
from dakl_pipeline.contracts.registers import REGISTERS
from dakl_pipeline.contracts.statistics import UNIQUE_PERSON_COUNTS
from dakl_pipeline.contracts.stays import ENRICHED_STAYS
from dakl_pipeline.definitions import YEARLY_FIGURES, build_defs
from resources.config.home import Home
from resources.storage.audit_store import AuditStore
from resources.storage.stage_store import StageStore
from resources.storage.warehouse import Warehouse
from tests.support.keys import OTHER_KEY
from tests.support.small_home import ANNA, BRAM, CEES, deliver, delivery, make_home, registers, row


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = make_home(tmp_path)
    file = delivery(tmp_path / "in", "DAKL_J2024_a.csv", row(ANNA), row(BRAM, kind="0204"), row("", gemeente="9999"))
    assert deliver(made, file, "gemeente-almelo") == 0
    return Home(made)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def _deliver_more(home: Home) -> None:
    file = delivery(home.root.parent / "more", "DAKL_J2024_more.csv", row(CEES))
    assert deliver(home.root, file, "gemeente-hengelo") == 0


def _run(
    home: Home,
    instance: dg.DagsterInstance,
    *,
    assets: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
    **overrides: object,
) -> dg.ExecuteInProcessResult:
    job = build_defs(home, resource_overrides=overrides).resolve_job_def(YEARLY_FIGURES)
    only = [dg.AssetKey(asset) for asset in assets] or None
    return job.execute_in_process(
        instance=instance, partition_key="2024", raise_on_error=False, asset_selection=only, tags=dict(tags or {})
    )


def _written(result: dg.ExecuteInProcessResult) -> set[str]:
    """Assets that were made again."""
    assert result.success
    assets = [table.asset for stage in STAGES for table in stage.tables]
    return {asset for asset in assets if _metadata(result, asset)["written"]}


def _metadata(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, object]:
    key = dg.AssetKey(asset)
    (event,) = [event for event in result.get_asset_materialization_events() if event.asset_key == key]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def test_a_run_tells_rows_in_out_and_set_aside_by_reason(home: Home, instance: dg.DagsterInstance) -> None:
    result = _run(home, instance)
    assert result.success
    assessed = _metadata(result, "stay_eligibility")
    assert (assessed["rows_in"], assessed["dagster/row_count"], assessed["rows_excluded"]) == (3, 3, 2)
    assert r"| type\_not\_published | 1 |" in str(assessed["excluded_by_reason"])
    assert r"| no\_region | 1 |" in str(assessed["excluded_by_reason"])
    checks = result.get_asset_check_evaluations()
    assert {check.check_name for check in checks} >= {"contract", "no_row_lost", "characteristics_add_up"}
    assert all(check.passed for check in checks)


def test_registers_are_pseudonymised_once_and_again_when_they_change(home: Home, instance: dg.DagsterInstance) -> None:
    registers_again = {register.table.asset for register in REGISTERS}
    assert registers_again <= _written(_run(home, instance))
    _deliver_more(home)
    assert not registers_again & _written(_run(home, instance))
    persons = home.registers / "2024" / "persons.parquet"
    pl.read_parquet(persons).head(3).write_parquet(persons)
    assert registers_again & _written(_run(home, instance)) == {"person_register"}


def _inodes(home: Home) -> dict[str, int]:
    kept = [path for folder in ("stages", "history") for path in (home.root / folder).rglob("*.parquet")]
    return {str(path.relative_to(home.root)): path.stat().st_ino for path in [*kept, home.warehouse]}


def test_nothing_is_made_again_in_vain(home: Home, instance: dg.DagsterInstance) -> None:
    everything = {table.asset for stage in STAGES for table in stage.tables}
    assert _written(_run(home, instance)) == everything
    kept = _inodes(home)
    again = _run(home, instance)
    assert _written(again) == set()
    assert {check.description for check in again.get_asset_check_evaluations()} == {
        "unchanged since it was last made and checked"
    }
    assert _written(_run(home, instance, tags={"dakl/force": "true"})) == everything
    assert _inodes(home) == kept, "the same rows are the same files and no new vintage"


def test_a_damaged_table_is_made_again(home: Home, instance: dg.DagsterInstance) -> None:
    assert _run(home, instance).success
    (enriched,) = home.root.glob("stages/2024/stays.enriched.*.parquet")
    enriched.write_bytes(enriched.read_bytes()[:100])
    assert _written(_run(home, instance)) == {"enriched_stays"}
    (home.stages / "2024" / "record.json").write_text("{")
    assert "pseudonymised_stays" in _written(_run(home, instance))


def test_a_part_of_the_chain_never_gives_figures_of_two_makings(home: Home, instance: dg.DagsterInstance) -> None:
    assert _run(home, instance).success
    assets = {stage.name: [table.asset for table in stage.tables] for stage in STAGES}
    persons, counts = assets["unique_persons"], assets["unique_person_counts"]
    warehouse = Warehouse(home.warehouse)
    before = {table: warehouse.read(table, 2024) for table in (SELECTED, UNIQUE_PERSON_COUNTS)}
    _deliver_more(home)
    assert _run(home, instance, assets=["selected_deliveries", "pseudonymised_stays"]).success
    # Unchanged themselves, but never shown with another selection than their own.
    for tags in ({}, {"dakl/force": "true"}):
        counted = _run(home, instance, assets=[*persons, *counts], tags=tags)
        assert not counted.success
        (event,) = counted.get_step_failure_events()
        failure = event.step_failure_data.user_failure_data
        assert failure is not None
        assert "enriched_stays must be made again first" in str(failure.description)
        assert all(warehouse.read(table, 2024).equals(frame) for table, frame in before.items())
    assert _run(home, instance, assets=["enriched_stays"]).success
    assert not _run(home, instance, assets=counts).success
    assert _run(home, instance).success
    assert not any(warehouse.read(table, 2024).equals(frame) for table, frame in before.items())


def test_another_key_pseudonymises_the_registers_again(
    home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    persons = next(register.table for register in REGISTERS if register.name == "persons")
    stages = StageStore(home.stages)
    assert _run(home, instance).success
    before = stages.read(persons, 2024)
    monkeypatch.setenv("DAKL_PSEUDONYM_KEY", OTHER_KEY)
    assert _run(home, instance).success
    after = stages.read(persons, 2024)
    assert after.height == before.height
    assert set(after["bsn_pseudonym"]).isdisjoint(before["bsn_pseudonym"])


class _Losing(StageStore):
    """A store that records one registration more than the files hold."""

    def read(self, table: Table, year: int) -> pl.DataFrame:
        frame = super().read(table, year)
        return frame.with_columns(registrations=pl.col("registrations") + 1) if table is SELECTED else frame


def test_a_failing_check_blocks_and_leaves_the_last_good_figures(home: Home, instance: dg.DagsterInstance) -> None:
    assert _run(home, instance).success
    warehouse = Warehouse(home.warehouse)
    before = warehouse.read(UNIQUE_PERSON_COUNTS, 2024)
    # Two persons with one number in the register break its contract.
    persons = home.registers / "2024" / "persons.parquet"
    frame = pl.read_parquet(persons)
    pl.concat([frame, frame]).write_parquet(persons)
    result = _run(home, instance)
    assert not result.success
    assert warehouse.read(UNIQUE_PERSON_COUNTS, 2024).equals(before)
    registers(home.root, 2024)
    assert _run(home, instance).success


def test_a_check_of_meaning_is_shown_as_failed_and_stops_the_stage(home: Home, instance: dg.DagsterInstance) -> None:
    assert _run(home, instance).success
    before = Warehouse(home.warehouse).read(UNIQUE_PERSON_COUNTS, 2024)
    _deliver_more(home)
    result = _run(home, instance, stages=_Losing(home.stages))
    assert not result.success
    (failed,) = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert (failed.asset_key.to_user_string(), failed.check_name) == ("pseudonymised_stays", "no_row_lost")
    assert failed.description == (
        "6 rows in, 4 rows out. What to do: an error in the pipeline: keep the run and report it to the maintainers"
    )
    assert "enriched_stays" not in {event.step_key for event in result.get_step_success_events()}
    assert Warehouse(home.warehouse).read(UNIQUE_PERSON_COUNTS, 2024).equals(before)


class _Exchanging(StageStore):
    """A store in which a column holds a value outside its code list."""

    def read(self, table: Table, year: int) -> pl.DataFrame:
        frame = super().read(table, year)
        return frame.with_columns(sex=pl.lit("unheard of")) if table is ENRICHED_STAYS else frame


def test_a_broken_contract_is_shown_in_words_with_what_to_do(home: Home, instance: dg.DagsterInstance) -> None:
    result = _run(home, instance, stages=_Exchanging(home.stages))
    (failed,) = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert (failed.asset_key.to_user_string(), failed.check_name) == ("regional_stays", "contract")
    assert failed.description == (
        "sex: not in its code list (3 rows). What to do: an error in the pipeline: keep the run and report it to the "
        "maintainers"
    )
    assert not home.warehouse.exists()


@pytest.mark.parametrize("year", ["999990019", "2024\nBcc: x", "２０２４", "2_024", "2021", "../x"])
def test_a_run_of_no_reporting_year_reads_nothing_and_leaves_its_year_nowhere(
    year: str, home: Home, instance: dg.DagsterInstance
) -> None:
    """Dagster takes whatever it is asked to launch for a partition."""
    entries, before = len(AuditStore(home).entries()), set(home.root.rglob("*"))
    job = build_defs(home).resolve_job_def(YEARLY_FIGURES)
    outcome = job.execute_in_process(instance=instance, raise_on_error=False, tags={"dagster/partition": year})
    assert not outcome.success
    assert len(AuditStore(home).entries()) == entries
    assert set(home.root.rglob("*")) == before
    told = read_failed_run(instance, instance.get_runs()[0])
    assert told.year in (None, "2021")

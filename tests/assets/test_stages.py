"""Stages as Dagster runs them: checks before a write, registers once, and what a run tells."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.contracts.deliveries import SELECTED
from dakl_pipeline.contracts.registers import REGISTERS
from dakl_pipeline.contracts.statistics import UNIQUE_PERSON_COUNTS
from dakl_pipeline.definitions import YEARLY_FIGURES, build_defs
from resources.home import Home
from resources.warehouse import Warehouse
from tests.small_world import ANNA, BRAM, deliver, delivery, make_home, registers, row


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


def _run(home: Home, instance: dg.DagsterInstance, **overrides: object) -> dg.ExecuteInProcessResult:
    job = build_defs(home, resource_overrides=overrides).resolve_job_def(YEARLY_FIGURES)
    return job.execute_in_process(instance=instance, partition_key="2024", raise_on_error=False)


def _metadata(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, object]:
    (event,) = result.asset_materializations_for_node(asset)
    return {name: value.value for name, value in event.metadata.items()}


def test_a_run_tells_rows_in_out_and_set_aside_by_reason(home: Home, instance: dg.DagsterInstance) -> None:
    result = _run(home, instance)
    assert result.success
    assessed = _metadata(result, "assessed_stays")
    assert (assessed["rows_in"], assessed["rows_out"], assessed["rows_set_aside"]) == (3, 3, 2)
    assert "| type_not_published | 1 |" in str(assessed["set_aside_by_reason"])
    assert "| no_region | 1 |" in str(assessed["set_aside_by_reason"])
    checks = result.get_asset_check_evaluations()
    assert {check.check_name for check in checks} >= {"contract", "no_row_lost", "characteristics_add_up"}
    assert all(check.passed for check in checks)


def test_registers_are_pseudonymised_once_and_again_when_they_change(home: Home, instance: dg.DagsterInstance) -> None:
    def written() -> dict[str, object]:
        result = _run(home, instance)
        assert result.success
        return {register.name: _metadata(result, register.table.asset)["written"] for register in REGISTERS}

    everything = {register.name: True for register in REGISTERS}
    nothing = {register.name: False for register in REGISTERS}
    assert written() == everything
    assert written() == nothing
    persons = home.registers / "2024" / "persons.parquet"
    pl.read_parquet(persons).head(3).write_parquet(persons)
    assert written() == nothing | {"persons": True}


def test_another_key_pseudonymises_the_registers_again(
    home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    persons = next(register.table for register in REGISTERS if register.name == "persons")
    warehouse = Warehouse(home.warehouse)
    assert _run(home, instance).success
    before = warehouse.read(persons, 2024)
    monkeypatch.setenv("DAKL_PSEUDONYM_KEY", "cd" * 32)
    assert _run(home, instance).success
    after = warehouse.read(persons, 2024)
    assert after.height == before.height
    assert set(after["bsn_pseudonym"]).isdisjoint(before["bsn_pseudonym"])


class _Losing(Warehouse):
    """A warehouse that promises one registration more than the files hold."""

    def read(self, table: Table, year: int | None = None) -> pl.DataFrame:
        frame = super().read(table, year)
        return frame.with_columns(registrations=pl.col("registrations") + 1) if table is SELECTED else frame


def test_a_failing_check_blocks_and_leaves_the_last_good_figures(home: Home, instance: dg.DagsterInstance) -> None:
    assert _run(home, instance).success
    warehouse = Warehouse(home.warehouse)
    before = warehouse.read(UNIQUE_PERSON_COUNTS, 2024)
    # Two persons of one number in the register: the contract of the register fails.
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
    result = _run(home, instance, warehouse=_Losing(home.warehouse))
    assert not result.success
    (failed,) = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert (failed.asset_key.to_user_string(), failed.check_name) == ("pseudonymised_stays", "no_row_lost")
    assert failed.description == (
        "4 rows in, 3 rows out. What to do: an error in the pipeline: keep the run and report it to the maintainers"
    )
    assert "enriched_stays" not in {event.step_key for event in result.get_step_success_events()}
    assert Warehouse(home.warehouse).read(UNIQUE_PERSON_COUNTS, 2024).equals(before)

"""The sensor of corrections on a real home and a real history of runs: its run requests and their texts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from dagster import DagsterInstance

from assets.automation.calendar import build_calendar, build_nightly_run
from assets.automation.reruns import build_rerun_sensor
from dakl_pipeline.cli import main
from dakl_pipeline.cli.dagster_home import prepare_instance
from dakl_pipeline.definitions import YEARLY_FIGURES, build_defs
from resources.config.home import Home
from resources.config.settings import load_methodology
from resources.workflows.opened_home import OpenedHome
from resources.workflows.year_status import YearMonitor
from tests.support.small_home import ANNA, BRAM, CEES, deliver, delivery, figures_home, registers, row, run

STARTED, CANCELING = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING


@dataclass
class CollectionRound:
    """A home with its history of runs, and a clock."""

    home: Home
    instance: DagsterInstance
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def watch(self) -> YearMonitor:
        return OpenedHome(self.home).years

    def year_status(self) -> list[dg.RunRequest]:
        sensor = build_rerun_sensor(self.watch, YEARLY_FIGURES, retry_delays=(300, 900), now=lambda: self.now)
        outcome = sensor(dg.build_sensor_context(instance=self.instance))
        assert isinstance(outcome, dg.SensorResult)
        requests = list(outcome.run_requests or [])
        self.said = outcome.cursor or ""
        reason = outcome.skip_reason.skip_message if isinstance(outcome.skip_reason, dg.SkipReason) else None
        assert reason == (None if requests else self.said)
        return requests

    def began(
        self,
        job_name: str = YEARLY_FIGURES,
        *,
        status: dg.DagsterRunStatus = STARTED,
        tags: Mapping[str, str] | None = None,
    ) -> dg.DagsterRun:
        """A started run of 2024 whose process is gone."""
        job = build_defs(self.home).resolve_job_def(YEARLY_FIGURES)
        run = self.instance.create_run_for_job(job, tags={"dagster/partition": "2024", **(tags or {})})
        self.instance.delete_run(run.run_id)
        return self.instance.add_run(run._replace(job_name=job_name, status=status))

    def status(self, run: dg.DagsterRun) -> dg.DagsterRunStatus:
        now = self.instance.get_run_by_id(run.run_id)
        assert now is not None
        return now.status

    def execute(self, request: dg.RunRequest) -> bool:
        job = build_defs(self.home).resolve_job_def(YEARLY_FIGURES)
        done = job.execute_in_process(
            instance=self.instance,
            partition_key=request.partition_key,
            tags=dict(request.tags),
            raise_on_error=False,
        )
        return done.success

    def execute_all(self) -> None:
        requests = self.year_status()
        assert [self.execute(request) for request in requests] == [True] * len(requests)

    def deliver(self, name: str, *rows: str, supplier: str = "gemeente-almelo") -> None:
        folder = self.home.root.parent / f"{supplier}-{len(list(self.home.deliveries.glob('0*')))}"
        assert deliver(self.home.root, delivery(folder, name, *rows), supplier) == 0


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[CollectionRound]:
    home = Home(figures_home(tmp_path))
    with DagsterInstance.from_config(str(prepare_instance(home))) as instance:
        yield CollectionRound(home, instance)


def test_one_run_a_year_that_changed_and_none_without_a_change(collection: CollectionRound) -> None:
    assert collection.year_status() == []
    collection.deliver("DAKL_J2024_a.csv", row(ANNA))
    collection.deliver("DAKL_J2024_b.csv", row(BRAM), supplier="mo-b")
    (request,) = collection.year_status()
    assert request.partition_key == "2024"
    assert request.tags["dakl/reason"] == "first count, of 2 files"
    # Two ticks before the run has started request the same run, so Dagster starts one.
    assert [again.run_key for again in collection.year_status()] == [request.run_key]
    assert collection.execute(request)
    assert collection.year_status() == []
    assert "2024: the figures match the selection" in collection.said


def test_a_correction_a_rejected_file_and_a_withdrawal(collection: CollectionRound, tmp_path: Path) -> None:
    collection.deliver("DAKL_J2023_a.csv", row(ANNA, start="2023-02-01", end="2023-03-01"))
    collection.deliver("DAKL_J2024_a.csv", row(ANNA))
    collection.execute_all()
    bad = delivery(tmp_path / "bad", "DAKL_J2024_bad.csv", row(start="2024-02-30"))
    assert deliver(collection.home.root, bad, "gemeente-almelo") == 1
    assert collection.year_status() == []
    collection.deliver("DAKL_J2024_b.csv", row(ANNA), row(BRAM))
    (request,) = collection.year_status()
    assert request.partition_key == "2024"
    assert request.tags["dakl/reason"] == "gemeente-almelo: DAKL_J2024_a.csv (000002) → DAKL_J2024_b.csv (000004)"
    assert collection.execute(request)
    at = ["--at", "2025-07-01T12:00"]
    assert (
        main(["withdraw", "--supplier=gemeente-almelo", "--year=2024", *at, "--home", str(collection.home.root)]) == 0
    )
    (request,) = collection.year_status()
    assert request.tags["dakl/reason"] == "gemeente-almelo: DAKL_J2024_b.csv (000004) → nothing"
    assert collection.execute(request)
    assert collection.year_status() == []


def test_a_register_that_changes_counts_its_year_again_also_when_no_figure_changes(collection: CollectionRound) -> None:
    collection.deliver("DAKL_J2023_a.csv", row(ANNA, start="2023-02-01", end="2023-03-01"))
    collection.deliver("DAKL_J2024_a.csv", row(ANNA))
    collection.execute_all()
    persons = collection.home.registers / "2023" / "persons.parquet"
    # Dora has no stay.
    pl.read_parquet(persons).head(3).write_parquet(persons)
    (request,) = collection.year_status()
    assert (request.partition_key, request.tags["dakl/reason"]) == ("2023", "register persons changed")
    assert collection.execute(request)
    assert collection.year_status() == []
    persons.unlink()
    collection.deliver("DAKL_J2023_b.csv", row(BRAM, start="2023-02-01", end="2023-03-01"))
    assert collection.year_status() == []
    assert "there is no register persons for 2023" in collection.said
    registers(collection.home.root, 2023)
    (request,) = collection.year_status()
    assert "register persons changed" in request.tags["dakl/reason"]
    assert "DAKL_J2023_b.csv" in request.tags["dakl/reason"]


def test_changes_while_a_run_is_busy_give_one_run_afterwards(collection: CollectionRound) -> None:
    collection.deliver("DAKL_J2024_a.csv", row(ANNA))
    (request,) = collection.year_status()
    busy = collection.began(tags=request.tags)
    for name in ("b", "c"):
        collection.deliver(f"DAKL_J2024_{name}.csv", row(ANNA), row(BRAM))
    assert collection.year_status() == []
    assert "2024: a run is busy" in collection.said
    collection.instance.report_run_canceled(busy)
    (request,) = collection.year_status()
    assert collection.execute(request)
    assert collection.year_status() == []


def test_a_failed_run_is_tried_again_after_growing_pauses_and_then_left_to_a_person(
    collection: CollectionRound,
) -> None:
    collection.deliver("DAKL_J2024_a.csv", row(ANNA))
    care = collection.home.registers / "2024" / "care.parquet"
    care.write_bytes(b"PAR1")
    attempts, shown = [], []
    for pause in (0, 301, 901):
        collection.now = datetime.now(UTC) + timedelta(seconds=pause)
        (request,) = collection.year_status()
        attempts.append((request.tags[".dagster/dakl_attempt"], ".dagster/dakl_next_attempt_at" in request.tags))
        # Only tags that the UI shows: the others are for programs.
        shown.append({name: tag for name, tag in request.tags.items() if not name.startswith(".dagster/")})
        assert not collection.execute(request)
        collection.now = datetime.now(UTC) + timedelta(seconds=1)
        assert collection.year_status() == []
    assert attempts == [("1", True), ("2", True), ("3", False)]
    reason = "first count, of 1 files"
    assert [tags.pop("dakl/reason") for tags in shown] == [reason, f"{reason} (attempt 2)", f"{reason} (attempt 3)"]
    assert all(name.startswith("dagster/") for tags in shown for name in tags), shown
    collection.now += timedelta(days=30)
    assert collection.year_status() == []
    assert "2024: attempt 3 failed; repair the cause" in collection.said
    # A repaired register is another target, so a run starts automatically.
    registers(collection.home.root, 2024)
    (request,) = collection.year_status()
    assert request.tags[".dagster/dakl_attempt"] == "1"
    assert collection.execute(request)


def test_a_run_whose_process_was_killed_is_ended_and_tried_again(collection: CollectionRound) -> None:
    collection.deliver("DAKL_J2024_a.csv", row(ANNA))
    (request,) = collection.year_status()
    gone = collection.began(tags=request.tags)
    with collection.watch.stages.locked(2024, timeout=0):
        collection.now += timedelta(hours=1)
        assert collection.year_status() == []
        assert "a run is busy" in collection.said
    assert collection.year_status() == []
    assert collection.status(gone) == dg.DagsterRunStatus.FAILURE
    collection.now += timedelta(seconds=301)
    (request,) = collection.year_status()
    assert request.tags[".dagster/dakl_attempt"] == "2"
    assert collection.execute(request)


@pytest.mark.parametrize("newer", [0, 25])
@pytest.mark.parametrize(("status", "ended"), [(STARTED, "FAILURE"), (CANCELING, "CANCELED")])
def test_a_dead_run_of_the_asset_graph_does_not_keep_its_year(
    collection: CollectionRound, newer: int, status: dg.DagsterRunStatus, ended: str
) -> None:
    """*Materialize* in the asset graph starts a run of another job, which locks its year too."""
    gone = collection.began("__ASSET_JOB", status=status)
    for _ in range(newer):
        collection.began(status=dg.DagsterRunStatus.SUCCESS)
    collection.deliver("DAKL_J2024_a.csv", row(ANNA))
    assert collection.year_status() == []
    assert "a run is busy" in collection.said
    collection.now += timedelta(hours=1)
    (request,) = collection.year_status()
    assert collection.status(gone).value == ended
    assert request.tags[".dagster/dakl_attempt"] == "1"


def test_a_run_that_has_just_let_go_of_its_year_is_left_to_say_that_it_is_done(collection: CollectionRound) -> None:
    collection.deliver("DAKL_J2024_a.csv", row(ANNA))
    busy = collection.began()
    collection.now += timedelta(hours=1)
    message: dg.EventLogEntry = dg.EventLogEntry(  # type: ignore[no-untyped-call]
        None, "info", "", busy.run_id, collection.now.timestamp() - 5, None, YEARLY_FIGURES
    )
    collection.instance.handle_new_event(message)
    assert collection.year_status() == []
    assert collection.status(busy) == STARTED


def test_a_change_that_came_and_went_while_a_run_was_waiting_is_taken_back(collection: CollectionRound) -> None:
    collection.deliver("DAKL_J2024_a.csv", row(ANNA), supplier="mo-a")
    (request,) = collection.year_status()
    # It is delivered after the tick and before the run reads the log ...
    collection.deliver("DAKL_J2024_b.csv", row(BRAM), supplier="mo-b")
    assert collection.execute(request)
    assert collection.year_status() == []
    # ... and withdrawn again: the selection is the run's target again, but not what it counted.
    at = ["--at", "2025-07-01T12:00"]
    assert main(["withdraw", "--supplier=mo-b", "--year=2024", *at, "--home", str(collection.home.root)]) == 0
    collection.now = datetime.now(UTC) + timedelta(seconds=301)
    (request,) = collection.year_status()
    assert request.tags["dakl/reason"] == "mo-b: DAKL_J2024_b.csv (000002) → nothing (attempt 2)"
    assert collection.execute(request)
    assert collection.year_status() == []
    assert "the figures match the selection" in collection.said


def test_after_days_of_silence_and_runs_from_the_command_line(collection: CollectionRound) -> None:
    for name in "abc":
        collection.deliver(f"DAKL_J2024_{name}.csv", row(ANNA), supplier=f"mo-{name}")
        collection.deliver(f"DAKL_J2023_{name}.csv", row(CEES, start="2023-02-01", end=""), supplier=f"mo-{name}")
    assert run(collection.home.root, 2024) == 0
    (request,) = collection.year_status()
    assert request.partition_key == "2023"


def test_one_year_that_cannot_be_looked_at_does_not_keep_the_others_waiting(collection: CollectionRound) -> None:
    collection.deliver("DAKL_J2023_a.csv", row(ANNA, start="2023-02-01", end="2023-03-01"))
    collection.execute_all()
    (collection.home.history / "2023" / "00001" / "vintage.json").write_text("{")
    collection.deliver("DAKL_J2024_a.csv", row(ANNA))
    (request,) = collection.year_status()
    assert request.partition_key == "2024"
    assert collection.execute(request)
    assert collection.year_status() == []
    assert "2023: vintage 1 of 2023 in" in collection.said


def test_the_night_looks_at_the_years_in_season_that_lack_nothing(collection: CollectionRound) -> None:
    schedule = build_nightly_run(collection.watch, YEARLY_FIGURES)

    def night(moment: datetime) -> object:
        return schedule(dg.build_schedule_context(instance=collection.instance, scheduled_execution_time=moment))

    asked = night(datetime(2025, 5, 2, 1, tzinfo=UTC))
    assert isinstance(asked, list)
    assert [(request.partition_key, request.run_key) for request in asked] == [
        ("2023", "nightly:2025-05-02:2023"),
        ("2024", "nightly:2025-05-02:2024"),
    ]
    (collection.home.registers / "2023" / "care.parquet").unlink()
    asked = night(datetime(2025, 5, 2, 1, tzinfo=UTC))
    assert isinstance(asked, list)
    assert [request.partition_key for request in asked] == ["2024"]
    registers(collection.home.root, 2023)
    collection.deliver("DAKL_J2023_a.csv", row(ANNA, start="2023-02-01", end="2023-03-01"))
    collection.execute_all()
    (collection.home.history / "2023" / "00001" / "vintage.json").write_text("{")
    asked = night(datetime(2025, 5, 2, 1, tzinfo=UTC))
    assert isinstance(asked, list)
    assert [request.partition_key for request in asked] == ["2024"], "one damaged year keeps the others waiting"
    nothing = night(datetime(2025, 12, 2, 1, tzinfo=UTC))
    assert isinstance(nothing, dg.SkipReason)
    assert "no collection round is in progress" in str(nothing.skip_message)


def test_a_night_that_fails_is_one_more_attempt_and_no_new_beginning(collection: CollectionRound) -> None:
    collection.deliver("DAKL_J2024_a.csv", row(ANNA))
    (collection.home.registers / "2024" / "care.parquet").write_bytes(b"PAR1")
    for pause in (0, 301, 901):
        collection.now = datetime.now(UTC) + timedelta(seconds=pause)
        (request,) = collection.year_status()
        assert not collection.execute(request)
    schedule = build_nightly_run(collection.watch, YEARLY_FIGURES)
    night = dg.build_schedule_context(
        instance=collection.instance, scheduled_execution_time=datetime(2025, 5, 2, 1, tzinfo=UTC)
    )
    asked = schedule(night)
    assert isinstance(asked, list)
    assert not collection.execute(next(request for request in asked if request.partition_key == "2024"))
    collection.now += timedelta(days=30)
    assert collection.year_status() == []
    assert "2024: attempt 4 failed; repair the cause" in collection.said


def test_reminders_are_told_once_in_the_log_and_by_mail(collection: CollectionRound) -> None:
    moment = datetime(2025, 6, 18, 5, tzinfo=UTC)
    job, schedule = build_calendar(collection.home, load_methodology(collection.home), now=lambda: moment)
    context = dg.build_schedule_context(instance=collection.instance, scheduled_execution_time=moment)
    assert isinstance(schedule(context), dg.RunRequest)
    assert job.execute_in_process(instance=collection.instance).success
    (mail,) = collection.home.mails.glob("*.eml")
    assert mail.name == "round-2025-delivery-closes.eml"
    assert "Laatste dag van aanlevering" in mail.read_text()
    assert isinstance(schedule(context), dg.SkipReason)
    before = mail.read_bytes()
    assert job.execute_in_process(instance=collection.instance).success
    assert mail.read_bytes() == before

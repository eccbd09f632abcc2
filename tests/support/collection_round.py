"""A collection round: suppliers deliver, correct and withdraw in bursts while the daemon of a home is at work."""

import re
import shutil
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.cli.dagster_home import prepare_instance
from dakl_pipeline.cli.synthetic_data import plan_of, write_registers
from dakl_pipeline.contracts.history import RUNS, SELECTED_HISTORY
from dakl_pipeline.definitions import YEARLY_FIGURES
from dakl_pipeline.deliveries.selection import select
from dakl_pipeline.history.provenance import Vintage
from dakl_pipeline.synthetic import Population, generate_population
from dakl_pipeline.synthetic.deliveries import Event
from resources.config.home import Home
from resources.config.settings import load_methodology
from resources.storage.delivery_store import DeliveryStore
from resources.storage.warehouse import Warehouse
from resources.workflows.opened_home import OpenedHome
from resources.workflows.year_status import YearMonitor
from tests.support.dagster_ui import running_ui
from tests.support.environment import wait_until
from tests.support.small_home import export

DEADLINE_SECONDS = 1200
TABLES = (
    "statistics.unique_person_counts",
    "statistics.coverage",
    "statistics.supplier_overlap",
    "deliveries.selected",
)
_SELECTED = ("supplier_id", "file_name", "delivery_id")
_CHANGE = re.compile(r"^(?P<supplier>[a-z0-9-]+): (?P<old>nothing|.+ \(\d+\)) → (?P<new>nothing|.+ \(\d+\))$")


@dataclass
class CollectionRound:
    """A home that a daemon watches.

    Attributes:
        home: The home.
        instance: The history of runs.
        years: The reporting years that are delivered.
    """

    home: Home
    instance: dg.DagsterInstance
    years: tuple[int, ...]
    _files: int = field(default=0)

    @property
    def watch(self) -> YearMonitor:
        """The year monitor of the home, as the sensor uses it."""
        return OpenedHome(self.home).years

    def play(self, event: Event, *, late: bool = False) -> None:
        """Deliver or withdraw as a supplier does."""
        where = ["--supplier", event.supplier_id, "--home", str(self.home.root)]
        pending_changes = ["--accept-late", "agreed by telephone"] if late else []
        at = "2025-12-01T12:00" if late else event.received_at.isoformat()
        if event.file_name is None or event.content is None:
            code = main(["withdraw", "--year", str(event.reporting_year), "--at", at, *pending_changes, *where])
        else:
            self._files += 1
            file = self.home.root.parent / "sent" / str(self._files) / event.file_name
            file.parent.mkdir(parents=True)
            file.write_bytes(event.content)
            code = main(["deliver", str(file), "--received-at", at, *pending_changes, *where])
        assert code == (0 if event.is_expected_approved else 1), event

    def selections(self) -> dict[int, frozenset[str]]:
        """The selected deliveries of every year."""
        entries, methodology = DeliveryStore(self.home.deliveries).entries(), load_methodology(self.home)
        return {
            year: frozenset(d.delivery_id for d in select(entries, year=year, methodology=methodology))
            for year in self.years
        }

    def wait_for_runs(self) -> None:
        """Wait until the figures of every year match its selection and no run is busy."""
        watch = self.watch
        wait_until(
            lambda: not self._busy() and not any(watch.year_status(year).pending_changes for year in self.years),
            seconds=DEADLINE_SECONDS,
        )

    def wait_for_failure(self, year: int) -> None:
        """Wait until a run of a year has failed."""
        wait_until(lambda: self.run_results(year)[dg.DagsterRunStatus.FAILURE], seconds=DEADLINE_SECONDS)

    def run_results(self, year: int) -> Counter[dg.DagsterRunStatus]:
        """The number of runs of a year, by status."""
        return Counter(run.status for run in self._runs(year))

    def target_fingerprint(self, year: int) -> list[str]:
        """The target fingerprints of the successful runs, in order."""
        ended_well = [run for run in self._runs(year) if run.status == dg.DagsterRunStatus.SUCCESS]
        return [run.tags[".dagster/dakl_target"] for run in reversed(ended_well)]

    def _runs(self, year: int) -> list[dg.DagsterRun]:
        chosen = dg.RunsFilter(job_name=YEARLY_FIGURES, tags={"dagster/partition": str(year)})
        return list(self.instance.get_runs(chosen))

    def _busy(self) -> bool:
        return any(not run.is_finished for year in self.years for run in self._runs(year))


def assert_a_collection_round_ends_well(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *, suppliers: int, persons: int, bursts: int, years: tuple[int, ...]
) -> None:
    """Play a round through commands, daemon and sensor, and compare the result with one clean run."""
    monkeypatch.setenv("DAKL_RERUN_INTERVAL", "2")
    monkeypatch.setenv("DAKL_RERUN_RETRY_DELAYS", "[5, 5, 5]")
    home = Home(folder / "home")
    assert main(["key", "create", "--home", str(home.root)]) == 0
    population = generate_population(plan_of(seed=5, years=years, persons=persons, suppliers=suppliers))
    write_registers(population.registers, home.registers)
    with dg.DagsterInstance.from_config(str(prepare_instance(home))) as instance:
        collection = CollectionRound(home, instance, years)
        parts = _in_bursts(population, bursts)
        # Days of silence: the daemon was off.
        for event in parts[0]:
            collection.play(event)
        with running_ui(home.root):
            collection.wait_for_runs()
            delivered = [year for year in years if collection.selections()[year]]
            assert {year: collection.run_results(year) for year in delivered} == {
                year: {dg.DagsterRunStatus.SUCCESS: 1} for year in delivered
            }
            for number, part in enumerate(parts[1:]):
                _burst(collection, part, number)
            _late_file(collection, population)
            _register_that_breaks_and_is_replaced(collection, years[-1])
        _assert_runs_and_reasons(collection)
    _assert_as_a_clean_run(home, folder, years)


def _in_bursts(population: Population, bursts: int) -> list[list[Event]]:
    size = -(-len(population.events) // bursts)
    return [list(population.events[start : start + size]) for start in range(0, len(population.events), size)]


def _burst(collection: CollectionRound, events: list[Event], number: int) -> None:
    """Events in one burst, longer than a run takes: a year that changes is counted once, another is not."""
    before, counted = (
        collection.selections(),
        {year: len(collection.target_fingerprint(year)) for year in collection.years},
    )
    with ExitStack() as busy:
        # As if another run of each year were busy all the time.
        for year in collection.years:
            busy.enter_context(collection.watch.stages.locked(year, timeout=DEADLINE_SECONDS))
        for event in events:
            collection.play(event)
    collection.wait_for_runs()
    for year, selection in collection.selections().items():
        runs = len(collection.target_fingerprint(year)) - counted[year]
        # A change that was undone within the burst may have requested a run.
        assert runs == 1 if selection != before[year] else runs <= 1, (number, year, runs)


def _late_file(collection: CollectionRound, population: Population) -> None:
    event = next(e for e in population.events if e.content is not None and e.is_expected_approved)
    counted = len(collection.target_fingerprint(event.reporting_year))
    collection.play(event, late=True)
    collection.wait_for_runs()
    assert len(collection.target_fingerprint(event.reporting_year)) == counted + 1


def _register_that_breaks_and_is_replaced(collection: CollectionRound, year: int) -> None:
    """Runs with half a register fail, with pauses between them; a good register is counted at once."""
    path = collection.home.registers / str(year) / "persons.parquet"
    people = pl.read_parquet(path)
    path.write_bytes(path.read_bytes()[:1000])
    collection.wait_for_failure(year)
    counted = len(collection.target_fingerprint(year))
    people.head(people.height * 9 // 10).write_parquet(path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)
    collection.wait_for_runs()
    assert len(collection.target_fingerprint(year)) == counted + 1
    assert collection.run_results(year)[dg.DagsterRunStatus.FAILURE] <= 4


def _assert_runs_and_reasons(collection: CollectionRound) -> None:
    for year in collection.years:
        target_fingerprint = collection.target_fingerprint(year)
        assert all(first != second for first, second in pairwise(target_fingerprint)), "a state ran twice"
        vintages = collection.watch.history.vintages(year)
        assert len(vintages) <= len(target_fingerprint)
        if vintages:
            _assert_told(collection, year, vintages)


def _assert_told(collection: CollectionRound, year: int, vintages: list[Vintage]) -> None:
    """The reasons of the vintages name every change of the selection, from the first count to the last."""
    first = collection.watch.history.read(vintages[0], SELECTED_HISTORY)
    told = {supplier: f"{name} ({number})" for supplier, name, number in first.select(*_SELECTED).rows()}
    assert vintages[0].reason == f"first count, of {len(told)} files"
    for vintage in vintages[1:]:
        for sentence in vintage.reason.split("; "):
            if change := _CHANGE.match(sentence):
                assert told.pop(change["supplier"], "nothing") == change["old"]
                told |= {change["supplier"]: change["new"]} if change["new"] != "nothing" else {}
            else:
                assert re.fullmatch("register [a-z_]+ changed", sentence), sentence
    entries, methodology = DeliveryStore(collection.home.deliveries).entries(), load_methodology(collection.home)
    selected = select(entries, year=year, methodology=methodology)
    assert told == {d.supplier_id: f"{d.file_name} ({d.delivery_id})" for d in selected}


def _assert_as_a_clean_run(home: Home, folder: Path, years: tuple[int, ...]) -> None:
    clean = folder / "clean" / "home"
    clean.mkdir(parents=True)
    shutil.copytree(home.deliveries, clean / "deliveries")
    shutil.copytree(home.registers, clean / "registers")
    shutil.copyfile(home.format_file, clean / "home.json")
    shutil.copyfile(home.key_file, clean / "pseudonym.key")
    (clean / "pseudonym.key").chmod(0o600)
    assert main(["run", *(f"--year={year}" for year in years), "--jobs=1", "--home", str(clean)]) == 0
    for table in TABLES:
        assert export(home.root, table) == export(clean, table), table
    assert Warehouse(home.warehouse).read(RUNS).height > len(years)

"""A stage can use only what it declares: what it does not name is refused, and nothing is written."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from assets import count, enrich, pseudonymise
from assets.chain import STAGES
from assets.framework.asset import FORCE_TAG, RESOURCE_KEYS, build_asset
from assets.framework.stage import EarlierVintage, Inputs, Output, Stage, Stores, UndeclaredInput
from dakl_pipeline.contracts.history import COUNTS_HISTORY, COVERAGE_HISTORY
from dakl_pipeline.contracts.registers import REGISTERS
from dakl_pipeline.contracts.statistics import UNIQUE_PERSONS
from dakl_pipeline.contracts.stays import STAY_ELIGIBILITY
from dakl_pipeline.definitions import build_defs
from dakl_pipeline.deliveries.log import Delivery
from resources.config.environment import load_environment
from resources.config.home import Home
from resources.config.secret_key import load_key
from resources.config.settings import load_methodology
from resources.storage.history_store import HistoryStore
from resources.storage.stage_store import StageStore
from resources.workflows.opened_home import OpenedHome
from tests.support.small_home import ANNA, BRAM, deliver, delivery, make_home, registers, row, run

LAST_YEAR = EarlierVintage(COUNTS_HISTORY)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home in which 2023 and 2024 were counted."""
    folder = tmp_path_factory.mktemp("declared")
    made = make_home(folder)
    for year in (2023, 2024):
        file = delivery(folder, f"DAKL_J{year}_a.csv", row(ANNA, start=f"{year}-02-01", end=f"{year}-03-01"))
        assert deliver(made, file, "gemeente-almelo") == 0
        assert run(made, year) == 0
    return Home(made)


def _nothing(inputs: Inputs) -> Output:
    raise AssertionError(inputs)


def _inputs(home: Home, *, year: int = 2024, **declared: object) -> Inputs:
    stage = Stage(tables=(UNIQUE_PERSONS,), reads=(), group="g", kinds=frozenset(), run=_nothing)
    watch, methodology = OpenedHome(home).years, load_methodology(home)
    stores = Stores(watch.stages, watch.history, watch.deliveries, watch.registers)
    return Inputs(replace(stage, **declared), year, stores, load_key(home, load_environment()), methodology)  # type: ignore[arg-type]


def _open(inputs: Inputs) -> None:
    delivered = Inputs.log.func(_all(inputs))  # type: ignore[attr-defined]
    with inputs.open_delivery(next(entry for entry in delivered if isinstance(entry, Delivery))):
        pass


def _all(inputs: Inputs) -> Inputs:
    """The same inputs with every source declared."""
    allowed = replace(inputs._stage, sources=("delivered_files",))
    return Inputs(allowed, inputs.year, inputs._stores, inputs._key, inputs._methodology)


PERSONS = REGISTERS[0]
READS: list[tuple[str, Callable[[Inputs], object], Mapping[str, object]]] = [
    ("table stays.eligibility", lambda i: i.read(STAY_ELIGIBILITY), {"reads": (STAY_ELIGIBILITY,)}),
    (
        "table stays.eligibility",
        lambda i: i.read_matching(STAY_ELIGIBILITY, "person_pseudonym", pl.Series([], dtype=pl.String)),
        {"reads": (STAY_ELIGIBILITY,)},
    ),
    ("source delivered_files", lambda i: i.log, {"sources": ("delivered_files",)}),
    ("source delivered_files", _open, {"sources": ("delivered_files",)}),
    (f"source {PERSONS.source_asset}", lambda i: i.read_register(PERSONS), {"sources": (PERSONS.source_asset,)}),
    (f"source {PERSONS.source_asset}", lambda i: i.register_digest(PERSONS), {"sources": (PERSONS.source_asset,)}),
    (f"source {PERSONS.source_asset}", lambda i: i.register_findings(PERSONS), {"sources": (PERSONS.source_asset,)}),
    ("the key", lambda i: i.key, {"uses_key": True}),
    ("setting adult_age", lambda i: i.methodology.adult_age, {"settings": ("adult_age",)}),
    ("setting rounds", lambda i: i.methodology.rounds, {"settings": ("rounds",)}),
    (
        "statistics.unique_person_counts_history of an earlier year",
        lambda i: i.read_earlier(LAST_YEAR),
        {"earlier": (LAST_YEAR,)},
    ),
]


@pytest.mark.parametrize(("what", "use", "declared"), READS)
def test_an_undeclared_read_is_refused_and_a_declared_one_is_not(
    what: str, use: Callable[[Inputs], object], declared: Mapping[str, Any], home: Home
) -> None:
    use(_inputs(home, **declared))
    with pytest.raises(UndeclaredInput) as refused:
        use(_inputs(home))
    assert f"uses {what} and does not declare it" in str(refused.value)
    assert next(iter(declared)) in str(refused.value)


def _run_of(home: Home, stage: Stage, year: int = 2024) -> dg.ExecuteInProcessResult:
    """Materialise one stage of the chain, declared as given."""
    defs = build_defs(home)
    asset = build_asset(stage, dg.StaticPartitionsDefinition(["2024", "2023", "2022"]))
    sources = [spec for other in STAGES if other.name != stage.name for spec in _specs(other)]
    resources = {name: defs.resources[name] for name in RESOURCE_KEYS}  # type: ignore[index]
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [asset, *sources],
            instance=instance,
            partition_key=str(year),
            resources=resources,
            selection=[table.asset for table in stage.tables],
            raise_on_error=False,
            tags={FORCE_TAG: "true"},
        )


def _specs(stage: Stage) -> list[dg.AssetSpec]:
    years = dg.StaticPartitionsDefinition(["2024", "2023", "2022"])
    return [dg.AssetSpec(table.asset, partitions_def=years) for table in stage.tables]


@pytest.mark.parametrize(
    ("stage", "forgotten"),
    [
        (count.STAGE, {"reads": (UNIQUE_PERSONS,)}),
        (enrich.STAGE, {"reads": enrich.STAGE.reads[:-1]}),
        (pseudonymise.STAGE, {"settings": ()}),
        (pseudonymise.STAGE, {"uses_key": False}),
    ],
    ids=lambda value: value.name if isinstance(value, Stage) else None,
)
def test_an_undeclared_read_stops_the_stage_and_nothing_is_written(
    stage: Stage, forgotten: Mapping[str, object], home: Home
) -> None:
    """Without stays in the declaration of the counts, a new delivery would give a coverage of 1 instead of 3."""
    before = StageStore(home.stages).record(2024)
    result = _run_of(home, replace(stage, **forgotten))  # type: ignore[arg-type]
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    said = failure.step_failure_data.user_failure_data
    assert said is not None
    assert "does not declare it" in str(said.label) + str(said.description)
    assert StageStore(home.stages).record(2024) == before


def test_a_vintage_of_an_earlier_year_is_read_and_a_new_one_makes_the_stage_again(tmp_path: Path) -> None:
    made = make_home(tmp_path)
    for year in (2023, 2024):
        registers(made, year)
    file = delivery(tmp_path, "DAKL_J2023_a.csv", row(ANNA, start="2023-02-01", end="2023-03-01"))
    home = Home(made)
    inputs = partial(_inputs, home, earlier=(LAST_YEAR, EarlierVintage(COVERAGE_HISTORY, years_back=2)))
    assert inputs().read_earlier(LAST_YEAR) is None
    assert inputs().fingerprints().keys() == {"code"}
    assert deliver(made, file, "gemeente-almelo") == 0
    assert run(made, 2023) == 0
    first = inputs().read_earlier(LAST_YEAR)
    assert first is not None
    assert first["year"].unique().to_list() == [2023]
    assert inputs().fingerprints()["statistics.unique_person_counts_history of 2023"] == "1"
    more = delivery(tmp_path / "b", "DAKL_J2023_b.csv", row(BRAM, start="2023-02-01", end="2023-03-01"))
    assert deliver(made, more, "gemeente-hengelo") == 0
    assert run(made, 2023) == 0
    assert inputs().fingerprints()["statistics.unique_person_counts_history of 2023"] == "2"
    assert len(HistoryStore(home.history).vintages(2023)) == 2

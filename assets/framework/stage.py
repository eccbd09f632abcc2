"""The machinery that all stages share: read -> call the step -> check -> write -> tell.

Belongs here: turning a stage into a Dagster asset, the checks before a write, and what a run tells. Does not belong
here: what one stage does. A table that breaks its contract or a check is never written: the last good one stays. A
stage whose code, settings, key and inputs are those of its last outcome is not made again.
"""

import hashlib
import traceback
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import dagster as dg
import polars as pl

from assets.framework.column_lineage import column_lineage, told_with_lineage
from assets.framework.metadata import Told, tell_making, tell_notes
from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.deliveries.log import Entry
from dakl_pipeline.errors import DaklError
from dakl_pipeline.history.provenance import StageRecord, out_of_step
from dakl_pipeline.privacy.pseudonyms import PseudonymKey
from dakl_pipeline.reference import Methodology
from dakl_pipeline.statistics.checks import CheckOutcome, keeps_contract
from resources.config.versions import code_version
from resources.storage.delivery_store import DeliveryStore
from resources.storage.history_store import HistoryStore
from resources.storage.register_store import RegisterStore
from resources.storage.stage_store import StageStore
from resources.storage.warehouse import Warehouse
from resources.workflows.record_vintage import publish

_T = TypeVar("_T")

CONTRACT_CHECK = "contract"
OWNER = "team:monitor-dakloosheid"
FORCE_TAG = "dakl/force"
RESOURCE_KEYS = {
    "stages",
    "history",
    "warehouse",
    "delivery_store",
    "register_store",
    "pseudonym_key",
    "methodology",
}
_UNCHANGED = CheckOutcome(True, "unchanged since it was last made and checked", "")


@dataclass(frozen=True)
class Inputs:
    """What a stage may use.

    Attributes:
        year: Reporting year of this run.
        stages: Tables of earlier stages.
        history: The vintages so far, to tell what changed.
        delivery_store: The delivery log.
        register_store: The registers as files.
        key: The secret key.
        methodology: Settings of the statistic.
    """

    year: int
    stages: StageStore
    history: HistoryStore
    delivery_store: DeliveryStore
    register_store: RegisterStore
    key: PseudonymKey
    methodology: Methodology

    def read(self, table: Table) -> pl.DataFrame:
        """Read this year of a table."""
        return self.stages.read(table, self.year)

    @cached_property
    def log(self) -> list[Entry]:
        """The delivery log as it was when the stage first looked: what it says it read is what it used."""
        return self.delivery_store.entries()

    @property
    def key_id(self) -> str:
        """The random id of the key."""
        return self.stages.key_id(self.key.check_value)


@dataclass(frozen=True)
class Output:
    """What a stage made.

    Attributes:
        frames: The rows of this year, per table of the stage.
        rows_in: How many rows the stage got.
        checks: Outcome of every check of meaning that the stage declares.
        set_aside: Rows that do not go on, by reason.
        notes: What more to tell about the run.
    """

    frames: Mapping[Table, pl.DataFrame]
    rows_in: int
    checks: Mapping[str, CheckOutcome] = field(default_factory=dict)
    set_aside: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """A stage of the DAG.

    Attributes:
        tables: Tables it makes together, all or nothing.
        reads: The tables it reads.
        sources: Keys of the assets outside that it reads.
        group: Group in the Dagster UI.
        kinds: Technologies, shown as icons in the Dagster UI.
        code_version: Raised when the stage makes another outcome of the same input.
        run: The stage itself.
        tell: What the Dagster UI shows with a table, before what it shows with every one; also of a stage that was not
            made again.
        checks: Checks of meaning: name and what must hold.
        outside: Digests of what it reads from outside, by name; with those of the tables it reads, its code, the
            settings and the key they say whether it has to be made again.
        uses_key: Whether the outcome depends on the key.
        uses_settings: Whether the outcome depends on the settings of the statistic.
        completes_year: Whether the year is whole when this stage is done, so that the warehouse gets it.
    """

    tables: tuple[Table, ...]
    reads: Sequence[Table]
    group: str
    kinds: frozenset[str]
    code_version: str
    run: Callable[[Inputs], Output]
    tell: Callable[[Inputs], Mapping[Table, Told]] = lambda inputs: {}
    sources: Sequence[str] = ()
    checks: Mapping[str, str] = field(default_factory=dict)
    outside: Callable[[Inputs], Mapping[str, str]] = lambda inputs: {}
    uses_key: bool = False
    uses_settings: bool = True
    completes_year: bool = False

    @property
    def upstream(self) -> list[str]:
        """Keys of the assets it reads."""
        return [*(table.asset for table in self.reads), *self.sources]

    @property
    def name(self) -> str:
        """Name of the stage: that of its first asset."""
        return self.tables[0].asset


def build_asset(stage: Stage, years: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Turn a stage into an asset, or several that are made together.

    Args:
        stage: The stage.
        years: The reporting years.
    """

    @dg.multi_asset(
        name=stage.name,
        specs=[_spec(stage, table, years) for table in stage.tables],
        check_specs=_check_specs(stage, years),
        required_resource_keys=RESOURCE_KEYS,
    )
    def run_stage(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        inputs = _inputs(context)
        if stage.completes_year:
            _require_in_step(stage, inputs)
        try:
            made_of = _guarded(lambda: _made_of(stage, inputs))
        except dg.Failure as failure:
            yield _not_made(stage, failure)
            raise
        former = inputs.stages.record(inputs.year).stages.get(stage.name)
        kept = None
        if FORCE_TAG not in context.run.tags:
            kept = _guarded(lambda: inputs.stages.unchanged(inputs.year, stage.name, made_of))
        if kept is None:
            record = yield from _make(stage, inputs, made_of, context.run.run_id)
        else:
            record = kept
            yield from _unchanged_results(stage, record)
        if stage.completes_year:
            _guarded(lambda: _publish(context, inputs))
        told = _guarded(lambda: stage.tell(inputs))
        key_id = _guarded(lambda: inputs.key_id)
        making = tell_making(record, former, key_id=key_id, is_written=kept is None)
        for table in stage.tables:
            yield dg.MaterializeResult(
                asset_key=table.asset,
                metadata={
                    **told.get(table, {}),
                    **tell_notes(record),
                    "dagster/row_count": dg.MetadataValue.int(record.tables[table.name].rows),
                    "dagster/column_lineage": dg.MetadataValue.column_lineage(column_lineage(table)),
                    **making,
                },
                data_version=dg.DataVersion(record.tables[table.name].sha256),
            )

    return run_stage


def column_schema(table_columns: Mapping[str, tuple[str, str | None, bool]]) -> dg.TableSchema:
    """Column schema for the Dagster UI.

    Args:
        table_columns: Per column its type, description and whether it may be empty.
    """
    return dg.TableSchema(
        columns=[
            dg.TableColumn(name, kind, description, dg.TableColumnConstraints(nullable=nullable))
            for name, (kind, description, nullable) in table_columns.items()
        ]
    )


def _spec(stage: Stage, table: Table, years: dg.PartitionsDefinition[str]) -> dg.AssetSpec:
    return dg.AssetSpec(
        key=table.asset,
        deps=stage.upstream,
        description=table.description,
        group_name=stage.group,
        owners=[OWNER],
        kinds=set(stage.kinds),
        code_version=stage.code_version,
        partitions_def=years,
        metadata={
            "dagster/table_name": table.name,
            "dagster/column_schema": column_schema(
                {n: (str(c.dtype), told_with_lineage(table, n), c.nullable) for n, c in table.columns.items()}
            ),
            "dagster/column_lineage": column_lineage(table),
        },
    )


def _check_specs(stage: Stage, years: dg.PartitionsDefinition[str]) -> list[dg.AssetCheckSpec]:
    contract = "Every row keeps the contract of the table: columns, types, code lists, empty values and key."
    named = [(table, CONTRACT_CHECK, contract) for table in stage.tables]
    named += [(stage.tables[0], name, description) for name, description in stage.checks.items()]
    with warnings.catch_warnings():
        # A history per year needs partitions, which Dagster still calls a preview.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return [
            dg.AssetCheckSpec(name, asset=table.asset, description=description, blocking=True, partitions_def=years)
            for table, name, description in named
        ]


def _inputs(context: dg.AssetExecutionContext) -> Inputs:
    resources = context.resources
    return Inputs(
        year=int(context.partition_key),
        stages=resources.stages,
        history=resources.history,
        delivery_store=resources.delivery_store,
        register_store=resources.register_store,
        key=resources.pseudonym_key,
        methodology=resources.methodology,
    )


def _made_of(stage: Stage, inputs: Inputs) -> dict[str, str]:
    made_of = {"code": code_version(), "version of the stage": stage.code_version}
    if stage.uses_settings:
        made_of["settings"] = hashlib.sha256(inputs.methodology.model_dump_json().encode()).hexdigest()
    if stage.uses_key:
        made_of["key"] = inputs.key_id
    record = inputs.stages.record(inputs.year)
    # A table that is not there is told by the stage when it reads it.
    read = {table.name: stored.sha256 for table in stage.reads if (stored := record.table(table.name))}
    return {**made_of, **stage.outside(inputs), **read}


def _make(
    stage: Stage, inputs: Inputs, made_of: Mapping[str, str], run_id: str
) -> Generator[dg.AssetCheckResult, None, StageRecord]:
    try:
        output = _guarded(lambda: stage.run(inputs))
    except dg.Failure as failure:
        yield _not_made(stage, failure)
        raise
    results = list(_check_results(stage, output))
    yield from results
    failed = [f"{r.check_name}: {r.description}" for r in results if not r.passed]
    if failed:
        raise dg.Failure(
            f"{stage.name} of {inputs.year} was not written, the last good one stays. " + "; ".join(failed),
            allow_retries=False,
        )
    return _guarded(lambda: _write(stage, inputs, made_of, output, run_id))


def _not_made(stage: Stage, failure: dg.Failure) -> dg.AssetCheckResult:
    """The check says it too: that is where an analyst looks, per year."""
    return dg.AssetCheckResult(
        asset_key=stage.tables[0].asset,
        check_name=CONTRACT_CHECK,
        passed=False,
        description=f"not made, so there is nothing to check: {failure.description}",
    )


def _require_in_step(stage: Stage, inputs: Inputs) -> None:
    stale = [name for name in out_of_step(inputs.stages.record(inputs.year)) if name != stage.name]
    if stale:
        raise dg.Failure(
            f"the figures of {inputs.year} would be of different makings: {', '.join(stale)} must be made again first. "
            f"Run the whole year: `dakl run --year {inputs.year}`, or materialise all its assets",
            metadata={"exit_code": DaklError.exit_code},
            allow_retries=False,
        )


def _write(stage: Stage, inputs: Inputs, made_of: Mapping[str, str], output: Output, run_id: str) -> StageRecord:
    return inputs.stages.write(
        inputs.year,
        stage.name,
        output.frames,
        made_of=made_of,
        rows_in=output.rows_in,
        set_aside=output.set_aside,
        notes=output.notes,
        run_id=run_id,
    )


def _publish(context: dg.AssetExecutionContext, inputs: Inputs) -> None:
    warehouse: Warehouse = context.resources.warehouse
    publish(inputs.year, inputs.stages, inputs.history, warehouse, run_id=context.run.run_id)


def _check_results(stage: Stage, output: Output) -> Iterator[dg.AssetCheckResult]:
    if output.checks.keys() != stage.checks.keys():
        raise dg.Failure(f"{stage.name} did not give an outcome for every check it declares", allow_retries=False)
    for table in stage.tables:
        outcome = keeps_contract(table, output.frames[table])
        yield _check_result(table, CONTRACT_CHECK, outcome, {"rows": output.frames[table].height})
    for name, outcome in output.checks.items():
        yield _check_result(stage.tables[0], name, outcome)


def _check_result(
    table: Table, name: str, outcome: CheckOutcome, metadata: Mapping[str, int] | None = None
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=table.asset,
        check_name=name,
        passed=outcome.passed,
        description=outcome.found if outcome.passed else f"{outcome.found}. What to do: {outcome.to_do}",
        metadata=metadata,
    )


def _unchanged_results(stage: Stage, record: StageRecord) -> Iterator[dg.AssetCheckResult]:
    for table in stage.tables:
        rows = record.tables[table.name].rows
        yield _check_result(table, CONTRACT_CHECK, _UNCHANGED, {"rows": rows})
    for name in stage.checks:
        yield _check_result(stage.tables[0], name, _UNCHANGED)


def _guarded(call: Callable[[], _T]) -> _T:
    """Call, and let no text of another library into the event log: it may quote a row."""
    try:
        return call()
    except DaklError as error:
        raise dg.Failure(str(error), metadata={"exit_code": error.exit_code}, allow_retries=False) from None
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        raise dg.Failure(f"unexpected {type(error).__name__} at {where}", allow_retries=False) from None

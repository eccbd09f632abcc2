"""The machinery that all stages share: read -> call the step -> check -> write -> tell.

Belongs here: turning a stage into a Dagster asset, the checks before a write, and what a run tells. Does not belong
here: what one stage does. A table that breaks its contract or a check is never written: the last good one stays.
"""

import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import dagster as dg
import polars as pl

from assets.column_lineage import column_lineage, told_with_lineage
from dakl_pipeline.checks import CheckOutcome
from dakl_pipeline.contracts.columns import Table, hold_against
from dakl_pipeline.errors import DaklError
from dakl_pipeline.pseudonyms import PseudonymKey
from dakl_pipeline.reference import Methodology
from resources.delivery_store import DeliveryStore
from resources.register_store import RegisterStore
from resources.warehouse import TableVersion, Warehouse

_T = TypeVar("_T")

CONTRACT_CHECK = "contract"
OWNER = "team:monitor-dakloosheid"
POOL = "warehouse"
RESOURCE_KEYS = {"warehouse", "delivery_store", "register_store", "pseudonym_key", "methodology"}


@dataclass(frozen=True)
class Inputs:
    """What a stage may use.

    Attributes:
        year: Reporting year of this run.
        warehouse: Tables of earlier stages.
        delivery_store: The delivery log.
        register_store: The registers as files.
        key: The secret key.
        methodology: Settings of the statistic.
    """

    year: int
    warehouse: Warehouse
    delivery_store: DeliveryStore
    register_store: RegisterStore
    key: PseudonymKey
    methodology: Methodology

    def read(self, table: Table) -> pl.DataFrame:
        """Read this year of a table."""
        return self.warehouse.read(table, self.year)


@dataclass(frozen=True)
class Output:
    """What a stage made.

    Attributes:
        frames: The rows of this year, per table of the stage.
        rows_in: How many rows the stage got.
        checks: Outcome of every check of meaning that the stage declares.
        set_aside: Rows that do not go on, by reason.
        version: Of what the tables were made.
        is_unchanged: Whether the tables stand as they were, so that nothing is written; ``frames`` is empty then.
        notes: What more to tell about the run.
    """

    frames: Mapping[Table, pl.DataFrame]
    rows_in: int
    checks: Mapping[str, CheckOutcome] = field(default_factory=dict)
    set_aside: Mapping[str, int] = field(default_factory=dict)
    version: TableVersion | None = None
    is_unchanged: bool = False
    notes: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True)
class Stage:
    """A stage of the DAG.

    Attributes:
        tables: Tables it makes together, all or nothing.
        reads: Keys of the assets it reads.
        group: Group in the Dagster UI.
        kinds: Technologies, shown as icons in the Dagster UI.
        code_version: Raised when the stage makes another outcome of the same input.
        checks: Checks of meaning: name and what must hold.
        run: The stage itself.
    """

    tables: tuple[Table, ...]
    reads: Sequence[str]
    group: str
    kinds: frozenset[str]
    code_version: str
    run: Callable[[Inputs], Output]
    checks: Mapping[str, str] = field(default_factory=dict)

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
        pool=POOL,
    )
    def run_stage(
        context: dg.AssetExecutionContext,
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        inputs = _inputs(context)
        output = _guarded(lambda: stage.run(inputs))
        results = list(_check_results(stage, output))
        yield from results
        failed = [f"{r.check_name}: {r.description}" for r in results if not r.passed]
        if failed:
            raise dg.Failure(
                f"{stage.name} of {inputs.year} was not written, the last good one stays. " + "; ".join(failed),
                allow_retries=False,
            )
        if not output.is_unchanged:
            _guarded(
                lambda: inputs.warehouse.replace_years_together(output.frames, inputs.year, version=output.version)
            )
        for table in stage.tables:
            yield dg.MaterializeResult(asset_key=table.asset, metadata=_run_metadata(table, output))

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
        deps=list(stage.reads),
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
        warehouse=resources.warehouse,
        delivery_store=resources.delivery_store,
        register_store=resources.register_store,
        key=resources.pseudonym_key,
        methodology=resources.methodology,
    )


def _check_results(stage: Stage, output: Output) -> Iterator[dg.AssetCheckResult]:
    if output.checks.keys() != stage.checks.keys() and not output.is_unchanged:
        raise dg.Failure(f"{stage.name} did not give an outcome for every check it declares", allow_retries=False)
    for table in stage.tables:
        if output.is_unchanged:
            found, passed, rows = "unchanged since it was last made and checked", True, output.rows_in
        else:
            verdict = hold_against(table.schema, output.frames[table])
            faults = ", ".join(f"{rule} ({count} rows)" for rule, count in verdict.failures.items())
            found, passed, rows = faults or f"all {verdict.rows} rows keep it", verdict.passed, verdict.rows
        yield dg.AssetCheckResult(
            asset_key=table.asset,
            check_name=CONTRACT_CHECK,
            passed=passed,
            description=found,
            metadata={"rows": rows},
        )
    for name, outcome in output.checks.items():
        yield dg.AssetCheckResult(
            asset_key=stage.tables[0].asset,
            check_name=name,
            passed=outcome.passed,
            description=outcome.found if outcome.passed else f"{outcome.found}. What to do: {outcome.to_do}",
        )


def _run_metadata(table: Table, output: Output) -> dict[str, dg.MetadataValue]:
    rows_out = output.rows_in if output.is_unchanged else output.frames[table].height
    metadata: dict[str, dg.MetadataValue] = {
        "dagster/row_count": dg.MetadataValue.int(rows_out),
        "dagster/column_lineage": dg.MetadataValue.column_lineage(column_lineage(table)),
        "rows_in": dg.MetadataValue.int(output.rows_in),
        "rows_out": dg.MetadataValue.int(rows_out),
        "rows_set_aside": dg.MetadataValue.int(sum(output.set_aside.values())),
        "written": dg.MetadataValue.bool(not output.is_unchanged),
    }
    if output.set_aside:
        lines = [f"| {reason} | {rows} |" for reason, rows in output.set_aside.items()]
        metadata["set_aside_by_reason"] = dg.MetadataValue.md("\n".join(["| reason | rows |", "|---|---:|", *lines]))
    for name, note in output.notes.items():
        metadata[name] = dg.MetadataValue.int(note) if isinstance(note, int) else dg.MetadataValue.text(note)
    return metadata


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

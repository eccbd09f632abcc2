"""From a stage to Dagster assets: read, call the step, check, write, describe.

A table that breaks its contract or a check is never written: the last good one stays. A stage whose code and inputs
are unchanged since its last outcome is not run again.
"""

import traceback
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import dagster as dg

from assets.framework.column_lineage import column_lineage, describe_column
from assets.framework.metadata import making_metadata, note_metadata
from assets.framework.stage import Inputs, Output, Stage, Stores
from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.errors import DaklError
from dakl_pipeline.history.provenance import StageRecord, stale_stages
from dakl_pipeline.statistics.checks import CheckOutcome, conforms
from resources.config.versions import computing_libraries
from resources.storage.warehouse import Warehouse
from resources.workflows.record_vintage import record_vintage

_T = TypeVar("_T")

CONTRACT_CHECK = "contract"
OWNER = "team:monitor-dakloosheid"
FORCE_TAG = "dakl/force"
RESOURCE_KEYS = {
    "audited_run",
    "stages",
    "history",
    "warehouse",
    "delivery_store",
    "register_store",
    "pseudonym_key",
    "methodology",
}
_UNCHANGED = CheckOutcome(True, "unchanged since it was last made and checked", "")


def build_asset(stage: Stage, years: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Turn a stage into one asset, or several that are made together.

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
        stores, inputs = _inputs(context, stage)
        _guarded(context.resources.audited_run.start)
        if stage.records_vintage:
            _require_no_stale_stage(stage, inputs.year, stores)
        try:
            fingerprints = _guarded(lambda: {**computing_libraries(), **inputs.fingerprints()})
        except dg.Failure as failure:
            yield _not_made(stage, failure)
            raise
        former = stores.stages.record(inputs.year).stages.get(stage.name)
        kept = None
        if FORCE_TAG not in context.run.tags:
            kept = _guarded(lambda: stores.stages.unchanged(inputs.year, stage.name, fingerprints))
        if kept is None:
            record = yield from _make(stage, inputs, stores, fingerprints, context.run.run_id)
        else:
            record = kept
            yield from _unchanged_results(stage, record)
        if stage.records_vintage:
            _guarded(lambda: _record_vintage(context, inputs.year, stores))
        described = _guarded(lambda: stage.describe(inputs, stores.history))
        key_id = _guarded(lambda: inputs.key_id)
        making = making_metadata(record, former, key_id=key_id, is_written=kept is None)
        for table in stage.tables:
            yield dg.MaterializeResult(
                asset_key=table.asset,
                metadata={
                    **described.get(table, {}),
                    **note_metadata(record),
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
                {n: (str(c.dtype), describe_column(table, n), c.nullable) for n, c in table.columns.items()}
            ),
            "dagster/column_lineage": column_lineage(table),
        },
    )


def _check_specs(stage: Stage, years: dg.PartitionsDefinition[str]) -> list[dg.AssetCheckSpec]:
    contract = "Every row satisfies the contract of the table: columns, types, code lists, empty values and key."
    named = [(table, CONTRACT_CHECK, contract) for table in stage.tables]
    named += [(stage.tables[0], name, description) for name, description in stage.checks.items()]
    with warnings.catch_warnings():
        # A history of checks per year needs partitions, which Dagster still marks as preview.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return [
            dg.AssetCheckSpec(name, asset=table.asset, description=description, blocking=True, partitions_def=years)
            for table, name, description in named
        ]


def _inputs(context: dg.AssetExecutionContext, stage: Stage) -> tuple[Stores, Inputs]:
    given = context.resources
    stores = Stores(given.stages, given.history, given.delivery_store, given.register_store)
    return stores, Inputs(stage, int(context.partition_key), stores, given.pseudonym_key, given.methodology)


def _make(
    stage: Stage, inputs: Inputs, stores: Stores, fingerprints: Mapping[str, str], run_id: str
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
    return _guarded(
        lambda: stores.stages.write(
            inputs.year,
            stage.name,
            output.frames,
            inputs=fingerprints,
            rows_in=output.rows_in,
            excluded=output.excluded,
            notes=output.notes,
            run_id=run_id,
        )
    )


def _not_made(stage: Stage, failure: dg.Failure) -> dg.AssetCheckResult:
    """A failed check with the reason: the checks are where an analyst looks, per year."""
    return dg.AssetCheckResult(
        asset_key=stage.tables[0].asset,
        check_name=CONTRACT_CHECK,
        passed=False,
        description=f"not made, so there is nothing to check: {failure.description}",
    )


def _require_no_stale_stage(stage: Stage, year: int, stores: Stores) -> None:
    stale = [name for name in stale_stages(stores.stages.record(year)) if name != stage.name]
    if stale:
        raise dg.Failure(
            f"the figures of {year} would mix different versions: {', '.join(stale)} must be made again first. "
            f"Run the whole year: `dakl run --year {year}`, or materialise all its assets",
            metadata={"exit_code": DaklError.exit_code},
            allow_retries=False,
        )


def _record_vintage(context: dg.AssetExecutionContext, year: int, stores: Stores) -> None:
    warehouse: Warehouse = context.resources.warehouse
    record_vintage(year, stores.stages, stores.history, warehouse, context.resources.audited_run)


def _check_results(stage: Stage, output: Output) -> Iterator[dg.AssetCheckResult]:
    if output.checks.keys() != stage.checks.keys():
        raise dg.Failure(f"{stage.name} did not give an outcome for every check it declares", allow_retries=False)
    for table in stage.tables:
        outcome = conforms(table, output.frames[table])
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
    """Call, and keep error texts of other libraries out of the event log: they may quote a row."""
    try:
        return call()
    except DaklError as error:
        raise dg.Failure(str(error), metadata={"exit_code": error.exit_code}, allow_retries=False) from None
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        raise dg.Failure(f"unexpected {type(error).__name__} at {where}", allow_retries=False) from None

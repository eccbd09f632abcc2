"""The changes made by a count: the rows that a vintage adds to the history."""

import json
from collections.abc import Mapping, Sequence

import polars as pl

from dakl_pipeline.contracts import HISTORY_TABLES, TABLES
from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.contracts.deliveries import SELECTED
from dakl_pipeline.contracts.history import ALL_SUPPLIERS, CHANGES, EXCLUSIONS_HISTORY, RUNS
from dakl_pipeline.contracts.registers import REGISTERS
from dakl_pipeline.contracts.statistics import PERSON_SUPPLIERS, UNIQUE_PERSON_COUNTS, UNIQUE_PERSONS
from dakl_pipeline.contracts.stays import STAY_ELIGIBILITY
from dakl_pipeline.history.provenance import REGISTER_DIGEST, Vintage, YearRecord, what_changed
from dakl_pipeline.reference.regions import COUNTRY
from dakl_pipeline.statistics.count import TOTAL

_PERSON = ["region_code", "person_pseudonym"]
# Tables of other stages change for a reason named elsewhere; the selection is described per supplier.
_FOLLOWS = {*TABLES, "selection"}
# The tables by which a vintage is compared with the previous one.
COMPARED = (SELECTED, UNIQUE_PERSONS, PERSON_SUPPLIERS)


def history_of(
    vintage: Vintage,
    *,
    tables: Mapping[Table, pl.DataFrame],
    before: Mapping[Table, pl.DataFrame],
) -> dict[Table, pl.DataFrame]:
    """The rows of a vintage in every table of the history.

    Args:
        vintage: The vintage.
        tables: The rows of the year of every table that keeps its history, of the stays and of :data:`COMPARED`.
        before: The rows of :data:`COMPARED` in the previous vintage, made with the same key; none before the first.

    Returns:
        Frames of the contracts of the history.
    """
    keys = {"year": pl.lit(vintage.year, pl.Int32), "vintage": pl.lit(vintage.number, pl.Int32)}
    in_country = tables[UNIQUE_PERSON_COUNTS].filter(region_code=COUNTRY, dimension=TOTAL)
    run = (
        vintage.counted_at,
        vintage.run_id,
        vintage.reason,
        vintage.key_id,
        tables[SELECTED].height,
        int(in_country["persons"].sum()),
        json.dumps(vintage.versions),
    )
    run_schema = {n: t for n, t in RUNS.polars_schema.items() if n not in keys}
    frames = {
        RUNS: pl.DataFrame([run], schema=run_schema, orient="row"),
        CHANGES: _changes(before, tables),
        EXCLUSIONS_HISTORY: _exclusions(tables[STAY_ELIGIBILITY]),
        **{table.history: tables[table] for table in TABLES.values() if table.keeps_history},
    }
    assert frames.keys() == set(HISTORY_TABLES)
    return {table: frame.with_columns(**keys).select(table.column_names) for table, frame in frames.items()}


def _exclusions(stays: pl.DataFrame) -> pl.DataFrame:
    rows = stays.drop_nulls("exclusion_reason").select("region_code", reason="exclusion_reason")
    everywhere = pl.concat([rows.drop_nulls("region_code"), rows.with_columns(region_code=pl.lit(COUNTRY))])
    return everywhere.group_by("region_code", "reason").agg(pl.len().cast(pl.Int64).alias("registrations"))


def _changes(before: Mapping[Table, pl.DataFrame], after: Mapping[Table, pl.DataFrame]) -> pl.DataFrame:
    added, removed = (
        _per_supplier(_only_in(now, other), now[PERSON_SUPPLIERS], measure)
        for now, other, measure in ((after, before, "persons_added"), (before, after, "persons_removed"))
    )
    per_supplier = added.join(removed, on=["region_code", "supplier_id"], how="full", coalesce=True).fill_null(0)
    files = [
        tables[SELECTED].select("supplier_id", pl.col("delivery_id").alias(name))
        for tables, name in ((before, "delivery_before"), (after, "delivery_after"))
    ]
    changes = per_supplier.join(files[0], on="supplier_id", how="left").join(files[1], on="supplier_id", how="left")
    return changes.select(name for name in CHANGES.column_names if name not in ("year", "vintage"))


def _only_in(now: Mapping[Table, pl.DataFrame], other: Mapping[Table, pl.DataFrame]) -> pl.DataFrame:
    counted, counted_in_other = (tables[UNIQUE_PERSONS].filter("has_bsn").select(_PERSON) for tables in (now, other))
    return counted.join(counted_in_other, on=_PERSON, how="anti")


def _per_supplier(persons: pl.DataFrame, suppliers: pl.DataFrame, measure: str) -> pl.DataFrame:
    here = suppliers.join(persons, on=_PERSON, how="semi").select("region_code", "supplier_id")
    everywhere = persons.select("region_code", supplier_id=pl.lit(ALL_SUPPLIERS))
    return (
        pl.concat([here, everywhere])
        .group_by("region_code", "supplier_id")
        .len(measure)
        .with_columns(pl.col(measure).cast(pl.Int64))
    )


def why(before: Vintage | None, after: YearRecord, selected_before: pl.DataFrame, selected: pl.DataFrame) -> str:
    """The reason why the figures of a year were counted again, for an analyst.

    Args:
        before: The previous vintage; None before the first.
        after: The record of the year now.
        selected_before: Frame of the contract ``deliveries.selected`` in the previous vintage.
        selected: The same, now.
    """
    if before is None:
        return f"first count, of {selected.height} files"
    causes = selection_changes(selected_before, selected)
    names = {
        name
        for stage, record in after.stages.items()
        if stage in before.stages
        for name in _named(stage, _changed_inputs(before.stages[stage].inputs, record.inputs))
        if name not in _FOLLOWS
    }
    return "; ".join([*causes, *(f"{name} changed" for name in sorted(names))]) or "counted again on request"


def _changed_inputs(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """A stage records other names when its code is another one; a code list only when a home replaces it."""
    return [
        name
        for name in what_changed(before, after)
        if (name in before and name in after) or name.startswith("code list ")
    ]


def _named(stage: str, changed: Sequence[str]) -> list[str]:
    """The changed inputs of a stage, as an analyst calls them."""
    registers = {register.table.asset: f"register {register.name}" for register in REGISTERS}
    return [registers[stage] if name == REGISTER_DIGEST else name for name in changed]


def selection_changes(before: pl.DataFrame, after: pl.DataFrame) -> list[str]:
    """The changes in the selection of a year, one line per supplier: old file → new file.

    Args:
        before: Frame of the contract ``deliveries.selected``.
        after: The same, later.
    """
    old, new = (
        {row["supplier_id"]: f"{row['file_name']} ({row['delivery_id']})" for row in frame.iter_rows(named=True)}
        for frame in (before, after)
    )
    return [
        f"{supplier}: {old.get(supplier, 'nothing')} → {new.get(supplier, 'nothing')}"
        for supplier in sorted(old.keys() | new.keys())
        if old.get(supplier) != new.get(supplier)
    ]

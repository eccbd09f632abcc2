"""The derivation of one figure: every step from the delivered files to the count, in one vintage."""

from collections.abc import Mapping, Sequence

import polars as pl
from pydantic import AwareDatetime, BaseModel, ConfigDict

from dakl_pipeline.contracts import TABLES
from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.contracts.history import (
    ALL_SUPPLIERS,
    CHANGES,
    COUNTS_HISTORY,
    COVERAGE_HISTORY,
    EXCLUSIONS_HISTORY,
    OVERLAP_HISTORY,
    SELECTED_HISTORY,
)
from dakl_pipeline.contracts.registers import REGISTERS
from dakl_pipeline.errors import WrongUsage
from dakl_pipeline.history.provenance import REGISTER_DIGEST, Vintage, what_changed
from dakl_pipeline.presentation.figures import categories_of, category_named, dimension_named
from dakl_pipeline.presentation.places import NamedRegion
from dakl_pipeline.reference.code_lists import exclusion_reasons
from dakl_pipeline.statistics.count import TOTAL

NEEDED = (CHANGES, COUNTS_HISTORY, COVERAGE_HISTORY, OVERLAP_HISTORY, SELECTED_HISTORY, EXCLUSIONS_HISTORY)
_MOVED = ("supplier_id", "persons_added", "persons_removed")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Cell(_Part):
    """A cell of the statistic.

    Attributes:
        year: Reporting year.
        region_code: Code of the region, or ``NL``.
        region: Its name.
        dimension: The dimension; ``totaal`` for all persons.
        category: Its category.
    """

    year: int
    region_code: str
    region: str
    dimension: str
    category: str


class StageRows(_Part):
    """Rows in and out of a stage, for the whole country.

    Attributes:
        stage: Name of the stage.
        rows_in: Number of rows that it received.
        excluded: Number of rows that were excluded, by reason.
        rows_out: Number of rows of its first table.
        made_at: When it was made.
        run_id: Run of Dagster that made it.
    """

    stage: str
    rows_in: int
    excluded: dict[str, int]
    rows_out: int
    made_at: AwareDatetime
    run_id: str


class InRegion(_Part):
    """From registrations to persons in the region.

    Attributes:
        registrations: Registrations of shelters in the region.
        excluded: Those that do not count, by reason, in order of priority.
        counting_registrations: Those that count.
        persons_v_number_only: Persons of counting registrations who have only a V-number and are not counted.
        persons: Counted persons.
    """

    registrations: int
    excluded: dict[str, int]
    counting_registrations: int
    persons_v_number_only: int
    persons: int


class UsedDelivery(_Part):
    """A selected file, and its contribution to the region.

    Attributes:
        supplier_id: Its supplier.
        file_name: Its name as delivered.
        delivery_id: Its place in the log.
        received_at: When it was received.
        sha256: Digest of the file as received.
        registrations: Registrations in the file, of every region.
        persons: Counted persons of the region who are in the file, rounded down; None when no shelter in it is there.
        persons_only_here: Those of them who are in no other file of the region, rounded down likewise.
    """

    supplier_id: str
    file_name: str
    delivery_id: str
    received_at: AwareDatetime
    sha256: str
    registrations: int
    persons: int | None
    persons_only_here: int | None


class UsedRegister(_Part):
    """A register that was used.

    Attributes:
        name: Name of the register.
        sha256: Digest of its file.
        rows: Number of rows.
    """

    name: str
    sha256: str
    rows: int


class SupplierChange(_Part):
    """The change of a supplier in the region since the previous vintage.

    Attributes:
        supplier_id: The supplier.
        file_before: File selected before, with its delivery id; None when there was none.
        file_after: File selected now, with its delivery id; None when there is none.
        persons_added: Persons in the present file who are counted in the region now and were not before.
        persons_removed: Persons in the former file who were counted in the region and are not now. Both are None when
            persons cannot be compared.
    """

    supplier_id: str
    file_before: str | None
    file_after: str | None
    persons_added: int | None
    persons_removed: int | None


class Change(_Part):
    """The changes since the previous vintage.

    Attributes:
        vintage: Number of the previous vintage.
        counted_at: When it was counted.
        persons_before: The figure then.
        persons_after: The figure now.
        persons_added: Persons counted in the region, in any category, who were not before; None when persons cannot be
            compared, because the key differs or the former tables are lost.
        persons_removed: Persons who were counted in the region before and are not now; None likewise.
        suppliers: Suppliers of the region with persons added or removed, or with another selected file.
        other: Registers and versions that differ.
    """

    vintage: int
    counted_at: AwareDatetime
    persons_before: int
    persons_after: int
    persons_added: int | None
    persons_removed: int | None
    suppliers: list[SupplierChange]
    other: list[str]


class Derivation(_Part):
    """The derivation of a figure.

    Attributes:
        cell: The cell.
        persons: The figure.
        vintage: Number of its vintage.
        newest_vintage: Number of the newest vintage of the year.
        counted_at: When it was counted.
        run_id: Run of Dagster that counted it.
        reason: Why it was counted.
        stages: Every stage, in the order of the pipeline.
        in_region: From registrations to persons in the region.
        deliveries: Every selected delivery, those with the most persons in the region first.
        registers: The registers.
        key_id: Id of the key with which the pseudonyms were made.
        versions: Versions of the program, its data and its libraries, by name.
        change: The changes since the previous vintage; None for the first.
    """

    cell: Cell
    persons: int
    vintage: int
    newest_vintage: int
    counted_at: AwareDatetime
    run_id: str
    reason: str
    stages: list[StageRows]
    in_region: InRegion
    deliveries: list[UsedDelivery]
    registers: list[UsedRegister]
    key_id: str
    versions: dict[str, str]
    change: Change | None


def cell_of(year: int, region: NamedRegion, dimension: str | None, category: str | None) -> Cell:
    """The requested cell.

    Args:
        year: Reporting year.
        region: The region.
        dimension: The dimension; all persons when None.
        category: The category; not needed for all persons.

    Raises:
        WrongUsage: If there is no such dimension or category.
    """
    split_by = dimension_named(dimension) if dimension is not None else TOTAL
    if category is None and split_by != TOTAL:
        raise WrongUsage(f"name one category of {split_by} with --category: {', '.join(categories_of(split_by))}")
    chosen = category_named(category, split_by) if category is not None else TOTAL
    return Cell(year=year, region_code=region.code, region=region.name, dimension=split_by, category=chosen)


def vintage_and_before(vintages: Sequence[Vintage], number: int | None) -> list[Vintage]:
    """The requested vintage, and the previous one if there is one.

    Args:
        vintages: The vintages of a year, oldest first; at least one.
        number: Number of the vintage; the newest when None.

    Raises:
        WrongUsage: If there is no such vintage.
    """
    places = {vintage.number: place for place, vintage in enumerate(vintages)}
    place = places.get(vintages[-1].number if number is None else number)
    if place is None:
        raise WrongUsage(f"there is no such vintage: choose one of {', '.join(map(str, places))}")
    return [vintages[place], *vintages[max(place - 1, 0) : place]]


def derive(
    cell: Cell, vintage: Vintage, before: Vintage | None, tables: Mapping[Table, pl.DataFrame], *, newest: int
) -> Derivation:
    """Derive a figure.

    Args:
        cell: The cell.
        vintage: Its vintage.
        before: The previous vintage; None for the first.
        tables: The tables ``NEEDED`` with the rows of both vintages.
        newest: Number of the newest vintage.
    """
    return Derivation(
        cell=cell,
        persons=_persons(cell, vintage, tables),
        vintage=vintage.number,
        newest_vintage=newest,
        counted_at=vintage.counted_at,
        run_id=vintage.run_id,
        reason=vintage.reason,
        stages=_stages(vintage),
        in_region=_in_region(cell, vintage, tables),
        deliveries=_deliveries(cell, vintage, tables),
        registers=_registers(vintage),
        key_id=vintage.key_id,
        versions=vintage.versions,
        change=_change(cell, before, vintage, tables) if before else None,
    )


def _of(tables: Mapping[Table, pl.DataFrame], table: Table, vintage: Vintage, cell: Cell) -> pl.DataFrame:
    return tables[table].filter(vintage=vintage.number, region_code=cell.region_code)


def _persons(cell: Cell, vintage: Vintage, tables: Mapping[Table, pl.DataFrame]) -> int:
    """The persons in a cell; zero when it is absent, because cells without persons are not kept."""
    counts = _of(tables, COUNTS_HISTORY, vintage, cell)
    return int(counts.filter(dimension=cell.dimension, category=cell.category)["persons"].sum())


def _everybody(cell: Cell) -> Cell:
    return cell.model_copy(update={"dimension": TOTAL, "category": TOTAL})


def _stages(vintage: Vintage) -> list[StageRows]:
    order = {table.asset: table.name for table in TABLES.values()}
    return [
        StageRows(
            stage=name,
            rows_in=stage.rows_in,
            excluded=stage.excluded,
            rows_out=stage.tables[order[name]].rows,
            made_at=stage.made_at,
            run_id=stage.run_id,
        )
        for name in order
        if (stage := vintage.stages.get(name))
    ]


def _in_region(cell: Cell, vintage: Vintage, tables: Mapping[Table, pl.DataFrame]) -> InRegion:
    coverage = dict(_of(tables, COVERAGE_HISTORY, vintage, cell).select("measure", "value").rows())
    reasons = dict(_of(tables, EXCLUSIONS_HISTORY, vintage, cell).select("reason", "registrations").rows())
    return InRegion(
        **{
            name: coverage.get(name, 0) for name in ("registrations", "counting_registrations", "persons_v_number_only")
        },
        excluded={reason.reason: reasons[reason.reason] for reason in exclusion_reasons() if reason.reason in reasons},
        persons=_persons(_everybody(cell), vintage, tables),
    )


def _deliveries(cell: Cell, vintage: Vintage, tables: Mapping[Table, pl.DataFrame]) -> list[UsedDelivery]:
    measures = ("persons", "persons_only_here")
    overlap = _of(tables, OVERLAP_HISTORY, vintage, cell).select("supplier_id", *measures)
    used = (
        tables[SELECTED_HISTORY]
        .filter(vintage=vintage.number)
        .join(overlap, on="supplier_id", how="left")
        .sort("persons", "supplier_id", descending=[True, False], nulls_last=True)
    )
    return [UsedDelivery.model_validate(row) for row in used.drop("year", "vintage").iter_rows(named=True)]


def _registers(vintage: Vintage) -> list[UsedRegister]:
    return [
        UsedRegister(name=register.name, sha256=stage.inputs[REGISTER_DIGEST], rows=stage.rows_in)
        for register in REGISTERS
        if (stage := vintage.stages.get(register.table.asset))
    ]


def _change(cell: Cell, before: Vintage, after: Vintage, tables: Mapping[Table, pl.DataFrame]) -> Change:
    changes = _of(tables, CHANGES, after, cell)
    moved = {supplier: (added, removed) for supplier, added, removed in changes.select(_MOVED).rows()}
    added, removed = moved.pop(ALL_SUPPLIERS, (0, 0))
    grown = _persons(_everybody(cell), after, tables) - _persons(_everybody(cell), before, tables)
    has_same_key = before.key_id == after.key_id
    is_compared = has_same_key and added - removed == grown
    files = [_files(vintage, tables) for vintage in (before, after)]
    overlaps = [_of(tables, OVERLAP_HISTORY, vintage, cell)["supplier_id"] for vintage in (before, after)]
    present = {supplier for overlap in overlaps for supplier in overlap}
    suppliers = [
        SupplierChange(
            supplier_id=supplier,
            file_before=files[0].get(supplier),
            file_after=files[1].get(supplier),
            persons_added=moved.get(supplier, (0, 0))[0] if is_compared else None,
            persons_removed=moved.get(supplier, (0, 0))[1] if is_compared else None,
        )
        for supplier in sorted(present)
        if supplier in moved or files[0].get(supplier) != files[1].get(supplier)
    ]
    return Change(
        vintage=before.number,
        counted_at=before.counted_at,
        persons_before=_persons(cell, before, tables),
        persons_after=_persons(cell, after, tables),
        persons_added=added if is_compared else None,
        persons_removed=removed if is_compared else None,
        suppliers=suppliers,
        other=[
            *_other_registers(before, after),
            *what_changed(before.versions, after.versions),
            *([] if has_same_key else ["key"]),
        ],
    )


def _files(vintage: Vintage, tables: Mapping[Table, pl.DataFrame]) -> dict[str, str]:
    selected = tables[SELECTED_HISTORY].filter(vintage=vintage.number)
    return {row["supplier_id"]: f"{row['file_name']} ({row['delivery_id']})" for row in selected.iter_rows(named=True)}


def _other_registers(before: Vintage, after: Vintage) -> list[str]:
    digests = [{f"register {r.name}": r.sha256 for r in _registers(vintage)} for vintage in (before, after)]
    return what_changed(*digests)

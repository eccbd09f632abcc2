"""The display tables of the report: current beside previous delivery, with Dutch headings."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from dakl_pipeline.op_orde.report import Figures, OpOrdeReport
from dakl_pipeline.presentation import dutch

Value = int | float | None
_Row = TypeVar("_Row")

NOT_DELIVERED = "niet in het bestand"
_COLUMN_LABELS = {"bsn": "BSN", "reden_einde": "reden einde"}


@dataclass(frozen=True)
class Measure:
    """A column of numbers.

    Attributes:
        name: Heading.
        unit: Unit after a number: empty or ``%``.
    """

    name: str
    unit: str = ""


@dataclass(frozen=True)
class ShownRow:
    """A row: its labels, and per measure the current and previous value.

    Attributes:
        labels: Labels of the row, codes as text.
        current: A value for each measure; None if unknown.
        previous: The values of the previous delivery; None if there is none.
        is_total: Whether it is the total of the file.
    """

    labels: tuple[str, ...]
    current: tuple[Value, ...]
    previous: tuple[Value, ...] | None
    is_total: bool = False


@dataclass(frozen=True)
class ShownTable:
    """A table of the report.

    Attributes:
        id: Anchor.
        title: Caption.
        sheet: Name of its sheet in Excel.
        headings: Headings of the label columns.
        measures: The columns of numbers.
        rows: The rows in order.
    """

    id: str
    title: str
    sheet: str
    headings: tuple[str, ...]
    measures: tuple[Measure, ...]
    rows: tuple[ShownRow, ...]


def shown_tables(report: OpOrdeReport) -> tuple[ShownTable, ...]:
    """Return the tables of a report, in order: the five numbered tables, the summary of durations and the months.

    Args:
        report: The report.
    """
    now, before = report, report.previous
    persons = (Measure("Registraties"), Measure("Unieke BSN's"))
    total = ShownRow(
        ("Totaal", ""),
        (now.total.registrations, now.total.persons),
        (before.total.registrations, before.total.persons) if before else None,
        is_total=True,
    )
    return (
        ShownTable(
            "gemeenten",
            "1. Registraties en unieke BSN's per gemeente",
            "1 Gemeenten",
            ("Gemeente", "Code"),
            persons,
            (
                *_beside(
                    now,
                    before,
                    lambda f: f.tables.municipality,
                    lambda row: (row.gemeente, row.gemeentecode),
                    lambda row: (row.registrations, row.persons),
                ),
                total,
            ),
        ),
        ShownTable(
            "type-opvang",
            "2. Registraties en unieke BSN's per type opvang",
            "2 Type opvang",
            ("Type opvang", "Code"),
            persons,
            (
                *_beside(
                    now,
                    before,
                    lambda f: f.tables.shelter_type,
                    lambda row: (row.type, row.code),
                    lambda row: (row.registrations, row.persons),
                ),
                total,
            ),
        ),
        ShownTable(
            "ontbrekend",
            "3. Ontbrekende waarden",
            "3 Ontbrekend",
            ("Kolom",),
            (Measure("Registraties zonder waarde"), Measure("Percentage", "%")),
            _beside(
                now,
                before,
                lambda f: f.tables.missing,
                lambda row: (column_label(row.column),),
                lambda row: (row.missing, row.percentage),
            ),
        ),
        ShownTable(
            "verblijfsduur",
            "4. Duur van het verblijf",
            "4 Verblijfsduur",
            ("Duur",),
            (Measure("Registraties"),),
            _beside(
                now, before, lambda f: f.tables.duration, lambda row: (row.label,), lambda row: (row.registrations,)
            ),
        ),
        ShownTable(
            "verblijfsduur-mediaan",
            "Mediaan en gemiddelde van beëindigde verblijven, in dagen",
            "4 Mediaan en gemiddelde",
            ("Maat",),
            (Measure("Dagen"),),
            _summary(now, before),
        ),
        ShownTable(
            "dubbele-records",
            "5. Dubbele records",
            "5 Dubbele records",
            ("Maat",),
            (Measure("Registraties"),),
            _beside(
                now, before, lambda f: f.tables.duplicates, lambda row: (row.label,), lambda row: (row.registrations,)
            ),
        ),
        ShownTable(
            "per-maand",
            "Registraties per maand waarin het verblijf begon",
            "Per maand",
            ("Maand",),
            (Measure("Registraties"),),
            _beside(
                now, before, lambda f: f.tables.start_month, lambda row: (row.label,), lambda row: (row.registrations,)
            ),
        ),
    )


def _beside(
    now: Figures,
    before: Figures | None,
    rows_of: Callable[[Figures], Sequence[_Row]],
    labels: Callable[[_Row], tuple[str, ...]],
    values: Callable[[_Row], tuple[Value, ...]],
) -> tuple[ShownRow, ...]:
    """Return the rows of both deliveries, joined by label; rows only in the previous delivery come last.

    A row that is in one delivery only has zeros for the other.
    """
    current = {labels(row): values(row) for row in rows_of(now)}
    previous = {labels(row): values(row) for row in rows_of(before)} if before else {}
    zeros = tuple(0 for _ in next(iter((current | previous).values())))
    return tuple(
        ShownRow(key, current.get(key, zeros), previous.get(key, zeros) if before else None)
        for key in dict.fromkeys([*current, *previous])
    )


def _summary(now: Figures, before: Figures | None) -> tuple[ShownRow, ...]:
    ours = now.duration_summary
    theirs = before.duration_summary if before else None
    return (
        ShownRow(("mediaan",), (ours.median_days,), (theirs.median_days,) if theirs else None),
        ShownRow(("gemiddelde",), (ours.mean_days,), (theirs.mean_days,) if theirs else None),
    )


def column_label(column: str) -> str:
    """Return the name of a delivered column in the printed report."""
    return _COLUMN_LABELS.get(column, column)


def number(value: Value, unit: str = "") -> str:
    """Return a number with its unit, ``1.234`` or ``20%``; a dash or words if it is unknown."""
    if value is None:
        return NOT_DELIVERED if unit else "–"
    return dutch.number(value) + unit


def difference(now: Value, before: Value) -> str:
    """Return the change since the previous delivery, with its sign; a dash if either value is unknown."""
    if now is None or before is None:
        return "–"
    change = round(now - before, 1)
    sign = "+" if change > 0 else "−" if change < 0 else ""
    return sign + number(abs(change))


def row_ranges(rows: Iterable[int]) -> tuple[str, ...]:
    """Merge ascending line numbers into ranges."""
    ranges: list[list[int]] = []
    for row in rows:
        if ranges and row == ranges[-1][1] + 1:
            ranges[-1][1] = row
        else:
            ranges.append([row, row])
    return tuple(str(first) if first == last else f"{first}–{last}" for first, last in ranges)

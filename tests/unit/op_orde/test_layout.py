"""Tables as shown: rows of both deliveries side by side, Dutch numbers, ranges of rows."""

import pytest

from dakl_pipeline.op_orde.layout import ShownTable, difference, number, row_ranges, shown_tables
from dakl_pipeline.op_orde.report import OpOrdeReport
from tests.support.reports import BRAM, report, row


def _table(made: OpOrdeReport, name: str) -> ShownTable:
    return next(table for table in shown_tables(made) if table.id == name)


def test_a_row_of_one_delivery_counts_zero_in_the_other() -> None:
    made = report([row(), row(BRAM, gemeente="0163")], [row(), row(BRAM, gemeente="0183")])
    assert [(r.labels, r.current, r.previous) for r in _table(made, "gemeenten").rows] == [
        (("Almelo", "0141"), (1, 1), (1, 1)),
        (("Hellendoorn", "0163"), (1, 1), (0, 0)),
        (("Tubbergen", "0183"), (0, 0), (1, 1)),
        (("Totaal", ""), (2, 2), (2, 2)),
    ]


def test_without_previous_delivery_there_is_nothing_beside_it() -> None:
    made = report([row()])
    assert all(r.previous is None for table in shown_tables(made) for r in table.rows)


def test_the_five_tables_are_there_in_order() -> None:
    titles = [table.title for table in shown_tables(report([row()]))]
    assert [title[0] for title in titles if title[1] == "."] == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0, "", "0"),
        (1234, "", "1.234"),
        (1234567, "", "1.234.567"),
        (12.5, "", "12,5"),
        (1234.5, "", "1.234,5"),
        (12.0, "", "12"),
        (20, "%", "20%"),
        (None, "", "–"),
        (None, "%", "niet in het bestand"),
    ],
)
def test_numbers_are_written_the_dutch_way(value: float | None, unit: str, text: str) -> None:
    assert number(value, unit) == text


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [(5, 3, "+2"), (3, 5, "−2"), (3, 3, "0"), (2000, 0, "+2.000"), (2.5, 2.2, "+0,3"), (None, 3, "–"), (3, None, "–")],
)
def test_a_change_has_its_sign(now: float | None, before: float | None, text: str) -> None:
    assert difference(now, before) == text


@pytest.mark.parametrize(
    ("rows", "ranges"),
    [((), ()), ((2,), ("2",)), ((2, 3, 4, 5, 9), ("2–5", "9")), ((2, 4, 6), ("2", "4", "6"))],
)
def test_neighbouring_rows_become_a_range(rows: tuple[int, ...], ranges: tuple[str, ...]) -> None:
    assert row_ranges(rows) == ranges

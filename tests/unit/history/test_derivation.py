"""The derivation of a figure: which cell and vintage, what it rests on, and what changed since the vintage before."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

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
from dakl_pipeline.errors import WrongUsage
from dakl_pipeline.history.derivation import NEEDED, Cell, Change, Derivation, cell_of, derive, vintage_and_before
from dakl_pipeline.history.provenance import REGISTER_DIGEST, StageRecord, StoredTable, Vintage
from dakl_pipeline.presentation.places import NamedRegion

MOMENT = datetime(2025, 6, 1, 12, tzinfo=UTC)
ALMELO = NamedRegion("CR02", "Almelo")
TOTAL = Cell(year=2024, region_code="CR02", region="Almelo", dimension="totaal", category="totaal")
WOMEN = TOTAL.model_copy(update={"dimension": "geslacht", "category": "vrouw"})
# Vintage, region, supplier, persons, of whom only here.
Rows = Sequence[tuple[Any, ...]]


def vintage(number: int, *, key: str = "k", register: str = "r", **versions: str) -> Vintage:
    def made(table: str, rows: int, **inputs: str) -> StageRecord:
        tables = {table: StoredTable(sha256="a" * 64, rows=rows)}
        return StageRecord(
            inputs=inputs, tables=tables, rows_in=7, excluded={"why": 2}, notes={}, made_at=MOMENT, run_id="run"
        )

    return Vintage(
        number=number,
        year=2024,
        counted_at=MOMENT,
        run_id=f"run-{number}",
        reason="first count",
        versions=versions,
        stages={
            "pseudonymised_stays": made("stays.pseudonymised", 5, key=key),
            "person_register": made("registers.persons", 9, **{REGISTER_DIGEST: register}),
            "selected_deliveries": made("deliveries.selected", 1),
        },
    )


def frame(table: Table, columns: str, rows: Rows) -> pl.DataFrame:
    """Rows of some columns of a table of the history; the others are empty."""
    names = ("year", "vintage", *columns.split())
    filled = [dict(zip(names, (2024, *row), strict=True)) for row in rows]
    return pl.DataFrame(filled, schema=table.column_names, schema_overrides=table.polars_schema)


def derived(
    cell: Cell,
    *vintages: Vintage,
    counts: Rows = (),
    coverage: Rows = (),
    excluded: Rows = (),
    overlap: Rows = (),
    selected: Rows = (),
    changes: Rows = (),
) -> Derivation:
    filled = [(*row, MOMENT, "b" * 64, 7) for row in selected]
    tables = {
        COUNTS_HISTORY: frame(COUNTS_HISTORY, "region_code dimension category persons", counts),
        COVERAGE_HISTORY: frame(COVERAGE_HISTORY, "region_code measure value", coverage),
        EXCLUSIONS_HISTORY: frame(EXCLUSIONS_HISTORY, "region_code reason registrations", excluded),
        OVERLAP_HISTORY: frame(OVERLAP_HISTORY, "region_code supplier_id persons persons_only_here", overlap),
        SELECTED_HISTORY: frame(
            SELECTED_HISTORY, "supplier_id delivery_id file_name received_at sha256 registrations", filled
        ),
        CHANGES: frame(CHANGES, "region_code supplier_id persons_added persons_removed", changes),
    }
    assert tables.keys() == set(NEEDED)
    newest, *before = reversed(vintages)
    return derive(cell, newest, before[0] if before else None, tables, newest=newest.number)


@pytest.mark.parametrize(
    ("dimension", "category", "expected"),
    [
        (None, None, ("totaal", "totaal")),
        ("totaal", None, ("totaal", "totaal")),
        ("geslacht", "vrouw", ("geslacht", "vrouw")),
        ("Leeftijd", "65 jaar of ouder", ("leeftijd", "65+")),
    ],
)
def test_the_cell_that_is_asked_for(dimension: str | None, category: str | None, expected: tuple[str, str]) -> None:
    cell = cell_of(2024, ALMELO, dimension, category)
    assert (cell.region_code, cell.region, cell.dimension, cell.category) == ("CR02", "Almelo", *expected)


@pytest.mark.parametrize(
    ("dimension", "category", "said"),
    [
        ("geslacht", None, "name one category of geslacht with --category: man, vrouw, onbekend"),
        ("geslacht", "65+", "category"),
        ("kleur", None, "dimension"),
    ],
)
def test_a_cell_that_is_none_is_refused(dimension: str, category: str | None, said: str) -> None:
    with pytest.raises(WrongUsage, match=said):
        cell_of(2024, ALMELO, dimension, category)


@pytest.mark.parametrize(
    ("numbers", "asked", "expected"),
    [([1], None, [1]), ([1, 2, 3], None, [3, 2]), ([1, 2, 3], 1, [1]), ([2, 4, 5], 4, [4, 2])],
)
def test_a_vintage_with_the_one_before_it(numbers: list[int], asked: int | None, expected: list[int]) -> None:
    assert [v.number for v in vintage_and_before([vintage(n) for n in numbers], asked)] == expected


def test_a_vintage_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(WrongUsage, match=r"choose one of 2, 4$"):
        vintage_and_before([vintage(2), vintage(4)], 3)


def test_stages_are_in_the_order_of_the_chain_and_registers_have_their_digest() -> None:
    made = derived(TOTAL, vintage(1))
    assert [(s.stage, s.rows_in, s.excluded, s.rows_out) for s in made.stages] == [
        ("selected_deliveries", 7, {"why": 2}, 1),
        ("person_register", 7, {"why": 2}, 9),
        ("pseudonymised_stays", 7, {"why": 2}, 5),
    ]
    assert [(r.name, r.sha256, r.rows) for r in made.registers] == [("persons", "r", 7)]
    assert (made.vintage, made.newest_vintage, made.key_id, made.change) == (1, 1, "k", None)


def test_a_figure_is_of_its_vintage_region_and_category_and_zero_when_there_is_no_cell() -> None:
    counts: Rows = [
        (1, "CR02", "totaal", "totaal", 3),
        (2, "CR02", "totaal", "totaal", 8),
        (2, "CR02", "geslacht", "vrouw", 5),
        (2, "NL", "totaal", "totaal", 90),
    ]
    assert [derived(cell, vintage(2), counts=counts).persons for cell in (TOTAL, WOMEN)] == [8, 5]
    men = WOMEN.model_copy(update={"category": "man"})
    assert derived(men, vintage(2), counts=counts).persons == 0
    # What the region rests on is everybody, whatever category is asked for.
    assert derived(men, vintage(2), counts=counts).in_region.persons == 8


def test_from_registrations_to_persons_in_the_order_of_the_reasons() -> None:
    made = derived(
        TOTAL,
        vintage(1),
        coverage=[
            (1, "CR02", "registrations", 10),
            (1, "CR02", "counting_registrations", 6),
            (1, "NL", "registrations", 99),
        ],
        excluded=[(1, "CR02", "minor", 1), (1, "CR02", "type_not_published", 3), (1, "NL", "no_region", 9)],
        counts=[(1, "CR02", "totaal", "totaal", 4)],
    )
    assert made.in_region.model_dump() == {
        "registrations": 10,
        "excluded": {"type_not_published": 3, "minor": 1},
        "counting_registrations": 6,
        "persons_v_number_only": 0,
        "persons": 4,
    }
    assert list(made.in_region.excluded) == ["type_not_published", "minor"]


def test_every_selected_file_is_there_those_with_most_persons_in_the_region_first() -> None:
    made = derived(
        TOTAL,
        vintage(1),
        selected=[(1, s, f"00000{n}", f"{s}.csv") for n, s in enumerate("abcd", 1)] + [(2, "e", "000005", "e.csv")],
        overlap=[(1, "CR02", "b", 2, 1), (1, "CR02", "c", 5, 0), (1, "NL", "a", 9, 9)],
    )
    assert [(d.supplier_id, d.persons, d.persons_only_here) for d in made.deliveries] == [
        ("c", 5, 0),
        ("b", 2, 1),
        ("a", None, None),
        ("d", None, None),
    ]


def _change(*vintages: Vintage, before: int, after: int, **rows: Rows) -> Change:
    counts = [(1, "CR02", "totaal", "totaal", before), (2, "CR02", "totaal", "totaal", after)]
    change = derived(TOTAL, *vintages, counts=counts, **rows).change
    assert change is not None
    return change


def test_a_change_names_the_suppliers_of_the_region_with_their_files() -> None:
    change = _change(
        vintage(1),
        vintage(2),
        before=3,
        after=4,
        changes=[
            (2, "CR02", ALL_SUPPLIERS, 2, 1),
            (2, "CR02", "a", 2, 0),
            (2, "CR02", "b", 0, 1),
            (2, "NL", "z", 9, 9),
        ],
        overlap=[(n, "CR02", supplier, 1, 1) for n in (1, 2) for supplier in "abc"],
        selected=[(1, "a", "000001", "old.csv"), (2, "a", "000003", "new.csv"), (1, "b", "000002", "b.csv")]
        + [(n, "c", "000009", "c.csv") for n in (1, 2)],
    )
    assert (change.persons_before, change.persons_after) == (3, 4)
    assert (change.persons_added, change.persons_removed) == (2, 1)
    assert [tuple(s.model_dump().values()) for s in change.suppliers] == [
        ("a", "old.csv (000001)", "new.csv (000003)", 2, 0),
        ("b", "b.csv (000002)", None, 0, 1),
    ]
    assert change.other == []


def test_after_another_key_nobody_is_compared() -> None:
    change = _change(vintage(1, key="k"), vintage(2, key="l"), before=3, after=3)
    assert (change.persons_added, change.persons_removed, change.other) == (None, None, ["key"])


def test_when_the_tables_of_then_are_lost_nobody_is_compared() -> None:
    overlap = [(n, "CR02", "a", 3, 3) for n in (1, 2)]
    change = _change(vintage(1), vintage(2), before=3, after=5, overlap=overlap, selected=[(2, "a", "000002", "a.csv")])
    assert (change.persons_added, change.persons_removed) == (None, None)
    assert [(s.supplier_id, s.persons_added, s.persons_removed) for s in change.suppliers] == [("a", None, None)]


def test_registers_and_versions_that_are_not_the_same_are_named() -> None:
    change = _change(vintage(1, polars="1"), vintage(2, register="other", polars="2"), before=1, after=1)
    assert change.other == ["register persons", "polars"]

"""The order in the view of a vintage: changed regions first, then the weakest."""

import polars as pl
import pytest

from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.contracts.history import CHANGES, COUNTS_HISTORY, COVERAGE_HISTORY
from dakl_pipeline.presentation.vintage_view import (
    largest_overlap_first,
    lowest_coverage_first,
    regions_changed_first,
    regions_without_registrations,
)
from dakl_pipeline.reference.code_lists import coverage_measures

Counts = dict[str, dict[str, int]]


def _frame(table: Table, columns: tuple[str, ...], rows: list[tuple[object, ...]]) -> pl.DataFrame:
    """Rows of one vintage; all other columns are empty."""
    schema = {name: table.polars_schema[name] for name in columns}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _counts(counts: Counts) -> pl.DataFrame:
    rows: list[tuple[object, ...]] = [
        (region, "totaal" if category == "totaal" else "geslacht", category, persons)
        for region, cells in counts.items()
        for category, persons in cells.items()
    ]
    return _frame(COUNTS_HISTORY, ("region_code", "dimension", "category", "persons"), rows)


def _changes(moved: dict[str, tuple[int, int]]) -> pl.DataFrame:
    columns = ("region_code", "supplier_id", "persons_added", "persons_removed")
    return _frame(
        CHANGES, columns, [(region, supplier, *both) for region, both in moved.items() for supplier in ("*", "mo-a")]
    )


BEFORE: Counts = {
    "NL": {"totaal": 30, "man": 20, "vrouw": 10},
    "CR01": {"totaal": 10, "man": 5, "vrouw": 5},
    "CR02": {"totaal": 10, "man": 10},
    "CR44": {"totaal": 12, "man": 6, "vrouw": 6},
}


@pytest.mark.parametrize(
    ("now", "moved", "expected"),
    [
        pytest.param({}, {}, [("NL", 0, 0, 0, False)], id="nothing"),
        pytest.param(
            {"CR44": {"totaal": 13, "man": 7, "vrouw": 6}, "NL": {"totaal": 31, "man": 21, "vrouw": 10}},
            {"CR44": (1, 0), "NL": (1, 0)},
            [("NL", 1, 1, 0, True), ("CR44", 1, 1, 0, True)],
            id="the last region",
        ),
        pytest.param(
            {"CR02": None, "CR44": {"totaal": 13, "man": 7, "vrouw": 6}},
            {"CR02": (0, 10), "CR44": (1, 0)},
            [("CR02", -10, 0, 10, True), ("CR44", 1, 1, 0, True)],
            id="the largest change first, also of a region that is gone",
        ),
        pytest.param({"CR13": {"totaal": 1, "man": 1}}, {"CR13": (1, 0)}, [("CR13", 1, 1, 0, True)], id="a new region"),
        pytest.param({}, {"CR02": (2, 2)}, [("CR02", 0, 2, 2, True)], id="other persons, the same figures"),
        pytest.param(
            {"CR01": {"totaal": 10, "man": 4, "vrouw": 6}},
            {},
            [("CR01", 0, 0, 0, True)],
            id="other characteristics of the same persons",
        ),
        pytest.param(
            {"CR01": {"totaal": 15, "man": 5, "vrouw": 10}},
            {},
            [("CR01", 5, None, None, True)],
            id="who came is not known after another key",
        ),
    ],
)
def test_regions_that_changed_come_first(
    now: dict[str, dict[str, int] | None],
    moved: dict[str, tuple[int, int]],
    expected: list[tuple[str, int, int | None, int | None, bool]],
) -> None:
    figures = {region: cells for region, cells in {**BEFORE, **now}.items() if cells is not None}
    found = regions_changed_first(_counts(figures), _counts(BEFORE), _changes(moved))
    assert found[0].region_code == "NL"
    shown = [(r.region_code, r.change, r.added, r.removed, r.is_changed) for r in found]
    # The country is always first, changed or not.
    first = shown if expected[0][0] == "NL" else shown[1:]
    assert first[: len(expected)] == expected
    rest = [region.region_code for region in found if not region.is_changed and region.region_code != "NL"]
    assert rest == sorted(rest)
    assert {region.region_code for region in found} == {*BEFORE, *now}


def test_before_the_first_vintage_nothing_changed() -> None:
    found = regions_changed_first(_counts(BEFORE), None, _changes({"CR01": (10, 0), "NL": (30, 0)}))
    assert [(r.name, r.persons) for r in found] == [("Nederland", 30), ("Alkmaar", 10), ("Almelo", 10), ("Zwolle", 12)]
    assert {(r.before, r.change, r.added, r.removed, r.is_changed) for r in found} == {(None, None, None, None, False)}


def test_a_year_without_figures_has_a_country_without_persons() -> None:
    (country,) = regions_changed_first(_counts({}), _counts({}), _changes({}))
    assert (country.name, country.persons, country.change, country.is_changed) == ("Nederland", 0, 0, False)
    assert largest_overlap_first(_coverage({}), _counts({})) == []


def _coverage(measures: dict[str, tuple[int, int, int]]) -> pl.DataFrame:
    names = ("registrations", "counting_registrations", "registrations_without_identifier")
    rows: list[tuple[object, ...]] = [
        (region, measure.measure, dict(zip(names, values, strict=True)).get(measure.measure, 0))
        for region, values in measures.items()
        for measure in coverage_measures()
        if region == "NL" or not measure.is_national_only
    ]
    return _frame(COVERAGE_HISTORY, ("region_code", "measure", "value"), rows)


@pytest.mark.parametrize(
    ("measures", "expected"),
    [
        pytest.param({"NL": (0, 0, 0)}, [("NL", None, None)], id="nothing delivered"),
        pytest.param(
            {"CR44": (10, 9, 1), "CR01": (10, 10, 0), "NL": (20, 19, 1), "CR02": (200, 100, 100)},
            [("NL", 95.0, 95.0), ("CR02", 50.0, 50.0), ("CR44", 90.0, 90.0), ("CR01", 100.0, 100.0)],
            id="fewest identified first",
        ),
        pytest.param(
            {"NL": (20, 15, 0), "CR01": (10, 10, 0), "CR02": (10, 5, 0)},
            [("NL", 100.0, 75.0), ("CR02", 100.0, 50.0), ("CR01", 100.0, 100.0)],
            id="of the same, fewest counting first",
        ),
        pytest.param(
            {"NL": (3, 0, 3), "CR09": (3, 0, 3)}, [("NL", 0.0, 0.0), ("CR09", 0.0, 0.0)], id="nobody identified"
        ),
    ],
)
def test_regions_with_the_lowest_coverage_come_first(
    measures: dict[str, tuple[int, int, int]], expected: list[tuple[str, float | None, float | None]]
) -> None:
    found = lowest_coverage_first(_coverage(measures))
    assert [(r.region_code, r.identified_percentage, r.eligible_percentage) for r in found] == expected
    absent = regions_without_registrations(found)
    assert len(absent) == 44 - (len(measures) - 1)
    assert not {region.name for region in found} & set(absent)


def test_regions_with_the_largest_overlap_come_first() -> None:
    measured = {"NL": (2, 5), "CR01": (2, 1), "CR02": (1, 0), "CR44": (2, 4)}
    rows: list[tuple[object, ...]] = [
        (code, measure, value)
        for code, values in measured.items()
        for measure, value in zip(("suppliers", "persons_at_several_suppliers"), values, strict=True)
    ]
    coverage = _frame(COVERAGE_HISTORY, ("region_code", "measure", "value"), rows)
    counts = _counts({code: {"totaal": n} for code, n in (("NL", 30), ("CR01", 15), ("CR02", 10), ("CR44", 5))})
    found = largest_overlap_first(coverage, counts)
    assert [(o.name, o.suppliers, o.persons, o.at_several, o.percentage) for o in found] == [
        ("Nederland", 2, 30, 5, 16.7),
        ("Zwolle", 2, 5, 4, 80.0),
        ("Alkmaar", 2, 15, 1, 6.7),
        ("Almelo", 1, 10, 0, 0.0),
    ]

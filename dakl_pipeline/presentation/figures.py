"""Arranges the figures for display: a region per row, a year or category per column."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from dakl_pipeline.presentation.names import known_name
from dakl_pipeline.presentation.places import REGION_NAMES
from dakl_pipeline.reference.code_lists import categories
from dakl_pipeline.statistics.count import TOTAL


def dimensions() -> list[str]:
    """Return the dimensions, in display order."""
    return list(dict.fromkeys(category.dimension for category in categories()))


def dimension_named(typed: str) -> str:
    """Return the dimension that a name stands for, in any spelling.

    Raises:
        WrongUsage: If there is no such dimension; the message suggests similar ones.
    """
    return known_name(typed, {name: name for name in dimensions()}, "dimension")


def categories_of(dimension: str) -> list[str]:
    """Return the categories of a dimension, in display order.

    Args:
        dimension: One of :func:`dimensions`.
    """
    return [c.category for c in categories() if c.dimension == dimension]


def category_named(typed: str, dimension: str) -> str:
    """Return the category of a dimension that a code or label stands for, in any spelling.

    Raises:
        WrongUsage: If there is no such category; the message suggests similar ones.
    """
    of_dimension = [c for c in categories() if c.dimension == dimension]
    labels = {c.label: c.category for c in of_dimension}
    return known_name(typed, labels | {c.category: c.category for c in of_dimension}, f"category of {dimension}")


def regions_with_data(coverage: pl.DataFrame, history: pl.DataFrame) -> dict[int, list[str]]:
    """Return per year the regions with deliveries, in display order; the country last.

    A region among them without counts has zero persons: its registrations do not count, or its earlier counts were
    withdrawn or moved (D62).

    Args:
        coverage: Frame of the contract ``statistics.coverage``.
        history: Frame of the contract ``statistics.unique_person_counts_history``, for the same years.
    """
    seen = {row for frame in (coverage, history) for row in frame.select("year", "region_code").unique().iter_rows()}
    years = sorted({year for year, _ in seen})
    return {year: [code for code in REGION_NAMES if (year, code) in seen] for year in years}


def by_year(
    counts: pl.DataFrame, with_data: dict[int, list[str]], years: Sequence[int], *, region: str | None = None
) -> list[tuple[str, str, *tuple[int | None, ...]]]:
    """Return totals per region, with a column per year; the country last.

    Args:
        counts: Frame of the contract ``statistics.unique_person_counts``, any years.
        with_data: The regions with deliveries, by year.
        years: The columns.
        region: Only this region; all when None.

    Returns:
        ``(region_code, name, persons per year ...)``, None if a region has no deliveries in a year.
    """
    totals = {(r["region_code"], r["year"]): r["persons"] for r in counts.filter(dimension=TOTAL).iter_rows(named=True)}
    return [
        (code, name, *(totals.get((code, year), 0) if code in with_data.get(year, ()) else None for year in years))
        for code, name in REGION_NAMES.items()
        if region in (None, code) and any(code in with_data.get(year, ()) for year in years)
    ]


def by_category(
    counts: pl.DataFrame, with_data: Collection[str], dimension: str, *, region: str | None
) -> tuple[list[str], list[tuple[str, str, *tuple[int, ...]]]]:
    """Return the counts of one year per region, with a column per category.

    Args:
        counts: Frame of the contract ``statistics.unique_person_counts``, one year.
        with_data: The regions with deliveries.
        dimension: One of :func:`dimensions`.
        region: Only this region; all when None.

    Returns:
        The categories that occur, or all if none does, and rows ``(region_code, name, persons per category ...)``.
    """
    cells = {
        (r["region_code"], r["category"]): r["persons"]
        for r in counts.filter(dimension=dimension).iter_rows(named=True)
    }
    shown = _occurring(dimension, {category for _, category in cells})
    regions = [code for code in REGION_NAMES if code in with_data and region in (None, code)]
    return shown, [(code, REGION_NAMES[code], *(cells.get((code, c), 0) for c in shown)) for code in regions]


def as_records(
    counts: pl.DataFrame, with_data: dict[int, list[str]], dimensions: Iterable[str], *, region: str | None
) -> Iterator[dict[str, Any]]:
    """Yield rows for programs: year, region_code, region, dimension, category and persons.

    Args:
        counts: Frame of the contract ``statistics.unique_person_counts``, any years.
        with_data: The regions with deliveries, for each requested year.
        dimensions: The dimensions.
        region: Only this region; all when None.
    """
    for year, regions in with_data.items():
        for dimension in dimensions:
            shown, rows = by_category(counts.filter(year=year), regions, dimension, region=region)
            for code, name, *persons in rows:
                for category, number in zip(shown, persons, strict=True):
                    yield {
                        "year": year,
                        "region_code": code,
                        "region": name,
                        "dimension": dimension,
                        "category": category,
                        "persons": number,
                    }


def _occurring(dimension: str, used: Collection[str]) -> list[str]:
    known = categories_of(dimension)
    return [category for category in known if category in used] or known


def by_vintage(
    counts: pl.DataFrame, runs: pl.DataFrame, dimension: str, *, region: str
) -> tuple[list[str], list[tuple[int, datetime, list[int], str]]]:
    """Return the counts of one year and region in each vintage, with a column per category.

    Args:
        counts: Frame of the contract ``statistics.unique_person_counts_history``, one year.
        runs: Frame of the contract ``statistics.runs``, the same year.
        dimension: The dimension.
        region: Code of the region.

    Returns:
        The categories that occur, or all if none does, and rows ``(vintage, counted_at, persons per category,
        reason)``, oldest first; a cell without persons is 0.
    """
    cells = {
        (r["vintage"], r["category"]): r["persons"]
        for r in counts.filter(dimension=dimension, region_code=region).iter_rows(named=True)
    }
    shown = _occurring(dimension, {category for _, category in cells})
    rows = [
        (run["vintage"], run["counted_at"], [cells.get((run["vintage"], c), 0) for c in shown], run["reason"])
        for run in runs.sort("vintage").iter_rows(named=True)
    ]
    return shown, rows

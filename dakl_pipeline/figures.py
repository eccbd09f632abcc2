"""The figures as a person reads them: a region per row, years or categories per column.

Belongs here: arranging counts for reading. Does not belong here: counting, and how a table is drawn.
"""

from datetime import datetime

import polars as pl

from dakl_pipeline.errors import WrongUsage
from dakl_pipeline.reference import categories, centrumregios
from dakl_pipeline.steps.count import TOTAL
from dakl_pipeline.steps.deduplicate import COUNTRY

_NAMES = {region.code: region.name for region in centrumregios()} | {COUNTRY: "Nederland"}


def region_code(text: str) -> str:
    """The code of a region that is named by code or name, without regard to case.

    Raises:
        WrongUsage: If there is no such region.
    """
    for code, name in _NAMES.items():
        if text.casefold() in (code.casefold(), name.casefold()):
            return code
    raise WrongUsage("there is no such region: name one by its code (CR01-CR44, NL) or its name")


def region_name(code: str) -> str:
    """The name of a region."""
    return _NAMES[code]


def dimensions() -> list[str]:
    """The dimensions, in the order in which they are shown."""
    return list(dict.fromkeys(category.dimension for category in categories()))


def categories_of(dimension: str) -> list[str]:
    """The categories of a dimension, in the order in which they are shown.

    Raises:
        WrongUsage: If there is no such dimension.
    """
    if dimension not in dimensions():
        raise WrongUsage(f"there is no such dimension: choose one of {', '.join(dimensions())}")
    return [c.category for c in categories() if c.dimension == dimension]


def by_year(counts: pl.DataFrame, years: list[int]) -> list[tuple[str, str, *tuple[int | None, ...]]]:
    """Totals per region, a column a year; the country last.

    Args:
        counts: Frame of the contract ``statistics.unique_person_counts``, any years.
        years: The columns.

    Returns:
        ``(region_code, name, persons per year ...)``, None where a region has no counts in a year.
    """
    totals = {(r["region_code"], r["year"]): r["persons"] for r in counts.filter(dimension=TOTAL).iter_rows(named=True)}
    present = {region for region, _ in totals}
    ordered = [code for code in _NAMES if code in present]
    return [(code, _NAMES[code], *(totals.get((code, year)) for year in years)) for code in ordered]


def by_category(
    counts: pl.DataFrame, dimension: str, *, region: str | None
) -> tuple[list[str], list[tuple[str, str, *tuple[int | None, ...]]]]:
    """Counts of one year per region, a column a category.

    Args:
        counts: Frame of the contract ``statistics.unique_person_counts``, one year.
        dimension: Which dimension.
        region: Only this region; all when None.

    Returns:
        The categories that occur, and rows ``(region_code, name, persons per category ...)``.

    Raises:
        WrongUsage: If there is no such dimension.
    """
    known = categories_of(dimension)
    of_dimension = counts.filter(dimension=dimension)
    cells = {(r["region_code"], r["category"]): r["persons"] for r in of_dimension.iter_rows(named=True)}
    used = {category for _, category in cells}
    shown = [category for category in known if category in used]
    regions = [code for code in _NAMES if any((code, c) in cells for c in shown) and region in (None, code)]
    return shown, [(code, _NAMES[code], *(cells.get((code, c)) for c in shown)) for code in regions]


def by_vintage(
    counts: pl.DataFrame, runs: pl.DataFrame, dimension: str, *, region: str
) -> tuple[list[str], list[tuple[int, datetime, list[int], str]]]:
    """Counts of one year and region at each vintage, a column a category.

    Args:
        counts: Frame of the contract ``statistics.unique_person_counts_history``, one year.
        runs: Frame of the contract ``statistics.runs``, the same year.
        dimension: Which dimension.
        region: Code of the region.

    Returns:
        The categories that occur, and rows ``(vintage, counted_at, persons per category, reason)``, oldest first; a
        cell without persons is 0.

    Raises:
        WrongUsage: If there is no such dimension.
    """
    known = categories_of(dimension)
    cells = {
        (r["vintage"], r["category"]): r["persons"]
        for r in counts.filter(dimension=dimension, region_code=region).iter_rows(named=True)
    }
    used = {category for _, category in cells}
    shown = [category for category in known if category in used]
    rows = [
        (run["vintage"], run["counted_at"], [cells.get((run["vintage"], c), 0) for c in shown], run["reason"])
        for run in runs.sort("vintage").iter_rows(named=True)
    ]
    return shown, rows

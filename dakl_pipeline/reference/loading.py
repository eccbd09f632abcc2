"""Reading and checking the code lists together, and the list of those that a home can replace."""

from collections.abc import Mapping
from functools import cache
from typing import Any, get_args, get_type_hints

from dakl_pipeline.reference.agreement import ReferenceData, problems
from dakl_pipeline.reference.classes import Category
from dakl_pipeline.reference.rows import PACKAGE_FOLDER, CodeList, File, Row, read_rows, refuse, shipped

# What a row of each list is, by the name of its file.
ROWS: dict[str, type[Row]] = {name: get_args(kind)[0] for name, kind in get_type_hints(ReferenceData).items()}
# The lists on which figures depend, with the columns that matter.
FIGURES = {
    "age_class": ("category", "min_age", "max_age"),
    "gemeente_centrumregio": ("code", "region_code", "valid_from_year", "valid_to_year"),
    "gemeente_herindeling": ("old_code", "new_code"),
}
# The lists that a home can replace. The others are part of the code (exclusion reasons, measures), of the layout of
# a delivery (types, reasons of ending) or of published tables (regions), and change only with the program.
REPLACEABLE = tuple(
    f"{name}.csv" for name in sorted({*FIGURES, "category", "comparison_bound", "delivery_round", "plausible_year"})
)


def load(own: Mapping[str, File]) -> ReferenceData:
    """Read the code lists and check them, each by itself and all together.

    Args:
        own: Files that replace those of the package, by name.

    Raises:
        Refused: If a list cannot be replaced, cannot be read or does not agree with another.
    """
    refuse(
        [
            f"{own[name].place} cannot be used: only {', '.join(REPLACEABLE)} can be replaced: remove it"
            for name in sorted(own.keys() - set(REPLACEABLE))
        ]
    )
    lists: dict[str, CodeList[Any]] = {
        name: read_rows(own.get(f"{name}.csv") or shipped(f"{name}.csv"), row) for name, row in ROWS.items()
    }
    data = ReferenceData(**lists)
    found = list(problems(data))
    if "category.csv" in own:
        found += _fixed_categories(data)
    if "comparison_bound.csv" in own:
        found += _missing_bounds(data)
    if {"gemeente_centrumregio.csv", "gemeente_herindeling.csv"} & own.keys():
        found += _missing_municipalities(data)
    # What is wrong in a file of the home first: that is where it is put right.
    refuse(sorted(found, key=lambda problem: problem.startswith(PACKAGE_FOLDER)))
    return data


def _fixed_categories(data: ReferenceData) -> list[str]:
    """Contracts and registers know only the categories of the package; only age classes may differ."""

    def fixed(rows: tuple[Category, ...]) -> set[tuple[str, str]]:
        return {(row.dimension, row.category) for row in rows if row.dimension != "leeftijd"}

    known = fixed(package().category.rows)
    added = [
        data.category.at(line, f"the registers have no such category of {row.dimension}: remove the row")
        for line, row in data.category.numbered
        if row.dimension != "leeftijd" and (row.dimension, row.category) not in known
    ]
    missing = sorted({dimension for dimension, _ in known - fixed(data.category.rows)})
    return added + [
        f"{data.category.place}: a category of {dimension} is missing: put it back" for dimension in missing
    ]


def _missing_bounds(data: ReferenceData) -> list[str]:
    there = {(row.rule, row.against) for row in data.comparison_bound.rows}
    return [
        f"{data.comparison_bound.place}: {row.rule} against {row.against} is missing: add the row"
        for row in package().comparison_bound.rows
        if (row.rule, row.against) not in there
    ]


def _missing_municipalities(data: ReferenceData) -> list[str]:
    """A code that leads nowhere would take its persons out of the figures."""

    def known(lists: ReferenceData) -> set[str]:
        return {row.code for row in lists.gemeente_centrumregio.rows} | {
            row.old_code for row in lists.gemeente_herindeling.rows
        }

    return [
        f"{data.gemeente_centrumregio.place}: municipality {code} is missing: add its row, or its merger to "
        f"{data.gemeente_herindeling.place}"
        for code in sorted(known(package()) - known(data))
    ]


@cache
def package() -> ReferenceData:
    """The code lists of the package.

    Raises:
        Refused: If they do not agree.
    """
    return load({})

"""The figures as shown: a cell without persons is zero, a region without deliveries has no figure."""

import polars as pl
import pytest

from dakl_pipeline.errors import WrongUsage
from dakl_pipeline.presentation.figures import by_category, by_year, category_named, dimension_named, dimensions
from dakl_pipeline.statistics.count import TOTAL

COUNTS = pl.DataFrame(
    [(2024, "CR02", TOTAL, TOTAL, 3), (2024, "NL", TOTAL, TOTAL, 3), (2024, "CR02", "geslacht", "man", 3)],
    schema=["year", "region_code", "dimension", "category", "persons"],
    orient="row",
)
DELIVERED = {2023: ["CR02", "NL"], 2024: ["CR01", "CR02", "NL"]}


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        (None, {"CR01": (None, 0), "CR02": (0, 3), "NL": (0, 3)}),
        ("CR02", {"CR02": (0, 3)}),
        ("CR03", {}),
    ],
)
def test_nothing_delivered_is_none_and_nobody_counted_is_zero(
    region: str | None, expected: dict[str, tuple[int | None, ...]]
) -> None:
    rows = by_year(COUNTS, DELIVERED, [2023, 2024], region=region)
    assert {code: tuple(numbers) for code, _, *numbers in rows} == expected


def test_only_categories_that_occur_are_shown_and_all_of_them_when_none_does() -> None:
    shown, rows = by_category(COUNTS, DELIVERED[2024], "geslacht", region=None)
    assert (shown, {code: tuple(numbers) for code, _, *numbers in rows}["CR02"]) == (["man"], (3,))
    shown, _ = by_category(COUNTS, DELIVERED[2024], "leeftijd", region=None)
    assert len(shown) > 1


@pytest.mark.parametrize("typed", ["Geslacht", "GESLACHT ", "geslacht"])
def test_a_dimension_and_a_category_are_known_in_any_spelling(typed: str) -> None:
    assert dimension_named(typed) == "geslacht"
    assert category_named("Man", "geslacht") == "man"
    assert "geslacht" in dimensions()


def test_a_category_of_another_dimension_is_refused() -> None:
    with pytest.raises(WrongUsage, match="no such category of leeftijd"):
        category_named("man", "leeftijd")

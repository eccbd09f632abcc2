"""Every check fails when the property that it guards is broken."""

from collections.abc import Callable

import polars as pl
import pytest

from dakl_pipeline.contracts import TABLES
from dakl_pipeline.contracts.statistics import COVERAGE, UNIQUE_PERSON_COUNTS
from dakl_pipeline.statistics import checks
from dakl_pipeline.statistics.checks import CheckOutcome


def _counts(*cells: tuple[str, str, str, int]) -> pl.DataFrame:
    return pl.DataFrame([(2024, *cell) for cell in cells], schema=UNIQUE_PERSON_COUNTS.polars_schema, orient="row")


def _coverage(**values: int) -> pl.DataFrame:
    names = {"country": ("NL", "registrations"), "region": ("CR01", "registrations")}
    names["without"] = ("NL", "registrations_without_region")
    rows = [(2024, *names[name], value) for name, value in values.items()]
    return pl.DataFrame(rows, schema=COVERAGE.polars_schema, orient="row")


_ATTRIBUTES = ("geslacht", "leeftijd", "herkomst", "inkomstenbron", "wmo", "wlz")


def _intact(region: str, persons: int, **changed: int) -> list[tuple[str, str, str, int]]:
    return [
        (region, "totaal", "totaal", persons),
        *((region, dimension, "onbekend", changed.get(dimension, persons)) for dimension in _ATTRIBUTES),
    ]


def _stays(*rows: tuple[str, str | None, str | None]) -> pl.DataFrame:
    return pl.DataFrame(
        rows,
        schema={"person_pseudonym": pl.String, "region_code": pl.String, "exclusion_reason": pl.String},
        orient="row",
    )


_PERSONS = pl.DataFrame({"region_code": ["NL", "CR01"]})


@pytest.mark.parametrize(
    ("check", "passes"),
    [
        (lambda: checks.no_row_lost(3, 3), True),
        (lambda: checks.no_row_lost(3, 2), False),
        (lambda: checks.no_row_lost(2, 3), False),
        (lambda: checks.eligible_stays_have_region(_stays(("a", "CR01", None), ("b", None, "no_region"))), True),
        (lambda: checks.eligible_stays_have_region(_stays(("a", None, None))), False),
        (lambda: checks.every_eligible_person_kept(_stays(("a", "CR01", None), ("a", "CR01", None)), _PERSONS), True),
        (lambda: checks.every_eligible_person_kept(_stays(("a", "CR01", None), ("b", "CR01", None)), _PERSONS), False),
        (lambda: checks.country_at_most_sum_of_regions(_counts()), True),
        (lambda: checks.country_at_most_sum_of_regions(_counts(*_intact("CR01", 2), *_intact("NL", 2))), True),
        (
            lambda: checks.country_at_most_sum_of_regions(
                _counts(*_intact("CR01", 2), *_intact("CR02", 2), *_intact("NL", 3))
            ),
            True,
        ),
        (lambda: checks.country_at_most_sum_of_regions(_counts(*_intact("CR01", 2), *_intact("NL", 3))), False),
        (lambda: checks.country_at_most_sum_of_regions(_counts(*_intact("CR01", 3), *_intact("NL", 2))), False),
        (lambda: checks.country_at_most_sum_of_regions(_counts(*_intact("CR01", 1))), False),
        (lambda: checks.characteristics_add_up(_counts()), True),
        (lambda: checks.characteristics_add_up(_counts(*_intact("CR01", 5))), True),
        (lambda: checks.characteristics_add_up(_counts(*_intact("CR01", 5, wlz=4))), False),
        (lambda: checks.characteristics_add_up(_counts(*_intact("CR01", 5)[:-1])), False),
        (lambda: checks.registrations_add_up(_coverage(country=5, region=3, without=2)), True),
        (lambda: checks.registrations_add_up(_coverage(country=5, region=3, without=1)), False),
        (lambda: checks.registrations_add_up(_coverage()), True),
    ],
)
def test_check(check: Callable[[], CheckOutcome], passes: bool) -> None:
    outcome = check()
    assert outcome.passed is passes
    assert outcome.found
    assert outcome.to_do


_CELL = (2024, "CR01", "totaal", "totaal", 1)


@pytest.mark.parametrize(
    ("frame", "found"),
    [
        (_counts(_CELL[1:]), "all 1 rows satisfy it"),
        (_counts(_CELL[1:], _CELL[1:]), "several rows with the same year, region_code, dimension, category (2 rows)"),
        (_counts(("CR99", "totaal", "totaal", 1)), "region_code: not in the required form (1 rows)"),
        (_counts(("CR01", "totaal", "totaal", 0)), "persons: below its minimum (1 rows)"),
        (_counts(("CR01", "totaal", "man", 1)), "does not hold: category of its dimension (1 rows)"),
        (
            _counts(_CELL[1:]).drop("persons"),
            "persons: the column is missing, unexpected or of the wrong type (1 rows)",
        ),
        (
            _counts(_CELL[1:]).with_columns(persons=pl.lit(None, pl.Int64)),
            "persons: empty, although it is required (1 rows)",
        ),
    ],
    ids=["kept", "key", "form", "minimum", "rule", "column", "empty"],
)
def test_a_contract_says_in_words_what_is_broken(frame: pl.DataFrame, found: str) -> None:
    outcome = checks.conforms(UNIQUE_PERSON_COUNTS, frame)
    assert (outcome.passed, outcome.found) == (found.startswith("all"), found)
    assert "maintainers" in outcome.to_do


def test_every_kind_of_rule_of_the_contracts_has_words() -> None:
    rules = {rule for table in TABLES.values() for rule in table.schema._validation_rules(with_cast=False)}
    kinds = {kind for rule in rules for column, _, kind in [rule.rpartition("|")] if column}
    assert kinds <= checks._BROKEN.keys()

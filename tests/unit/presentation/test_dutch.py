"""Numbers and days in Dutch notation."""

from datetime import date

import pytest

from dakl_pipeline.presentation.dutch import day, first_few, listed, number, quantity


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.000"),
        (1234567, "1.234.567"),
        (12.5, "12,5"),
        (1234.56, "1.234,6"),
        (12.0, "12"),
    ],
)
def test_number(value: float, words: str) -> None:
    assert number(value) == words


@pytest.mark.parametrize(
    ("value", "words"), [(0, "0 registraties"), (1, "1 registratie"), (2000, "2.000 registraties")]
)
def test_counted(value: int, words: str) -> None:
    assert quantity(value, "registratie", "registraties") == words


@pytest.mark.parametrize(
    ("items", "words"), [([], ""), (["a"], "a"), (["a", "b"], "a en b"), (["a", "b", "c"], "a, b en c")]
)
def test_listed(items: list[str], words: str) -> None:
    assert listed(items) == words


@pytest.mark.parametrize(
    ("items", "is_all", "words"),
    [
        (["a"], True, "a"),
        (["a", "b"], True, "a en b"),
        (["a", "b", "c"], True, "a, b en nog 1"),
        ([str(n) for n in range(1_502)], True, "0, 1 en nog 1.500"),
        (["a"], False, "a en verder"),
        (["a", "b", "c"], False, "a, b en verder"),
    ],
)
def test_of_many_items_the_first_few_are_named(items: list[str], is_all: bool, words: str) -> None:
    assert first_few(items, 2, is_all=is_all) == words


def test_day() -> None:
    assert day(date(2024, 2, 29)) == "29 februari 2024"

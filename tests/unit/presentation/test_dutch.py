"""Numbers and days the Dutch way."""

from datetime import date

import pytest

from dakl_pipeline.presentation.dutch import counted, day, number


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
    assert counted(value, "registratie", "registraties") == words


def test_day() -> None:
    assert day(date(2024, 2, 29)) == "29 februari 2024"

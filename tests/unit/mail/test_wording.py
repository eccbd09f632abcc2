"""Dutch words for values."""

from datetime import UTC, datetime

import pytest

from dakl_pipeline.mail.wording import lines, moment_in_zone


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (datetime(2025, 1, 1, 11, 0, 0, 999_999, tzinfo=UTC), "1 januari 2025 om 12.00 uur"),
        (datetime(2025, 6, 30, 22, 30, tzinfo=UTC), "1 juli 2025 om 00.30 uur"),
    ],
    ids=["winter", "summer, the next day already"],
)
def test_moment(value: datetime, words: str) -> None:
    assert moment_in_zone(value, "Europe/Amsterdam") == words


@pytest.mark.parametrize(
    ("rows", "is_all", "words"),
    [
        ([2], True, "Regel 2"),
        ([2, 5], True, "Regels 2 en 5"),
        ([2, 5, 7], True, "Regels 2, 5 en 7"),
        ([2, 5, 7, 9], True, "Regels 2, 5, 7 en nog 1"),
        (list(range(2, 2000)), True, "Regels 2, 3, 4 en nog 1.995"),
        ([2], False, "Regels 2 en verder"),
        (list(range(2, 1002)), False, "Regels 2, 3, 4 en verder"),
    ],
)
def test_lines(rows: list[int], is_all: bool, words: str) -> None:
    assert lines(rows, 3, is_all=is_all) == words

"""The reminders of the calendar, on and around the days of the round of 2025."""

from datetime import date

import pytest

from dakl_pipeline.operation.calendar import reminders_due, years_in_collection_round
from dakl_pipeline.reference.methodology import Methodology, default_methodology

METHODOLOGY = Methodology.model_validate(default_methodology())


@pytest.mark.parametrize(
    ("day", "kinds"),
    [
        (date(2025, 4, 23), []),
        (date(2025, 4, 24), ["delivery-opens"]),
        (date(2025, 5, 1), ["delivery-opens"]),
        (date(2025, 5, 2), []),
        (date(2025, 6, 18), ["delivery-closes"]),
        (date(2025, 6, 30), ["withdrawal-opens"]),
        (date(2025, 7, 4), ["withdrawal-opens", "withdrawal-closes"]),
        (date(2025, 7, 7), ["withdrawal-opens", "withdrawal-closes", "processing-starts"]),
        # The round of 2024 had an extension, so its last day is that of the extension.
        (date(2024, 6, 24), ["delivery-closes", "withdrawal-opens"]),
        (date(2024, 5, 26), []),
    ],
)
def test_reminders_of_a_day_and_the_week_before(day: date, kinds: list[str]) -> None:
    due = reminders_due(METHODOLOGY, day)
    assert [reminder.key.split("-", 2)[2] for reminder in due] == kinds
    assert all(str(day.year) in reminder.headline for reminder in due)


def test_keys_are_names_of_files_and_all_different() -> None:
    keys = [r.key for day in (date(2024, 7, 1), date(2025, 7, 7)) for r in reminders_due(METHODOLOGY, day)]
    assert len(set(keys)) == len(keys)
    assert all(key.replace("-", "").isalnum() for key in keys)


@pytest.mark.parametrize(
    ("day", "years"),
    [
        (date(2025, 4, 23), []),
        (date(2025, 4, 24), [2023, 2024]),
        (date(2025, 10, 31), [2023, 2024]),
        (date(2025, 11, 1), []),
        (date(2024, 5, 1), [2022, 2023]),
    ],
)
def test_the_season(day: date, years: list[int]) -> None:
    assert years_in_collection_round(METHODOLOGY, day) == years

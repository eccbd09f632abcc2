"""The calendar of the rounds: both ends of every window, on the Dutch calendar."""

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from dakl_pipeline.deliveries.rounds import (
    last_day_to_deliver,
    missed_delivery_window,
    missed_withdrawal_window,
    round_of,
    rounds_of,
)
from dakl_pipeline.reference.code_lists import delivery_rounds
from dakl_pipeline.reference.methodology import Methodology, default_methodology
from dakl_pipeline.reference.rounds import DeliveryRound

METHODOLOGY = Methodology.model_validate(default_methodology())


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("year", "at", "is_open"),
    [
        (2023, "2024-03-03T22:59", False),
        (2023, "2024-03-03T23:00", True),
        (2023, "2024-05-26T12:00", True),
        (2023, "2024-06-24T21:59", True),
        (2023, "2024-06-24T22:00", False),
        (2023, "2025-04-23T21:59", False),
        (2023, "2025-04-23T22:00", True),
        (2024, "2024-05-01T12:00", False),
        (2024, "2025-06-18T21:59", True),
        (2024, "2025-06-18T22:00", False),
        (2030, "2025-05-01T12:00", False),
    ],
)
def test_delivery_window(year: int, at: str, is_open: bool) -> None:
    missed = missed_delivery_window(year, _at(at), METHODOLOGY)
    assert (missed is None) is is_open
    assert (last_day_to_deliver(year, _at(at), METHODOLOGY) is not None) is is_open


def test_what_was_missed_is_said() -> None:
    assert missed_delivery_window(2023, _at("2025-12-01T12:00"), METHODOLOGY) == (
        "4 maart 2024 tot en met 24 juni 2024 en 24 april 2025 tot en met 18 juni 2025"
    )
    assert missed_withdrawal_window(2024, _at("2025-12-01T12:00"), METHODOLOGY) == "2025-06-30 to 2025-07-04"
    assert missed_delivery_window(2030, _at("2025-12-01T12:00"), METHODOLOGY) == (
        "er is geen ronde voor dit verslagjaar"
    )


@pytest.mark.parametrize(
    ("at", "last_day"),
    [("2024-04-01T12:00", date(2024, 6, 24)), ("2025-05-01T12:00", date(2025, 6, 18)), ("2026-05-01T12:00", None)],
)
def test_last_day_to_deliver(at: str, last_day: date | None) -> None:
    assert last_day_to_deliver(2023, _at(at), METHODOLOGY) == last_day


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2025-06-29T21:59", False),
        ("2025-06-29T22:00", True),
        ("2025-07-04T21:59", True),
        ("2025-07-04T22:00", False),
    ],
)
def test_withdrawal_window(at: str, is_open: bool) -> None:
    assert (missed_withdrawal_window(2024, _at(at), METHODOLOGY) is None) is is_open


@pytest.mark.parametrize(
    ("at", "place"),
    [("2024-01-01T12:00", -1), ("2024-12-31T12:00", 0), ("2025-04-24T12:00", 1), ("2030-01-01T12:00", 1)],
)
def test_round_of_a_moment(at: str, place: int) -> None:
    assert round_of(2023, _at(at), METHODOLOGY) == place


def test_rounds_come_from_the_settings() -> None:
    assert METHODOLOGY.rounds == delivery_rounds()
    only_last = METHODOLOGY.model_copy(update={"rounds": delivery_rounds()[-1:]})
    assert [r.round for r in rounds_of(2023, METHODOLOGY)] == [2024, 2025]
    assert [r.round for r in rounds_of(2023, only_last)] == [2025]
    assert round_of(2023, _at("2025-05-01T12:00"), only_last) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"delivery_end": "2025-04-23"},
        {"extension_end": "2025-06-17"},
        {"withdrawal_end": "2025-06-29"},
        {"withdrawal_start": "2025-04-23"},
        {"reporting_years": ()},
        {"reporting_years": (2023, 2023)},
        {"delivery_start": "2025-31-12"},
        {"source": None},
    ],
    ids=str,
)
def test_a_round_that_cannot_be(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DeliveryRound.model_validate({**delivery_rounds()[-1].model_dump(), **change})


def test_a_round_is_there_once() -> None:
    with pytest.raises(ValidationError, match="each round once"):
        Methodology.model_validate({**default_methodology(), "rounds": delivery_rounds() * 2})

"""The calendar of the rounds: to which round a time belongs, and whether a window is open."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from dakl_pipeline.presentation.dutch import day as in_words
from dakl_pipeline.reference.methodology import Methodology
from dakl_pipeline.reference.rounds import DeliveryRound


def rounds_of(year: int, methodology: Methodology) -> tuple[DeliveryRound, ...]:
    """Return the rounds about a reporting year, oldest first."""
    return tuple(r for r in methodology.rounds if year in r.reporting_years)


def round_of(year: int, at: datetime, methodology: Methodology) -> int:
    """Return the round of a reporting year to which a time belongs (monitor rules 3.4 and 3.5).

    Args:
        year: Reporting year.
        at: A time with a time zone.
        methodology: Settings, for the rounds and the time zone of the calendar.

    Returns:
        Index in :func:`rounds_of` of the last round that had started; -1 before the first.
    """
    day = local_date(at, methodology)
    return sum(r.delivery_start <= day for r in rounds_of(year, methodology)) - 1


def missed_delivery_window(year: int, at: datetime, methodology: Methodology) -> str | None:
    """Return why a file may not be delivered at a time, or None if the window is open.

    Both end days are included; the extension of a round counts as open.

    Returns:
        The missed windows in words (Dutch).
    """
    windows = [(r.delivery_start, r.last_delivery_date) for r in rounds_of(year, methodology)]
    if _is_open(windows, at, methodology):
        return None
    if not windows:
        return "er is geen ronde voor dit verslagjaar"
    return " en ".join(f"{in_words(start)} tot en met {in_words(end)}" for start, end in windows)


def missed_withdrawal_window(year: int, at: datetime, methodology: Methodology) -> str | None:
    """Return why a year may not be withdrawn at a time, or None if the window is open.

    Returns:
        The missed windows, in English for an analyst.
    """
    windows = [(r.withdrawal_start, r.withdrawal_end) for r in rounds_of(year, methodology)]
    if _is_open(windows, at, methodology):
        return None
    return " and ".join(f"{start} to {end}" for start, end in windows) or "there is no round for this year"


def last_day_to_deliver(year: int, at: datetime, methodology: Methodology) -> date | None:
    """Return the last day of the delivery window that is open at a time; None if none is open."""
    day = local_date(at, methodology)
    days = [r.last_delivery_date for r in rounds_of(year, methodology) if r.delivery_start <= day]
    return max((last for last in days if day <= last), default=None)


def next_round_to_deliver(year: int, at: datetime, methodology: Methodology) -> DeliveryRound | None:
    """Return the next round about a reporting year whose delivery window has not started yet; None if there is none."""
    day = local_date(at, methodology)
    return next((r for r in rounds_of(year, methodology) if r.delivery_start > day), None)


def local_date(at: datetime, methodology: Methodology) -> date:
    """Return the date of a time in the time zone of the calendar."""
    return at.astimezone(ZoneInfo(methodology.time_zone)).date()


def _is_open(windows: list[tuple[date, date]], at: datetime, methodology: Methodology) -> bool:
    day = local_date(at, methodology)
    return any(start <= day <= end for start, end in windows)

"""Numbers and days as Dutch readers write them, for reports, mails and texts on a terminal."""

from collections.abc import Sequence
from datetime import date, datetime

MONTHS = (
    "januari",
    "februari",
    "maart",
    "april",
    "mei",
    "juni",
    "juli",
    "augustus",
    "september",
    "oktober",
    "november",
    "december",
)


def number(value: float) -> str:
    """A number, rounded to one decimal if it is not whole: ``1.234`` or ``12,5``."""
    text = f"{value:,.1f}" if isinstance(value, float) and not value.is_integer() else f"{int(value):,}"
    return text.translate(str.maketrans(",.", ".,"))


def quantity(value: int, singular: str, plural: str) -> str:
    """A number with its noun: ``1 registratie`` or ``2.000 registraties``."""
    return f"{number(value)} {singular if value == 1 else plural}"


def listed(items: Sequence[str]) -> str:
    """Items with commas and *en* before the last."""
    return " en ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def first_few(items: Sequence[str], shown: int, *, is_all: bool = True) -> str:
    """The first of some items: ``a en b``, ``a, b en nog 3``, or ``a, b en verder``.

    Args:
        items: The items that are known.
        shown: How many of them are named.
        is_all: Whether there are no others, so that it can be said how many follow.
    """
    first, more = items[:shown], len(items) - shown
    if is_all and more <= 0:
        return listed(first)
    return f"{', '.join(first)} en {f'nog {number(more)}' if is_all else 'verder'}"


def day(value: date) -> str:
    """A day in words: ``1 mei 2025``."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime) -> str:
    """A moment in words, on the clock of its own time zone: ``1 mei 2025 om 14.30 uur``."""
    return f"{day(value)} om {value:%H.%M} uur"

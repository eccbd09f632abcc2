"""Dutch formatting of numbers, lists and dates, for reports, mails and the terminal."""

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
    """Format a number, rounded to one decimal if it is not whole: ``1.234`` or ``12,5``."""
    text = f"{value:,.1f}" if isinstance(value, float) and not value.is_integer() else f"{int(value):,}"
    return text.translate(str.maketrans(",.", ".,"))


def quantity(value: int, singular: str, plural: str) -> str:
    """Format a number with its noun: ``1 registratie`` or ``2.000 registraties``."""
    return f"{number(value)} {singular if value == 1 else plural}"


def listed(items: Sequence[str]) -> str:
    """Join items with commas, and *en* before the last."""
    return " en ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def first_few(items: Sequence[str], shown: int, *, is_all: bool = True) -> str:
    """Join the first items: ``a en b``, ``a, b en nog 3``, or ``a, b en verder``.

    Args:
        items: The known items.
        shown: Maximum number of items named.
        is_all: Whether ``items`` is complete, so that the number of others is known.
    """
    first, more = items[:shown], len(items) - shown
    if is_all and more <= 0:
        return listed(first)
    return f"{', '.join(first)} en {f'nog {number(more)}' if is_all else 'verder'}"


def day(value: date) -> str:
    """Format a date in words: ``1 mei 2025``."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def moment(value: datetime) -> str:
    """Format a time in words, in its own time zone: ``1 mei 2025 om 14.30 uur``."""
    return f"{day(value)} om {value:%H.%M} uur"

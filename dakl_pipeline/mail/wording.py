"""Dutch wording of times and line numbers."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from dakl_pipeline.presentation import dutch
from dakl_pipeline.presentation.dutch import first_few


def moment_in_zone(value: datetime, time_zone: str) -> str:
    """Return a time in words, in a time zone: ``12 mei 2025 om 14.30 uur``."""
    return dutch.moment(value.astimezone(ZoneInfo(time_zone)))


def lines(rows: Sequence[int], shown: int, *, is_all: bool) -> str:
    """Return the first line numbers, and how many more there are if that is known."""
    noun = "Regel" if len(rows) == 1 and is_all else "Regels"
    return f"{noun} {first_few([str(row) for row in rows], shown, is_all=is_all)}"

"""Dutch words for moments and rows."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from dakl_pipeline.presentation import dutch
from dakl_pipeline.presentation.dutch import first_few


def moment_in_zone(value: datetime, time_zone: str) -> str:
    """A moment in words, on the clock of a time zone: ``12 mei 2025 om 14.30 uur``."""
    return dutch.moment(value.astimezone(ZoneInfo(time_zone)))


def lines(rows: Sequence[int], shown: int, *, is_all: bool) -> str:
    """Line numbers: the first ones, and how many more there are as far as that is known."""
    noun = "Regel" if len(rows) == 1 and is_all else "Regels"
    return f"{noun} {first_few([str(row) for row in rows], shown, is_all=is_all)}"

"""The approved deliveries, and the selected one of each supplier (monitor rules 3.3 to 3.5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from tests.oracle.delivered_file import METHODOLOGY, read_delivered_file, reference_rows, year_of_name

BEFORE_ALL_ROUNDS = -1


@dataclass(frozen=True)
class Event:
    """An action of a supplier: a delivery (with ``path``) or a withdrawal (with ``reporting_year``)."""

    kind: Literal["deliver", "withdraw"]
    supplier_id: str
    at: datetime
    path: Path | None = None
    reporting_year: int | None = None
    accept_late: str | None = None


def _rounds(year: int) -> list[dict[str, str]]:
    rounds = [r for r in reference_rows("delivery_round.csv") if str(year) in r["reporting_years"].split()]
    return sorted(rounds, key=lambda r: r["delivery_start"])


def _dutch_day(at: datetime) -> str:
    return at.astimezone(ZoneInfo(METHODOLOGY["time_zone"])).date().isoformat()


def round_rank(year: int, at: datetime) -> int:
    """The round of a reporting year that an instant belongs to, counted from 0; -1 before the first round."""
    return sum(1 for r in _rounds(year) if r["delivery_start"] <= _dutch_day(at)) + BEFORE_ALL_ROUNDS


def in_window(kind: str, year: int, at: datetime) -> bool:
    """Whether the window for deliveries or for withdrawals is open, first and last day included."""
    rank = round_rank(year, at)
    if rank == BEFORE_ALL_ROUNDS:
        return False
    now = _rounds(year)[rank]
    if kind == "deliver":
        return now["delivery_start"] <= _dutch_day(at) <= (now["extension_end"] or now["delivery_end"])
    return now["withdrawal_start"] <= _dutch_day(at) <= now["withdrawal_end"]


def year_of(event: Event) -> int | None:
    """The reporting year of an event; None for a delivery whose name does not give one."""
    return year_of_name(event.path.name) if event.path else event.reporting_year


def is_accepted(event: Event) -> bool:
    """Whether a delivery is approved, or a withdrawal logged."""
    year = year_of(event)
    if year is None or (event.accept_late is None and not in_window(event.kind, year, event.at)):
        return False
    return event.path is None or read_delivered_file(event.path) is not None


def select(events: Sequence[Event], year: int) -> dict[str, int]:
    """The index of the delivery that counts for each supplier: the last approved and not withdrawn."""
    accepted = [(i, e) for i, e in enumerate(events) if year_of(e) == year and is_accepted(e)]
    selected: dict[str, int] = {}
    for supplier in sorted({e.supplier_id for _, e in accepted}):
        own = [(i, e) for i, e in accepted if e.supplier_id == supplier]
        withdrawn = [round_rank(year, e.at) for _, e in own if e.kind == "withdraw"]
        standing = [
            (e.at, i)
            for i, e in own
            if e.kind == "deliver" and all(round_rank(year, e.at) > rank for rank in withdrawn)
        ]
        if standing:
            selected[supplier] = max(standing)[1]
    return selected

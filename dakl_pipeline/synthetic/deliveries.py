"""The events: files that suppliers deliver and years that they withdraw."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from dakl_pipeline.reference.code_lists import delivery_rounds
from dakl_pipeline.synthetic.example import example_files, example_supplier_id
from dakl_pipeline.synthetic.files import DEFECTS, FileStyle, as_text, write
from dakl_pipeline.synthetic.plan import PopulationPlan
from dakl_pipeline.synthetic.profile import profile, settings
from dakl_pipeline.synthetic.registrations import with_mistakes
from dakl_pipeline.synthetic.schedule import ScheduledEvent, Version, some_of
from dakl_pipeline.synthetic.suppliers import Supplier


@dataclass(frozen=True)
class Event:
    """An action of a supplier.

    Attributes:
        kind: ``deliver`` or ``withdraw``.
        supplier_id: the supplier.
        reporting_year: reporting year.
        received_at: time within the delivery or withdrawal window of a round, in the Dutch time zone.
        file_name: name of the delivered file; None for a withdrawal.
        content: bytes of the delivered file; None for a withdrawal.
        is_expected_approved: whether a delivery passes the technical check; True for a withdrawal.
    """

    kind: Literal["deliver", "withdraw"]
    supplier_id: str
    reporting_year: int
    received_at: datetime
    file_name: str | None
    content: bytes | None = field(repr=False)
    is_expected_approved: bool


def _styles(plan: PopulationPlan, count: int) -> list[FileStyle]:
    """Draw the file style of each supplier."""
    rng = np.random.default_rng([plan.seed, 10])
    cases = plan.hard_cases
    chosen = [
        some_of(rng, count, share)
        for share in (
            cases.basic_columns, cases.byte_order_mark, cases.crlf, cases.quotes, cases.stripped_zeros,
            cases.year_end_literal,
        )
    ]  # fmt: skip
    return [FileStyle(*(position in each for each in chosen)) for position in range(count)]


def _file_name(rng: np.random.Generator, supplier: Supplier, scheduled_event: ScheduledEvent) -> str:
    is_last_word = scheduled_event.version in (Version.FINAL, Version.EARLIER_ROUND)
    endings = ["", " definitief", "_v2"] if is_last_word else ["", " concept", "_v1"]
    ending = endings[int(rng.integers(len(endings)))]
    label = supplier.label if rng.random() < 0.5 else supplier.label.replace(" ", "_")
    return f"DAKL_J{scheduled_event.reporting_year}_{label}{ending}.csv"


def make_events(
    plan: PopulationPlan,
    suppliers: tuple[Supplier, ...],
    registrations: dict[int, pl.DataFrame],
    schedule: list[ScheduledEvent],
) -> list[Event]:
    """Make every delivery and withdrawal of a schedule, with the files.

    Args:
        plan: the plan.
        suppliers: the suppliers, by position.
        registrations: by year, ``REGISTRATION_COLUMNS`` sorted by supplier.
        schedule: the scheduled events.

    Returns:
        The events in the order of the schedule. Rejected files get each technical fault in turn.
    """
    shape = profile().delivery
    styles = _styles(plan, len(suppliers))
    needed = {(each.reporting_year, each.base) for each in schedule}
    by_supplier: dict[tuple[int, Version], dict[int, pl.DataFrame]] = {}
    for year, version in sorted(needed):
        rows = registrations[year]
        if version is Version.EARLIER_ROUND:
            rng = np.random.default_rng([plan.seed, 11, year])
            rows = with_mistakes(rng, rows, shape.earlier_round_mistakes_share)
        parts = rows.partition_by("supplier", maintain_order=True)
        by_supplier[year, version] = {int(part["supplier"][0]): part for part in parts}
    fault = 0
    events: list[Event] = []
    for number, each in enumerate(schedule):
        rng = np.random.default_rng([plan.seed, 12, number])
        supplier, year = suppliers[each.supplier], each.reporting_year
        if each.version is None:
            events.append(Event("withdraw", supplier.supplier_id, year, each.received_at, None, None, True))
            continue
        rows, style = by_supplier[year, each.base][each.supplier], styles[each.supplier]
        if each.version is Version.PRELIMINARY:
            rows = with_mistakes(rng, rows, shape.draft_mistakes_share)
        created = each.received_at.date() - timedelta(days=int(rng.integers(0, 4)))
        fields = as_text(rows, year, created, style)
        is_good = each.version is not Version.REJECTED
        if not is_good:
            fields = DEFECTS[fault % len(DEFECTS)](fields, year)
            fault += 1
        name = _file_name(rng, supplier, each)
        events.append(
            Event("deliver", supplier.supplier_id, year, each.received_at, name, write(fields, style), is_good)
        )
    return events


def example_events() -> list[Event]:
    """Return the events of the example in the first round of its year: a version that misses a row, then all rows."""
    example = profile().example
    each = next(each for each in delivery_rounds() if example.reporting_year in each.reporting_years)
    zone = settings().time_zone
    return [
        Event(
            "deliver",
            example_supplier_id(),
            example.reporting_year,
            datetime.combine(each.delivery_start + timedelta(days=days), time(10), tzinfo=ZoneInfo(zone)),
            example.file_name,
            content,
            True,
        )
        for days, content in zip((15, 36), example_files(), strict=True)
    ]

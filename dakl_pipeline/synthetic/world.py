"""The making of a world: registers and everything that suppliers send, in order of time.

Belongs here: the order of the steps and the result. Does not belong here: the steps themselves, disk and clock.
"""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from math import ceil
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from dakl_pipeline.reference import delivery_rounds
from dakl_pipeline.synthetic.calibration import needs_of_year
from dakl_pipeline.synthetic.cohorts import Cohort, settle
from dakl_pipeline.synthetic.draws import IntArray, draw_bsns, draw_v_numbers
from dakl_pipeline.synthetic.example import example_bsns, example_files, example_supplier_id
from dakl_pipeline.synthetic.files import FAULTS, FileStyle, as_text, write
from dakl_pipeline.synthetic.people import People, draw_adults, draw_other_people
from dakl_pipeline.synthetic.places import Division
from dakl_pipeline.synthetic.plan import WorldPlan
from dakl_pipeline.synthetic.profile import profile, settings
from dakl_pipeline.synthetic.registers import make_registers
from dakl_pipeline.synthetic.registrations import draw_registrations, with_mistakes
from dakl_pipeline.synthetic.schedule import (
    Appointment,
    Version,
    make_schedule,
    plan_withdrawals,
    some_of,
    withdrawn_shares,
)
from dakl_pipeline.synthetic.stays import NO_STAYS, draw_stays, going_on
from dakl_pipeline.synthetic.suppliers import Supplier, SupplierChoice, make_suppliers


@dataclass(frozen=True)
class Event:
    """Something a supplier does.

    Attributes:
        kind: ``deliver`` or ``withdraw``.
        supplier_id: who.
        reporting_year: about which year.
        received_at: when, within the delivery or withdrawal window of a round, with the Dutch time zone.
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


@dataclass(frozen=True)
class World:
    """A synthetic world.

    Attributes:
        registers: by year and name (``persons``, ``v_numbers``, ``income``, ``care``) the columns of the home.
        events: deliveries and withdrawals in order of time.
    """

    registers: dict[int, dict[str, pl.DataFrame]] = field(repr=False)
    events: tuple[Event, ...]


def generate_world(plan: WorldPlan) -> World:
    """Make a synthetic world; the same plan gives the same frames and bytes.

    Args:
        plan: size, years, regions and hard cases.

    Returns:
        Registers and events. About ``plan.persons`` people have a counting stay in each year, by the rules of the
        monitor applied to the files that are selected.
    """
    example = profile().example
    suppliers = make_suppliers(plan, example.region_code if plan.is_cbs_example_included else None)
    positions = {each.supplier_id: number for number, each in enumerate(suppliers)}
    by_example = frozenset({positions[example_supplier_id()]} if plan.is_cbs_example_included else ())
    withdrawals = plan_withdrawals(plan, suppliers, never=by_example)
    children_from = settings().adults_only_until_year + 1

    people = _nobody(plan)
    cohort: Cohort | None = None
    stays: dict[int, pl.DataFrame] = {}
    carried = NO_STAYS
    for number, year in enumerate(plan.years):
        stopped = by_example if year == example.reporting_year else frozenset[int]()
        division = Division(year)
        if number:
            carried = going_on(stays[plan.years[number - 1]], people, year, division, tuple(sorted(stopped)))
        staying = np.zeros(len(people), dtype=np.bool_)
        staying[carried["person"].to_numpy()] = True
        withdrawn = withdrawn_shares(suppliers, withdrawals, year)
        needs = needs_of_year(plan, year, withdrawn, counts_children=year >= children_from)
        people, cohort = settle(plan, year, needs, people, cohort, staying)
        choice = SupplierChoice(suppliers, frozenset(suppliers[position].supplier_id for position in stopped))
        stays[year] = draw_stays(plan, cohort, people, carried, choice, division)

    people, numbers = _with_other_people(plan, people)
    registrations: dict[int, pl.DataFrame] = {}
    for year in plan.years:
        stopped = by_example if year == example.reporting_year else frozenset[int]()
        choice = SupplierChoice(suppliers, frozenset(suppliers[position].supplier_id for position in stopped))
        registrations[year] = draw_registrations(plan, year, stays[year], people, numbers, choice, Division(year))
    active = {year: frozenset(frame["supplier"].unique().to_list()) for year, frame in registrations.items()}
    schedule = make_schedule(plan, len(suppliers), withdrawals, active)
    events = _deliver(plan, suppliers, registrations, schedule)
    if plan.is_cbs_example_included:
        events += _example_events()
    events.sort(key=lambda event: (event.received_at, event.supplier_id, event.reporting_year))
    return World(registers=make_registers(plan, people, numbers), events=tuple(events))


def _nobody(plan: WorldPlan) -> People:
    none = np.zeros(0, dtype=np.int64)
    return draw_adults(np.random.default_rng(plan.seed), plan.years[0], none, none, 0.0)


def _with_other_people(plan: WorldPlan, people: People) -> tuple[People, tuple[IntArray, IntArray]]:
    """Everybody and people in no shelter, with a BSN and V-number each; people of the example come last."""
    rng = np.random.default_rng([plan.seed, 9])
    others = ceil(plan.hard_cases.other_people * len(people))
    people = people.with_more(draw_other_people(rng, plan.years[-1], others))
    known = np.array(example_bsns() if plan.is_cbs_example_included else (), dtype=np.int64)
    bsns = np.r_[draw_bsns(rng, len(people), excluded=known.tolist()), known]
    people = people.with_more(draw_other_people(rng, plan.years[-1], len(known), adults=True))
    return people, (bsns, draw_v_numbers(rng, len(people)))


def _styles(plan: WorldPlan, count: int) -> list[FileStyle]:
    """How each supplier writes its files."""
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


def _file_name(rng: np.random.Generator, supplier: Supplier, appointment: Appointment) -> str:
    is_last_word = appointment.version in (Version.FINAL, Version.EARLIER_ROUND)
    endings = ["", " definitief", "_v2"] if is_last_word else ["", " concept", "_v1"]
    ending = endings[int(rng.integers(len(endings)))]
    label = supplier.label if rng.random() < 0.5 else supplier.label.replace(" ", "_")
    return f"DAKL_J{appointment.reporting_year}_{label}{ending}.csv"


def _deliver(
    plan: WorldPlan,
    suppliers: tuple[Supplier, ...],
    registrations: dict[int, pl.DataFrame],
    schedule: list[Appointment],
) -> list[Event]:
    shape = profile().delivery
    styles = _styles(plan, len(suppliers))
    by_supplier: dict[tuple[int, Version], dict[int, pl.DataFrame]] = {}
    for year, frame in registrations.items():
        earlier = with_mistakes(np.random.default_rng([plan.seed, 11, year]), frame, shape.earlier_round_mistakes_share)
        for version, rows in ((Version.FINAL, frame), (Version.EARLIER_ROUND, earlier)):
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
        if each.version is Version.DRAFT:
            rows = with_mistakes(rng, rows, shape.draft_mistakes_share)
        created = each.received_at.date() - timedelta(days=int(rng.integers(0, 4)))
        fields = as_text(rows, year, created, style)
        is_good = each.version is not Version.REJECTED
        if not is_good:
            fields = FAULTS[fault % len(FAULTS)](fields, year)
            fault += 1
        name = _file_name(rng, supplier, each)
        events.append(
            Event("deliver", supplier.supplier_id, year, each.received_at, name, write(fields, style), is_good)
        )
    return events


def _example_events() -> list[Event]:
    """The example in the first round of its year, after a version that misses a row; it is not delivered again."""
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

"""Generates a population: registers and everything that suppliers send, in chronological order."""

from dataclasses import dataclass, field
from math import ceil

import numpy as np
import polars as pl

from dakl_pipeline.synthetic.calibration import needs_of_year
from dakl_pipeline.synthetic.cohorts import Cohort, draw_cohort
from dakl_pipeline.synthetic.deliveries import Event, example_events, make_events
from dakl_pipeline.synthetic.draws import IntArray, draw_bsns, draw_v_numbers
from dakl_pipeline.synthetic.example import example_bsns, example_supplier_id
from dakl_pipeline.synthetic.people import People, draw_adults, draw_other_people
from dakl_pipeline.synthetic.places import Division
from dakl_pipeline.synthetic.plan import PopulationPlan
from dakl_pipeline.synthetic.profile import profile, settings
from dakl_pipeline.synthetic.registers import make_registers
from dakl_pipeline.synthetic.registrations import draw_registrations
from dakl_pipeline.synthetic.schedule import make_schedule, plan_withdrawals, withdrawn_shares
from dakl_pipeline.synthetic.stays import NO_STAYS, draw_stays, going_on
from dakl_pipeline.synthetic.suppliers import SupplierChoice, make_suppliers


@dataclass(frozen=True)
class Population:
    """A synthetic population.

    Attributes:
        registers: by year and name (``persons``, ``v_numbers``, ``income``, ``care``), with the columns used in a home.
        events: deliveries and withdrawals in chronological order.
    """

    registers: dict[int, dict[str, pl.DataFrame]] = field(repr=False)
    events: tuple[Event, ...]


def generate_population(plan: PopulationPlan) -> Population:
    """Generate a synthetic population; the same plan gives the same frames and bytes.

    Args:
        plan: size, years, regions and hard cases.

    Returns:
        Registers and events. About ``plan.persons`` people have an eligible stay in each year, if the rules of the
        monitor are applied to the selected files.
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
    choices: dict[int, SupplierChoice] = {}
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
        people, cohort = draw_cohort(plan, year, needs, people, cohort, staying)
        choices[year] = SupplierChoice(suppliers, stopped)
        stays[year] = draw_stays(plan, cohort, people, carried, choices[year], division)

    people, numbers = _with_other_people(plan, people)
    registrations = {
        year: draw_registrations(plan, year, stays[year], people, numbers, choices[year], Division(year))
        for year in plan.years
    }
    active = {year: frozenset(frame["supplier"].unique().to_list()) for year, frame in registrations.items()}
    schedule = make_schedule(plan, len(suppliers), withdrawals, active)
    events = make_events(plan, suppliers, registrations, schedule)
    if plan.is_cbs_example_included:
        events += example_events()
    events.sort(key=lambda event: (event.received_at, event.supplier_id, event.reporting_year))
    return Population(registers=make_registers(plan, people, numbers), events=tuple(events))


def _nobody(plan: PopulationPlan) -> People:
    none = np.zeros(0, dtype=np.int64)
    return draw_adults(np.random.default_rng(plan.seed), plan.years[0], none, none, 0.0)


def _with_other_people(plan: PopulationPlan, people: People) -> tuple[People, tuple[IntArray, IntArray]]:
    """Add people who are in no shelter and draw a BSN and V-number for everybody; people of the example come last."""
    rng = np.random.default_rng([plan.seed, 9])
    others = ceil(plan.hard_cases.other_people * len(people))
    people = people.with_more(draw_other_people(rng, plan.years[-1], others))
    known = np.array(example_bsns() if plan.is_cbs_example_included else (), dtype=np.int64)
    bsns = np.r_[draw_bsns(rng, len(people), excluded=known.tolist()), known]
    people = people.with_more(draw_other_people(rng, plan.years[-1], len(known), adults=True))
    return people, (bsns, draw_v_numbers(rng, len(people)))

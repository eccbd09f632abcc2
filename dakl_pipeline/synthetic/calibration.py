"""Computes how many people to place in every region, so that about the planned number counts in the end.

The figures themselves follow from the files by the rules of the monitor.
"""

from dataclasses import dataclass

import numpy as np

from dakl_pipeline.synthetic.draws import FloatArray, IntArray, apportion
from dakl_pipeline.synthetic.people import UNIDENTIFIED, UNLINKED, WINTER
from dakl_pipeline.synthetic.places import region_targets
from dakl_pipeline.synthetic.plan import PopulationPlan
from dakl_pipeline.synthetic.profile import profile


@dataclass(frozen=True)
class Needs:
    """People to place in a year, by region.

    Attributes:
        adults: adults, by region and role (CORE, UNLINKED, UNIDENTIFIED, WINTER).
        second: people for whom the region is their second.
        children: children with a parent in the region.
    """

    adults: IntArray
    second: IntArray
    children: IntArray


def fault_share(plan: PopulationPlan) -> float:
    """Return the share of the rows of countable people that cannot count."""
    cases = plan.hard_cases
    return (
        cases.missing_bsn + cases.wrong_bsn + cases.unknown_municipality + cases.end_before_start + cases.outside_year
    )


def expected_loss(plan: PopulationPlan) -> float:
    """Return the share of countable people of whom no row is expected to count.

    A person with ``1 + Poisson(m)`` rows that each fail with probability ``f`` has none left with probability
    ``f * exp(-m * (1 - f))``.
    """
    fails = fault_share(plan)
    types = profile().stays.types
    none_left = sum(each.share * fails * np.exp(-each.further_stays * (1 - fails)) for each in types)
    by_row = float(none_left / sum(each.share for each in types))
    return by_row + plan.hard_cases.v_linked * plan.hard_cases.basic_columns


def needs_of_year(plan: PopulationPlan, year: int, withdrawn: FloatArray, *, counts_children: bool) -> Needs:
    """Return the people to place in ``year``.

    Args:
        plan: the plan.
        year: reporting year.
        withdrawn: by region, the share of the stays removed by withdrawals.
        counts_children: whether people under 18 count in this year; otherwise they are added on top.
    """
    cases = plan.hard_cases
    targets = region_targets(plan, year)
    several = max(0.0, float(targets.sum()) / plan.persons_in(year) - 1)
    kept = (1 - expected_loss(plan)) * (1 - withdrawn * (1 - cases.several_suppliers / 2))
    placed = targets / kept
    total = float(placed.sum())
    home = apportion(round(total / (1 + several)), placed)
    second = apportion(round(total * several / (1 + several)), placed)
    children = apportion(round((cases.minors if counts_children else cases.minors_slipped_in) * home.sum()), home)
    core = home - children if counts_children else home
    adults = np.zeros((len(home), 4), dtype=np.int64)
    adults[:, 0] = core
    for role, share in ((UNLINKED, cases.v_unlinked), (UNIDENTIFIED, cases.unidentified), (WINTER, cases.winter_only)):
        adults[:, role] = apportion(round(share * core.sum()), core)
    return Needs(adults=adults, second=second, children=children)

"""The people in shelter in a year: those who stay, return or are new, with second regions and children."""

from dataclasses import dataclass

import numpy as np

from dakl_pipeline.synthetic.calibration import Needs
from dakl_pipeline.synthetic.draws import BoolArray, IntArray, rank_in_group
from dakl_pipeline.synthetic.people import CORE, People, draw_adults, draw_children, parent_weights
from dakl_pipeline.synthetic.plan import PopulationPlan
from dakl_pipeline.synthetic.profile import profile


@dataclass(frozen=True)
class Cohort:
    """The people in shelter in one year, as positions in ``People``.

    Attributes:
        year: reporting year.
        adults: the adults, each in their home region.
        children: the children, each with their parent.
        second_persons: adults who are also in a second region.
        second_regions: the second region of each of ``second_persons``.
    """

    year: int
    adults: IntArray
    children: IntArray
    second_persons: IntArray
    second_regions: IntArray


def _returning(
    rng: np.random.Generator, plan: PopulationPlan, people: People, previous: IntArray, staying: BoolArray, needs: Needs
) -> IntArray:
    """Return the people of the previous year who are in shelter again: those still there, and some of the others."""
    key = people.home[previous] * needs.adults.shape[1] + people.role[previous]
    is_staying = staying[previous]
    size = needs.adults.size
    counts = np.bincount(key, minlength=size)
    still_in = np.bincount(key[is_staying], minlength=size)
    back = np.round(plan.hard_cases.returning * (counts - still_in)).astype(np.int64)
    keep = np.minimum(needs.adults.ravel(), still_in + back)
    back_again: IntArray = previous[rank_in_group(key, ~is_staying, rng.random(len(previous))) < keep[key]]
    return back_again


def _second_regions(rng: np.random.Generator, homes: IntArray, second: IntArray) -> tuple[IntArray, IntArray]:
    """Draw people (positions in ``homes``) and a second region for each, never their own."""
    regions = rng.permutation(np.repeat(np.arange(len(second)), second))
    chosen = rng.permutation(len(homes))[: len(regions)]
    regions = regions[: len(chosen)]
    for _ in range(20):
        clashes = np.flatnonzero(homes[chosen] == regions)
        if not len(clashes):
            break
        partners = np.unique(np.r_[clashes, rng.integers(0, len(regions), size=2 * len(clashes))])
        regions[partners] = regions[rng.permutation(partners)]
    elsewhere = homes[chosen] != regions
    return chosen[elsewhere], regions[elsewhere]


def _new_parents(
    rng: np.random.Generator, year: int, people: People, candidates: IntArray, children: IntArray
) -> IntArray:
    """Draw a parent in the same region for every new child; fewer children if nobody is suitable."""
    low, high = profile().people.parent_ages
    ages = people.ages(year)[candidates]
    suitable = candidates[
        (people.role[candidates] == CORE) & ~people.is_v_only[candidates] & (low <= ages) & (ages <= high)
    ]
    homes = people.home[suitable]
    likely = rng.random(len(suitable)) ** (1 / parent_weights(people, suitable))
    order = np.lexsort((-likely, homes))
    available = np.bincount(homes, minlength=len(children))
    starts = np.cumsum(available) - available
    families = np.minimum(np.ceil(children / profile().people.children_per_family).astype(np.int64), available)
    regions = np.repeat(np.arange(len(children)), np.where(families > 0, children, 0))
    # Every family gets a first child; the other children are spread at random.
    turn = rank_in_group(regions.astype(np.int64))
    further = np.floor(rng.random(len(regions)) * families[regions]).astype(np.int64)
    parents: IntArray = suitable[order[starts[regions] + np.where(turn < families[regions], turn, further)]]
    return parents


def draw_cohort(
    plan: PopulationPlan,
    year: int,
    needs: Needs,
    people: People,
    previous: Cohort | None,
    staying: BoolArray,
) -> tuple[People, Cohort]:
    """Choose the returning people of a year and draw new ones.

    Args:
        plan: the plan.
        year: reporting year.
        needs: numbers of people to place.
        people: everybody so far.
        previous: the previous cohort, if any.
        staying: by person, whether a stay of an earlier year continues into this one.

    Returns:
        Everybody, with the new people at the end, and the cohort of the year.
    """
    rng = np.random.default_rng([plan.seed, 2, year])
    none = np.zeros(0, dtype=np.int64)
    back = _returning(rng, plan, people, previous.adults, staying, needs) if previous is not None else none
    roles = needs.adults.shape[1]
    present = np.bincount(people.home[back] * roles + people.role[back], minlength=needs.adults.size)
    key = np.repeat(np.arange(needs.adults.size), needs.adults.ravel() - present)
    new = draw_adults(rng, year, key % roles, key // roles, plan.hard_cases.v_linked)
    before = len(people)
    people = people.with_more(new)
    new_adults = np.arange(before, len(people))
    adults = np.r_[back, new_adults]

    family = previous.children if previous is not None else none
    is_here = np.isin(people.parent[family], back) & (people.ages(year)[family] < 18)
    family = family[is_here]
    family = family[rank_in_group(people.home[family]) < needs.children[people.home[family]]]
    lacking = needs.children - np.bincount(people.home[family], minlength=len(needs.children))
    parents = _new_parents(rng, year, people, np.r_[new_adults, back[~staying[back]]], lacking)
    before = len(people)
    people = people.with_more(draw_children(rng, year, people, parents))
    children = np.r_[family, np.arange(before, len(people))]

    core = adults[people.role[adults] == CORE]
    chosen, second_regions = _second_regions(rng, people.home[core], needs.second)
    return people, Cohort(year, adults, children, core[chosen], second_regions)

"""The registers of a year: persons, V-numbers, income and care."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl

from dakl_pipeline.reference.loading import package
from dakl_pipeline.synthetic.draws import BoolArray, FloatArray, IntArray, choose_at
from dakl_pipeline.synthetic.people import OTHER, SEXES, UNLINKED, People, age_class_of, day_of
from dakl_pipeline.synthetic.plan import PopulationPlan
from dakl_pipeline.synthetic.profile import profile


@dataclass(frozen=True)
class IndividualEffects:
    """Random values per person that determine income and care; most people keep theirs from year to year."""

    income: FloatArray
    wmo: FloatArray
    wlz: FloatArray

    @classmethod
    def draw(cls, rng: np.random.Generator, size: int) -> Self:
        """Draw new values for everybody."""
        return cls(rng.random(size), rng.random(size), rng.random(size))

    def next_year(self, rng: np.random.Generator) -> Self:
        """Return the values for the next year, redrawn for people whose circumstances change."""
        share = profile().people.care.changes_a_year

        def change(old: FloatArray) -> FloatArray:
            return np.where(rng.random(len(old)) < share, rng.random(len(old)), old)

        return type(self)(change(self.income), change(self.wmo), change(self.wlz))


def _incomes(people: People, classes: IntArray, chances: FloatArray) -> pl.Series:
    shape = profile().people
    names = sorted({name for table in shape.income.values() for name in table})
    found = np.zeros(len(classes), dtype=np.int64)
    tables = [shape.income[each.category] for each in package().age_class.rows]
    oldest, youngest = len(tables) - 1, 0
    is_europa = people.origin == list(shape.origin).index("europa")
    is_between = (classes != oldest) & (classes != youngest)
    groups = [((classes == number) & ~(is_europa & is_between), table) for number, table in enumerate(tables)]
    for chosen, table in [*groups, (is_europa & is_between, shape.income_europa)]:
        weights = np.array([table.get(name, 0.0) for name in names])
        found[chosen] = choose_at(weights, chances[chosen])
    return pl.Series(names, dtype=pl.String).gather(pl.Series(found))


def _registered(plan: PopulationPlan, people: People) -> tuple[BoolArray, BoolArray]:
    """Return who has a BSN known to the registers, and which of them are in the person register."""
    rng = np.random.default_rng([plan.seed, 5])
    has_bsn = people.role != UNLINKED
    is_missing = (people.role != OTHER) & (rng.random(len(people)) < plan.hard_cases.not_in_person_register)
    return has_bsn, has_bsn & ~is_missing


def make_registers(
    plan: PopulationPlan, people: People, numbers: tuple[IntArray, IntArray]
) -> dict[int, dict[str, pl.DataFrame]]:
    """Make the four registers of every year of the plan.

    Args:
        plan: the plan.
        people: everybody, in shelter or not.
        numbers: BSN and V-number of everybody.

    Returns:
        By year ``persons`` (bsn, birth_date, sex, origin), ``v_numbers`` (v_number, bsn), ``income`` (bsn,
        income_source) and ``care`` (bsn, wmo, wlz), each sorted by its first column. A person who is not in the person
        register may be in the others.
    """
    shape = profile().people
    rng = np.random.default_rng([plan.seed, 6])
    has_bsn, is_person = _registered(plan, people)
    bsn = pl.Series("bsn", numbers[0]).cast(pl.String).str.zfill(9)
    v_number = pl.Series("v_number", numbers[1]).cast(pl.String)
    persons = pl.DataFrame(
        {
            "bsn": bsn,
            "birth_date": pl.Series(people.birth_day).cast(pl.Int32).cast(pl.Date),
            "sex": pl.Series(SEXES, dtype=pl.String).gather(pl.Series(people.sex)),
            "origin": pl.Series(list(shape.origin), dtype=pl.String).gather(pl.Series(people.origin)),
        }
    )
    is_other = people.role == OTHER
    kind_wmo = np.where(is_other, shape.care.wmo_share["other"], shape.care.wmo_share["shelter"])
    kind_none = np.where(is_other, shape.care.no_care_record_share["other"], shape.care.no_care_record_share["shelter"])
    wlz_by_class = np.array([shape.care.wlz[each.category] for each in package().age_class.rows])
    effects = IndividualEffects.draw(rng, len(people))
    registers: dict[int, dict[str, pl.DataFrame]] = {}
    for year in plan.years:
        classes = age_class_of(np.maximum(people.ages(year), 0))
        is_born = people.birth_day <= day_of(year, is_last=True)
        has_income = has_bsn & is_born & (rng.random(len(people)) >= plan.hard_cases.not_in_income_register)
        has_care = has_bsn & is_born & (rng.random(len(people)) >= kind_none)
        care = pl.DataFrame({"bsn": bsn, "wmo": effects.wmo < kind_wmo, "wlz": effects.wlz < wlz_by_class[classes]})
        income = pl.DataFrame({"bsn": bsn, "income_source": _incomes(people, classes, effects.income)})
        registers[year] = {
            "persons": persons.filter(pl.Series(is_person & is_born)).sort("bsn"),
            "v_numbers": pl.DataFrame([v_number, bsn])
            .filter(pl.Series(has_bsn & is_born & people.has_v_number))
            .sort("v_number"),
            "income": income.filter(pl.Series(has_income)).sort("bsn"),
            "care": care.filter(pl.Series(has_care)).sort("bsn"),
        }
        effects = effects.next_year(rng)
    return registers

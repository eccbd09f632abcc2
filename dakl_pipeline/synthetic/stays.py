"""The true stays of people, before suppliers record them: type of shelter, place, start and end."""

import numpy as np
import polars as pl

from dakl_pipeline.reference.code_lists import shelter_types
from dakl_pipeline.synthetic.cohorts import Cohort
from dakl_pipeline.synthetic.draws import BoolArray, FloatArray, IntArray, choose
from dakl_pipeline.synthetic.people import CORE, WINTER, People, day_of
from dakl_pipeline.synthetic.places import Division
from dakl_pipeline.synthetic.plan import PopulationPlan
from dakl_pipeline.synthetic.profile import TypeProfile, profile
from dakl_pipeline.synthetic.suppliers import SupplierChoice

# person, region, supplier, municipality, shelter_type (the code as a number), start and end (days since 1970-01-01).
STAY_COLUMNS = ("person", "region", "supplier", "municipality", "shelter_type", "start", "end")
NO_STAYS = pl.DataFrame(schema=dict.fromkeys(STAY_COLUMNS, pl.Int64))


def _types_of(year: int) -> tuple[TypeProfile, ...]:
    valid = {each.code for each in shelter_types() if each.is_valid_in(year)}
    return tuple(each for each in profile().stays.types if each.code in valid)


def _draw_types(rng: np.random.Generator, types: tuple[TypeProfile, ...], is_family: BoolArray) -> IntArray:
    single = choose(rng, [each.share for each in types], len(is_family))
    family = choose(rng, [each.family_share for each in types], len(is_family))
    return np.where(is_family, family, single)


def _lengths(rng: np.random.Generator, median: FloatArray, sigma: FloatArray) -> IntArray:
    days = np.floor(median * np.exp(sigma * rng.standard_normal(len(median)))).astype(np.int64)
    return np.minimum(days, profile().stays.max_days)


def _winter_stays(rng: np.random.Generator, year: int, persons: IntArray) -> tuple[IntArray, IntArray]:
    shape = profile().stays
    days = np.concatenate([np.arange(low, high + 1) for low, high in shape.winter_days_of_year])
    start = day_of(year) + rng.choice(days, size=len(persons))
    size = np.ones(len(persons))
    return start, start + _lengths(rng, size * shape.winter_median_days, size)


def _without_overlap(stays: pl.DataFrame, year: int) -> pl.DataFrame:
    """End every stay no later than the start of the person's next one, and drop stays that end before the year."""
    ordered = stays.sort(STAY_COLUMNS[0], "start", "end", *STAY_COLUMNS[1:5], maintain_order=True)
    following = pl.col("start").shift(-1).over("person")
    clipped = ordered.with_columns(end=pl.min_horizontal("end", following.fill_null(pl.col("end"))))
    return clipped.filter(pl.col("end") >= day_of(year))


def _with_children(stays: pl.DataFrame, cohort: Cohort, people: People) -> pl.DataFrame:
    """Add the stays of children, who are with their parent from birth."""
    families = pl.DataFrame(
        {
            "child": cohort.children,
            "parent": people.parent[cohort.children],
            "born": people.birth_day[cohort.children],
            "home": people.home[cohort.children],
        }
    )
    of_children = (
        families.join(stays, left_on="parent", right_on="person", how="inner", maintain_order="left_right")
        .filter(pl.col("region") == pl.col("home"), pl.col("born") <= pl.col("end"))
        .with_columns(person=pl.col("child"), start=pl.max_horizontal("start", "born"))
        .filter(pl.col("start") <= day_of(cohort.year, is_last=True))
        .select(STAY_COLUMNS)
    )
    return pl.concat([stays, of_children])


def draw_stays(
    plan: PopulationPlan,
    cohort: Cohort,
    people: People,
    carried: pl.DataFrame,
    suppliers: SupplierChoice,
    division: Division,
) -> pl.DataFrame:
    """Draw the stays of a year; they touch the year, and stays of an adult overlap only with winteropvang.

    Args:
        plan: the plan.
        cohort: the people of the year.
        people: everybody.
        carried: stays of an earlier year that continue into this one, ``STAY_COLUMNS``.
        suppliers: who runs the shelters of each region.
        division: the municipalities of the year.

    Returns:
        ``STAY_COLUMNS``, all Int64; ``end`` may be after the year.
    """
    rng = np.random.default_rng([plan.seed, 3, cohort.year])
    shape, cases, year = profile().stays, plan.hard_cases, cohort.year
    types = _types_of(year)
    carried = carried.filter(pl.col("person").is_in(cohort.adults))
    carries = np.isin(np.r_[cohort.adults, cohort.second_persons], carried["person"].to_numpy())

    # One entry for each person and region.
    person = np.r_[cohort.adults, cohort.second_persons]
    region = np.r_[people.home[cohort.adults], cohort.second_regions]
    is_second = np.arange(len(person)) >= len(cohort.adults)
    is_winter = people.role[person] == WINTER
    is_family = np.isin(person, people.parent[cohort.children])
    main_type = _draw_types(rng, types, is_family)
    main_municipality = division.draw(rng, region)
    main_supplier = suppliers.draw(rng, region)
    further = rng.poisson(np.array([each.further_stays for each in types])[main_type])
    first = np.where(carries & ~is_second, 0, 1)
    count = np.where(is_winter, 1, first + further)

    # One entry for each stay.
    at = np.repeat(np.arange(len(person)), count)
    size = len(at)
    is_first = np.r_[True, at[1:] != at[:-1]] if size else np.zeros(0, dtype=np.bool_)
    keeps_type = is_first | (rng.random(size) < shape.same_type_share)
    kind = np.where(keeps_type, main_type[at], _draw_types(rng, types, is_family[at]))
    length = _lengths(
        rng, np.array([each.median_days for each in types])[kind], np.array([each.sigma for each in types])[kind]
    )
    first_day, last_day = day_of(year), day_of(year, is_last=True)
    # A stay that would cut off an earlier one before the year starts in the year itself.
    before = np.where((carries | is_second)[at], 0, length)
    start = last_day - np.floor(rng.random(size) * (last_day - first_day + 1 + before)).astype(np.int64)
    winter_start, winter_end = _winter_stays(rng, year, at)
    in_winter = is_winter[at]
    keeps_place = is_first | (rng.random(size) < shape.same_municipality_share)
    keeps_supplier = is_first | (rng.random(size) >= cases.several_suppliers)
    codes = np.array([int(each.code) for each in types])
    fresh = pl.DataFrame(
        {
            "person": person[at],
            "region": region[at],
            "supplier": np.where(keeps_supplier, main_supplier[at], suppliers.draw(rng, region[at])),
            "municipality": np.where(keeps_place, main_municipality[at], division.draw(rng, region[at])),
            "shelter_type": np.where(in_winter, int(shape.winter_code), codes[kind]),
            "start": np.where(in_winter, winter_start, start),
            "end": np.where(in_winter, winter_end, start + length),
        }
    )
    stays = _with_children(_without_overlap(pl.concat([carried, fresh]), year), cohort, people)

    # Winteropvang on cold nights, in addition to a person's other stays.
    also = np.flatnonzero((people.role[person] == CORE) & (rng.random(len(person)) < cases.winter_stay))
    winter_start, winter_end = _winter_stays(rng, year, also)
    winter = pl.DataFrame(
        {
            "person": person[also],
            "region": region[also],
            "supplier": suppliers.draw(rng, region[also]),
            "municipality": division.draw(rng, region[also]),
            "shelter_type": np.full(len(also), int(shape.winter_code)),
            "start": winter_start,
            "end": winter_end,
        }
    )
    return pl.concat([stays, winter]).sort(STAY_COLUMNS)


def going_on(
    stays: pl.DataFrame, people: People, year: int, division: Division, stopped: tuple[int, ...] = ()
) -> pl.DataFrame:
    """Return the stays in the home region that continue into ``year``.

    Excludes stays of children, who follow their parent, winteropvang, municipalities that moved to another region, and
    suppliers (positions) in ``stopped``.
    """
    home = pl.Series(people.home).gather(stays["person"])
    is_adult = pl.Series(people.parent < 0).gather(stays["person"])
    return stays.filter(
        is_adult,
        home == stays["region"],
        pl.Series(division.regions_of(stays["municipality"].to_numpy())) == stays["region"],
        pl.col("end") >= day_of(year),
        pl.col("shelter_type") != int(profile().stays.winter_code),
        ~pl.col("supplier").is_in(stopped),
    )

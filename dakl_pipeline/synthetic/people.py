"""The people of the population: age, sex, origin, numbers and family."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from dakl_pipeline.reference.loading import package
from dakl_pipeline.synthetic.draws import BoolArray, FloatArray, IntArray, choose
from dakl_pipeline.synthetic.profile import profile

SEXES = ("man", "vrouw")

# Role of a person in the deliveries; each role except CORE has its own reason not to count.
CORE, UNLINKED, UNIDENTIFIED, WINTER, OTHER = range(5)


@dataclass(frozen=True)
class People:
    """People as equally long arrays; a person is a position.

    Attributes:
        birth_day: days since 1970-01-01.
        sex: position in ``SEXES``.
        origin: position in the origins of the profile.
        role: CORE (countable), UNLINKED (V-number without a link), UNIDENTIFIED, WINTER (winteropvang only) or OTHER.
        home: region (position in the code list), -1 for people in no shelter.
        parent: position of the parent in shelter, -1 for adults.
        has_v_number: whether the person has a V-number.
        is_v_only: whether the person is delivered by V-number only.
    """

    birth_day: IntArray
    sex: IntArray
    origin: IntArray
    role: IntArray
    home: IntArray
    parent: IntArray
    has_v_number: BoolArray
    is_v_only: BoolArray

    def __len__(self) -> int:
        """Number of people."""
        return len(self.birth_day)

    def with_more(self, more: "People") -> "People":
        """Return these people followed by ``more``."""
        return People(**{f.name: np.concatenate([getattr(self, f.name), getattr(more, f.name)]) for f in fields(self)})

    def ages(self, year: int) -> IntArray:
        """Return the ages on 31 December of the year; negative before birth."""
        births: NDArray[np.datetime64] = self.birth_day.astype("datetime64[D]")
        return year - (births.astype("datetime64[Y]").astype(np.int64) + 1970)


def first_day(years: IntArray) -> IntArray:
    """Return 1 January of each year, in days since 1970-01-01."""
    return (years - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)


def day_of(year: int, *, is_last: bool = False) -> int:
    """Return 1 January of the year, or 31 December, in days since 1970-01-01."""
    return int(first_day(np.array([year + is_last]))[0]) - is_last


def age_class_of(ages: IntArray) -> IntArray:
    """Return the position of each age in the code list of age classes."""
    starts = np.array([each.min_age for each in package().age_class.rows])
    return (np.searchsorted(starts, ages, side="right") - 1).astype(np.int64)


def _draw_ages(rng: np.random.Generator, shares: dict[str, float], size: int) -> IntArray:
    classes = {
        each.category: (each.min_age, each.max_age or profile().people.max_age) for each in package().age_class.rows
    }
    picked = choose(rng, list(shares.values()), size)
    low = np.array([classes[name][0] for name in shares])[picked]
    high = np.array([classes[name][1] for name in shares])[picked]
    return rng.integers(low, high + 1).astype(np.int64)


def _birth_days(rng: np.random.Generator, year: int, ages: IntArray) -> IntArray:
    # A birth year has 365 days here: that nobody is born on 31 December of a leap year is no loss.
    return first_day(year - ages) + rng.integers(0, 365, size=len(ages))


def _origins(rng: np.random.Generator, size: int) -> IntArray:
    return choose(rng, list(profile().people.origin.values()), size)


def draw_adults(rng: np.random.Generator, year: int, role: IntArray, home: IntArray, v_linked_share: float) -> People:
    """Draw adults who are new in shelter in ``year``, one for each entry of ``role`` and ``home``.

    People with a V-number were born outside Europe; ``v_linked_share`` of CORE people are delivered by V-number only.
    """
    shape, size = profile().people, len(role)
    is_v_only = (role == UNLINKED) | ((role == CORE) & (rng.random(size) < v_linked_share))
    far = list(shape.origin).index("buiten-europa")
    origin = np.where(is_v_only, far, _origins(rng, size))
    return People(
        birth_day=_birth_days(rng, year, _draw_ages(rng, shape.age_adult, size)),
        sex=(rng.random(size) >= shape.man_share["adult"]).astype(np.int64),
        origin=origin,
        role=role,
        home=home,
        parent=np.full(size, -1, dtype=np.int64),
        has_v_number=is_v_only | ((origin == far) & (rng.random(size) < shape.v_number_share)),
        is_v_only=is_v_only,
    )


def draw_children(rng: np.random.Generator, year: int, people: People, parent: IntArray) -> People:
    """Draw children under 18 on 31 December of ``year``, one per entry of ``parent``, who was at least 18 at birth."""
    size = len(parent)
    oldest = np.clip(people.ages(year)[parent] - 18, 0, 17)
    ages = np.floor(rng.random(size) * (oldest + 1)).astype(np.int64)
    origins = list(profile().people.origin)
    # Half of the children are born in the Netherlands; their origin then depends on that of the parent.
    of_parent = people.origin[parent]
    from_here = np.where(
        of_parent == origins.index("nederland"), of_parent, origins.index("nederland-ouders-buitenland")
    )
    born_here = (rng.random(size) < 0.5) | (ages < 3)
    return People(
        birth_day=_birth_days(rng, year, ages),
        sex=(rng.random(size) >= profile().people.man_share["child"]).astype(np.int64),
        origin=np.where(born_here, from_here, of_parent),
        role=np.full(size, CORE, dtype=np.int64),
        home=people.home[parent],
        parent=parent,
        has_v_number=np.zeros(size, dtype=np.bool_),
        is_v_only=np.zeros(size, dtype=np.bool_),
    )


def draw_other_people(rng: np.random.Generator, year: int, size: int, *, adults: bool = False) -> People:
    """Draw people in the registers who are in no shelter, with ages on 31 December of ``year``."""
    shape = profile().people
    ages = _draw_ages(rng, shape.age_adult if adults else shape.age_other, size)
    origin = _origins(rng, size)
    far = origin == list(shape.origin).index("buiten-europa")
    none = np.full(size, -1, dtype=np.int64)
    return People(
        birth_day=_birth_days(rng, year, ages),
        sex=(rng.random(size) >= shape.man_share["other"]).astype(np.int64),
        origin=origin,
        role=np.full(size, OTHER, dtype=np.int64),
        home=none,
        parent=none,
        has_v_number=far & (rng.random(size) < shape.v_number_share),
        is_v_only=np.zeros(size, dtype=np.bool_),
    )


def parent_weights(people: People, candidates: IntArray) -> FloatArray:
    """Return the relative likelihood that each adult has children along, higher for women."""
    share = profile().people.man_share
    men = share["parent"] / share["adult"]
    women = (1 - share["parent"]) / (1 - share["adult"])
    return np.where(people.sex[candidates] == 0, men, women)

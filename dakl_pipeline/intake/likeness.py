"""How much two files have in common, by their registrations.

What comes out is a number of registrations or a yes or no, never a person.
"""

import polars as pl

# Not the creation date: the same registrations exported on another day are the same.
_CONTENT = [
    "gemeente_code",
    "bsn",
    "shelter_type_code",
    "start_date",
    "end_date",
    "request_date",
    "end_reason_code",
    "v_number",
]
_SAME_STAY = ["person", "shelter_type_code", "start_date"]


def is_same_content(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Whether two files hold the same registrations, in any order.

    Args:
        one: As ``registrations.read_registrations`` gives them.
        other: The same.
    """
    return one.height == other.height and _sorted(one).equals(_sorted(other))


def _sorted(registrations: pl.DataFrame) -> pl.DataFrame:
    return registrations.select(_CONTENT).sort(_CONTENT)


def has_nobody_of(one: pl.DataFrame, other: pl.DataFrame, *, minimum: int) -> bool:
    """Whether two files have no person in common, though both have enough people to tell.

    Args:
        one: As ``registrations.read_registrations`` gives them.
        other: The same.
        minimum: How many different BSNs both must have.
    """
    people = [
        each.filter(pl.col("bsn_status") == "usable").select(pl.col("bsn").unique()).to_series()
        for each in (one, other)
    ]
    return min(map(len, people)) >= minimum and not people[0].is_in(people[1].implode()).any()


def registrations_in(one: pl.DataFrame, other: pl.DataFrame) -> tuple[int, int]:
    """How many registrations of a file stand in another too: the same person, type of shelter and start.

    Args:
        one: As ``registrations.read_registrations`` gives them.
        other: The same.

    Returns:
        How many do, and of how many that can be told: those with a number.
    """
    known, others = (
        each.with_columns(person=pl.coalesce("bsn", "v_number")).filter(pl.col("person").is_not_null())
        for each in (one, other)
    )
    return known.join(others, on=_SAME_STAY, how="semi").height, known.height

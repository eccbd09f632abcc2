"""Compares the registrations of two files.

Results are numbers of registrations or booleans, never a person.
"""

import polars as pl

# Without the creation date: the same registrations exported on another day are equal.
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
    """Return whether two files hold the same registrations, in any order.

    Args:
        one: Registrations from ``registrations.read_registrations``.
        other: The same, of the other file.
    """
    return one.height == other.height and _sorted(one).equals(_sorted(other))


def _sorted(registrations: pl.DataFrame) -> pl.DataFrame:
    return registrations.select(_CONTENT).sort(_CONTENT)


def has_nobody_of(one: pl.DataFrame, other: pl.DataFrame, *, minimum: int) -> bool:
    """Return whether two files have no person in common, though both have enough people to conclude that.

    Args:
        one: Registrations from ``registrations.read_registrations``.
        other: The same, of the other file.
        minimum: Number of different usable BSNs that both must have.
    """
    people = [
        each.filter(pl.col("bsn_status") == "usable").select(pl.col("bsn").unique()).to_series()
        for each in (one, other)
    ]
    return min(map(len, people)) >= minimum and not people[0].is_in(people[1].implode()).any()


def registrations_in(one: pl.DataFrame, other: pl.DataFrame) -> tuple[int, int]:
    """Count the registrations that are in another file too: the same person, type of shelter and start.

    Args:
        one: Registrations from ``registrations.read_registrations``.
        other: The same, of the other file.

    Returns:
        The number found in the other file, and the number that could be compared: those with a BSN or V-number.
    """
    known, others = (
        each.with_columns(person=pl.coalesce("bsn", "v_number")).filter(pl.col("person").is_not_null())
        for each in (one, other)
    )
    return known.join(others, on=_SAME_STAY, how="semi").height, known.height

"""Registrations: stays as suppliers record them, with missing values, mistakes and duplicates."""

import numpy as np
import polars as pl

from dakl_pipeline.synthetic.draws import BoolArray, IntArray, break_eleven_test, choose
from dakl_pipeline.synthetic.people import UNIDENTIFIED, UNLINKED, People, day_of
from dakl_pipeline.synthetic.places import Division
from dakl_pipeline.synthetic.plan import PopulationPlan
from dakl_pipeline.synthetic.profile import profile
from dakl_pipeline.synthetic.suppliers import SupplierChoice

# Days count from 1970-01-01; codes, BSN and V-number are integers. A missing `bsn` is null; `is_nines` tells whether it
# is written as nines. `end_reason` is 0 if there is none.
REGISTRATION_COLUMNS = (
    "supplier", "municipality", "bsn", "is_nines", "shelter_type", "start", "end", "request", "end_reason", "v_number",
)  # fmt: skip


def _ends(rng: np.random.Generator, plan: PopulationPlan, year: int, end: IntArray) -> tuple[IntArray, BoolArray]:
    """Return the end day as delivered, and whether it is filled."""
    shape, size = profile().delivery, len(end)
    last_day = day_of(year, is_last=True)
    is_later = end > last_day
    is_known = rng.random(size) >= plan.hard_cases.unknown_end
    if year >= shape.year_end_date_from_year:
        return np.minimum(end, last_day), is_known
    is_soon = (end <= last_day + shape.later_end_known_days) & (rng.random(size) < shape.later_end_known_share)
    return end, is_known & (~is_later | is_soon)


def _faulty(
    rng: np.random.Generator, plan: PopulationPlan, year: int, division: Division, rows: pl.DataFrame
) -> pl.DataFrame:
    """Add at most one content fault to each row."""
    cases, size = plan.hard_cases, len(rows)
    shares = (
        cases.missing_bsn, cases.wrong_bsn, cases.unknown_municipality, cases.end_before_start, cases.outside_year,
        cases.request_after_start,
    )  # fmt: skip
    fault = choose(rng, [*shares, max(0.0, 1 - sum(shares))], size)
    no_bsn, wrong_bsn, nowhere, reversed_, outside, late_request = (fault == number for number in range(6))
    nowhere_codes = np.array([*profile().delivery.unknown_municipality_codes, *division.divided_codes])
    bsn = rows["bsn"].fill_null(0).to_numpy()
    start, end = rows["start"].to_numpy(), rows["end"].to_numpy()
    request = rows["request"].fill_null(0).to_numpy()
    municipality = rows["municipality"].to_numpy()
    has_old = rng.random(size) < cases.merged_municipality * division.old_code_shares(municipality)
    old = municipality.copy()
    old[has_old] = division.draw_old_code(rng, municipality[has_old])
    first_day, last_day = day_of(year), day_of(year, is_last=True)
    length = np.maximum(end - start, 0)
    days = rng.integers(1, 60, size=size)
    after = rng.random(size) < 0.5
    moved = np.where(after, last_day + days, first_day - days - length)
    start = np.where(outside, moved, start)
    end = np.where(outside, moved + length, np.where(reversed_, start - days, end))
    request = np.where(outside, start, np.where(late_request, start + days, request))
    has_bsn = rows["bsn"].is_not_null().to_numpy() & ~no_bsn
    return rows.with_columns(
        bsn=pl.when(pl.Series(has_bsn)).then(pl.Series(np.where(wrong_bsn, break_eleven_test(bsn), bsn))),
        municipality=pl.Series(np.where(nowhere, nowhere_codes[rng.integers(0, len(nowhere_codes), size)], old)),
        start=pl.Series(start),
        end=pl.Series(end),
        has_end=pl.col("has_end") | pl.Series(reversed_ | outside),
        request=pl.when(pl.col("request").is_not_null() | pl.Series(late_request)).then(pl.Series(request)),
    )


def draw_registrations(
    plan: PopulationPlan,
    year: int,
    stays: pl.DataFrame,
    people: People,
    numbers: tuple[IntArray, IntArray],
    suppliers: SupplierChoice,
    division: Division,
) -> pl.DataFrame:
    """Draw the registrations of the stays of a year.

    Args:
        plan: the plan.
        year: reporting year.
        stays: the stays, ``STAY_COLUMNS`` of ``stays``.
        people: everybody.
        numbers: BSN and V-number of everybody.
        suppliers: who runs the shelters of each region.
        division: the municipalities of the year.

    Returns:
        ``REGISTRATION_COLUMNS``, sorted by supplier.
    """
    rng = np.random.default_rng([plan.seed, 4, year])
    cases, shape = plan.hard_cases, profile().delivery
    # A second supplier delivers some stays too, with a start that is a few days off.
    again = stays.filter(pl.Series(rng.random(len(stays)) < cases.double_registration))
    other = suppliers.draw(rng, again["region"].to_numpy())
    later = np.minimum(again["start"].to_numpy() + rng.integers(0, 4, len(again)), again["end"].to_numpy())
    same_year = later <= day_of(year, is_last=True)
    again = again.with_columns(start=pl.Series(later), second=pl.Series(other)).filter(
        pl.Series(same_year), pl.col("second") != pl.col("supplier")
    )
    rows = pl.concat([stays, again.with_columns(supplier="second").drop("second")])

    person, size = rows["person"].to_numpy(), len(rows)
    start = rows["start"].to_numpy()
    end, has_end = _ends(rng, plan, year, rows["end"].to_numpy())
    role = people.role[person]
    has_bsn = (role != UNIDENTIFIED) & (role != UNLINKED) & ~people.is_v_only[person]
    has_v_number = people.has_v_number[person] & (role != UNIDENTIFIED)
    request = start - np.floor(rng.exponential(shape.request_days, size)).astype(np.int64)
    has_request = rng.random(size) >= shape.missing_request_share
    is_ended = has_end & (rows["end"].to_numpy() == end)
    reasons = np.array([int(code) for code in shape.end_reason_weights])
    reason = reasons[choose(rng, list(shape.end_reason_weights.values()), size)]
    has_reason = is_ended & (rng.random(size) >= shape.missing_end_reason_share)
    written = rows.select(
        "supplier",
        "municipality",
        "shelter_type",
        "start",
        bsn=pl.when(pl.Series(has_bsn)).then(pl.Series(numbers[0][person])),
        v_number=pl.when(pl.Series(has_v_number)).then(pl.Series(numbers[1][person])),
        is_nines=pl.Series(rng.random(size) < shape.missing_as_nines_share),
        end=pl.Series(end),
        has_end=pl.Series(has_end),
        request=pl.when(pl.Series(has_request)).then(pl.Series(request)),
        end_reason=pl.Series(np.where(has_reason, reason, 0)),
    )
    faulty = _faulty(rng, plan, year, division, written).with_columns(end=pl.when("has_end").then("end"))
    twice = faulty.filter(pl.Series(rng.random(size) < cases.duplicate_row))
    return ordered(pl.concat([faulty, twice]))


def ordered(registrations: pl.DataFrame) -> pl.DataFrame:
    """Sort registrations in an order that does not depend on how the rows were made."""
    order = ("supplier", "start", "municipality", "shelter_type", "bsn", "v_number", "end", "request")
    return registrations.select(REGISTRATION_COLUMNS).sort(*order, "end_reason", "is_nines")


def with_mistakes(rng: np.random.Generator, registrations: pl.DataFrame, share: float) -> pl.DataFrame:
    """Return a version with mistakes: some rows missing, some without a BSN, some without an end date."""
    chance = pl.Series(rng.random(len(registrations)) / share if share else np.ones(len(registrations)))
    # Three equally likely mistakes; the first row of a supplier is kept, so that a file is never empty.
    is_first = registrations["supplier"] != registrations["supplier"].shift(1, fill_value=-1)
    is_dropped = (chance < 1 / 3) & ~is_first
    marked = registrations.with_columns(chance=chance).filter(~is_dropped)
    return marked.with_columns(
        bsn=pl.when(~pl.col("chance").is_between(1 / 3, 2 / 3)).then("bsn"),
        end=pl.when(~pl.col("chance").is_between(2 / 3, 1)).then("end"),
    ).drop("chance")

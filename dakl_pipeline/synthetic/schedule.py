"""The schedule by which suppliers deliver, correct and withdraw, within the rounds of the monitor."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from math import ceil
from zoneinfo import ZoneInfo

import numpy as np

from dakl_pipeline.reference.code_lists import delivery_rounds
from dakl_pipeline.reference.rounds import DeliveryRound
from dakl_pipeline.synthetic.draws import FloatArray
from dakl_pipeline.synthetic.places import region_count, region_targets
from dakl_pipeline.synthetic.plan import PopulationPlan
from dakl_pipeline.synthetic.profile import settings
from dakl_pipeline.synthetic.suppliers import Supplier, weight_shares


class Version(StrEnum):
    """The version of a file: the final one, or one before or after it."""

    FINAL = "final"
    EARLIER_ROUND = "earlier_round"
    PRELIMINARY = "preliminary"
    REJECTED = "rejected"


@dataclass(frozen=True)
class ScheduledEvent:
    """A delivery or, without a version, a withdrawal; ``supplier`` is a position, ``base`` what a draft is based on."""

    supplier: int
    reporting_year: int
    round: int
    received_at: datetime
    version: Version | None
    base: Version = Version.FINAL


@dataclass(frozen=True)
class PlannedWithdrawal:
    """A supplier (position) that withdraws a year in a round; permanent if no later round covers the year."""

    supplier: int
    reporting_year: int
    round: int
    is_permanent: bool


def planned_rounds(plan: PopulationPlan) -> list[tuple[DeliveryRound, int]]:
    """Return every round and year of the plan, oldest round first."""
    return [(each, year) for each in delivery_rounds() for year in each.reporting_years if year in plan.years]


def some_of(rng: np.random.Generator, count: int, share: float) -> frozenset[int]:
    """Draw a share of the positions below ``count``: rounded up from five positions on."""
    number = ceil(share * count) if count >= 5 else round(share * count)
    return frozenset(rng.permutation(count)[:number].tolist())


def _moment(rng: np.random.Generator, day: date) -> datetime:
    office_hours = time(8 + int(rng.integers(0, 10)), int(rng.integers(0, 60)), int(rng.integers(0, 60)))
    return datetime.combine(day, office_hours, tzinfo=ZoneInfo(settings().time_zone))


def _days(start: date, end: date) -> list[date]:
    return [start + timedelta(days=number) for number in range((end - start).days + 1)]


def plan_withdrawals(
    plan: PopulationPlan, suppliers: tuple[Supplier, ...], never: frozenset[int]
) -> tuple[PlannedWithdrawal, ...]:
    """Draw the withdrawals, each by a different supplier that is not in ``never``.

    Only a supplier with less than half of the stays in each of its regions withdraws permanently, so that the other
    suppliers can make up for it.
    """
    rng = np.random.default_rng([plan.seed, 7])
    largest_share = [float(shares.max()) for shares in weight_shares(suppliers)]
    pairs = planned_rounds(plan)
    found: list[PlannedWithdrawal] = []
    for number in range(plan.hard_cases.withdrawals):
        each, year = pairs[number % len(pairs)]
        is_permanent = not any(other.delivery_start > each.delivery_start for other, y in pairs if y == year)
        active = region_targets(plan, year) > 0
        able = [
            position
            for position, supplier in enumerate(suppliers)
            if position not in never | {other.supplier for other in found}
            and all(active[region] for region in supplier.regions)
            and (not is_permanent or largest_share[position] < 0.5)
        ]
        if able:
            found.append(PlannedWithdrawal(int(rng.choice(able)), year, each.round, is_permanent))
    return tuple(found)


def withdrawn_shares(
    suppliers: tuple[Supplier, ...], withdrawals: tuple[PlannedWithdrawal, ...], year: int
) -> FloatArray:
    """Return by region the share of the stays of a year that is withdrawn permanently."""
    of_supplier = weight_shares(suppliers)
    gone = [of_supplier[each.supplier] for each in withdrawals if each.is_permanent and each.reporting_year == year]
    return np.minimum(np.sum(gone, axis=0) if gone else np.zeros(region_count()), 0.9)


def make_schedule(
    plan: PopulationPlan,
    supplier_count: int,
    withdrawals: tuple[PlannedWithdrawal, ...],
    active: dict[int, frozenset[int]],
) -> list[ScheduledEvent]:
    """Schedule every delivery and withdrawal.

    Args:
        plan: the plan.
        supplier_count: number of suppliers.
        withdrawals: from ``plan_withdrawals``.
        active: by year, the suppliers (positions) with something to deliver.

    Returns:
        Scheduled events; the deliveries of one supplier, year and round in chronological order.
    """
    rng = np.random.default_rng([plan.seed, 8])
    cases = plan.hard_cases
    stops = some_of(rng, supplier_count, cases.not_redelivered) - {each.supplier for each in withdrawals}
    pairs = planned_rounds(plan)
    found: list[ScheduledEvent] = []
    for each, year in pairs:
        earlier = any(other.delivery_start < each.delivery_start for other, y in pairs if y == year)
        later = any(other.delivery_start > each.delivery_start for other, y in pairs if y == year)
        delivering = sorted(active[year] - stops if earlier else active[year])
        first, draft, last = (
            frozenset(delivering[position] for position in some_of(rng, len(delivering), share))
            for share in (cases.rejected_first, cases.correction, cases.rejected_later)
        )
        days = _days(each.delivery_start, each.last_delivery_date)
        for supplier in delivering:
            base = Version.EARLIER_ROUND if later and supplier not in stops else Version.FINAL
            versions = [
                *([Version.REJECTED] if supplier in first else []),
                *([Version.PRELIMINARY] if supplier in draft else []),
                base,
                *([Version.REJECTED] if supplier in last else []),
            ]
            chosen = sorted(rng.choice(len(days), size=len(versions), replace=False).tolist())
            found += [
                ScheduledEvent(supplier, year, each.round, _moment(rng, days[day]), version, base)
                for day, version in zip(chosen, versions, strict=True)
            ]
        found += [
            ScheduledEvent(w.supplier, year, each.round, _moment(rng, _withdrawal_day(rng, each)), None)
            for w in withdrawals
            if (w.round, w.reporting_year) == (each.round, year) and w.supplier in active[year]
        ]
    return found


def _withdrawal_day(rng: np.random.Generator, each: DeliveryRound) -> date:
    """Draw a day of the withdrawal window after the last delivery day."""
    days = [day for day in _days(each.withdrawal_start, each.withdrawal_end) if day > each.last_delivery_date]
    return days[int(rng.integers(len(days)))]

"""Lists the deliveries and withdrawals that are not in the figures yet."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from dakl_pipeline.deliveries.selection import DeliveryStatus


@dataclass(frozen=True)
class Waiting:
    """A change that is not in the figures of a year yet.

    Attributes:
        what: The change, as a clause.
        at: When it happened; None if unknown.
        delivery_id: The log entry that caused it; None for other changes.
    """

    what: str
    at: datetime | None = None
    delivery_id: str | None = None


def waiting_in_selection(
    counted: pl.DataFrame, delivery_statuses: Iterable[DeliveryStatus], *, year: int
) -> list[Waiting]:
    """Return the changes in the selection of a year since it was counted, by supplier.

    Args:
        counted: Frame of the contract ``deliveries.selected`` with the counted deliveries.
        delivery_statuses: Current status of every delivery.
        year: Reporting year.
    """
    of_year = [status for status in delivery_statuses if status.delivery.reporting_year == year]
    by_id = {status.delivery.delivery_id: status for status in of_year}
    now = {status.delivery.supplier_id: status for status in of_year if status.is_selected}
    before = dict(counted.select("supplier_id", "delivery_id").rows())
    return [
        _change(supplier, before.get(supplier), now.get(supplier), by_id)
        for supplier in sorted(before.keys() | now.keys())
        if supplier not in now or before.get(supplier) != now[supplier].delivery.delivery_id
    ]


def _change(supplier: str, before: str | None, now: DeliveryStatus | None, by_id: dict[str, DeliveryStatus]) -> Waiting:
    if now is not None:
        new = now.delivery
        if before is None or new.delivery_id > before:
            return Waiting(f"{supplier} delivered {_named(now)}", new.received_at, new.delivery_id)
        return Waiting(f"{_named(now)} of {supplier} counts instead of {before}", None, new.delivery_id)
    assert before is not None
    # Missing from a log that was restored from a backup.
    if (former := by_id.get(before)) is None:
        return Waiting(f"the file of {supplier} that was counted ({before}) is not in the log", None, before)
    if (cause := former.superseded_by) is not None:
        return Waiting(f"{supplier} withdrew {_named(former)}", cause.received_at, cause.delivery_id)
    return Waiting(f"{_named(former)} of {supplier} no longer counts", None, before)


def _named(status: DeliveryStatus) -> str:
    return f"{status.delivery.file_name} ({status.delivery.delivery_id})"

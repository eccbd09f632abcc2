"""Selects the file of each supplier that counts for a reporting year, and explains why the others do not.

Applies monitor rules 3.3 and 3.4 and cancellations to the log.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl

from dakl_pipeline.contracts.deliveries import SELECTED
from dakl_pipeline.deliveries.log import Cancellation, Delivery, Entry, Withdrawal, cancellations, order_of_receipt
from dakl_pipeline.deliveries.rounds import round_of
from dakl_pipeline.intake.refusal import Refusal, refusal_of
from dakl_pipeline.reference.methodology import Methodology

_REJECTED = {
    Refusal(is_outside_window=True, is_faulty=False): "rejected: outside the delivery window",
    Refusal(is_outside_window=False, is_faulty=True): "rejected by the technical check",
    Refusal(is_outside_window=True, is_faulty=True): "rejected by the technical check, and outside the delivery window",
}


@dataclass(frozen=True)
class DeliveryStatus:
    """The status of a delivery in the selection.

    Attributes:
        delivery: The log entry.
        is_selected: Whether it counts for its supplier and year.
        reason: Why it does or does not, in English for an analyst.
        superseded_by: The cancellation, withdrawal or later file that excludes it; None for any other reason.
    """

    delivery: Delivery
    is_selected: bool
    reason: str
    superseded_by: Entry | None = None


def delivery_statuses(entries: Iterable[Entry], methodology: Methodology) -> list[DeliveryStatus]:
    """Return for every delivery whether it is selected and why (monitor rules 3.3 and 3.4).

    The most recent approved file of a supplier and year counts. A rejected later file does not supersede an approved
    earlier one. A withdrawal removes every file of its round and of earlier rounds, even one received after it in the
    same round; an approved file of a later round counts again. A cancelled entry has no effect on others.

    Args:
        entries: The log.
        methodology: Settings, for the calendar.

    Returns:
        The status of every delivery, in order of receipt.
    """
    in_order = sorted(entries, key=order_of_receipt)
    cancelled = cancellations(in_order)
    stand = [entry for entry in in_order if entry.delivery_id not in cancelled]
    withdrawals = [entry for entry in stand if isinstance(entry, Withdrawal)]
    approved = [entry for entry in stand if isinstance(entry, Delivery) and entry.approved]
    deliveries = [entry for entry in in_order if isinstance(entry, Delivery)]
    withdrawn_by = {d.sequence: w for d in approved for w in withdrawals if _withdraws(w, d, methodology)}
    latest = {(d.supplier_id, d.reporting_year): d for d in approved if d.sequence not in withdrawn_by}
    result = []
    for delivery in deliveries:
        winner = latest.get((delivery.supplier_id, delivery.reporting_year))
        if cancellation := cancelled.get(delivery.delivery_id):
            status = DeliveryStatus(delivery, False, words_of(cancellation), cancellation)
        elif not delivery.approved:
            status = DeliveryStatus(delivery, False, _REJECTED[refusal_of(delivery.findings)])
        elif withdrawal := withdrawn_by.get(delivery.sequence):
            status = DeliveryStatus(
                delivery, False, f"withdrawn by the supplier ({withdrawal.delivery_id})", withdrawal
            )
        elif winner is delivery:
            status = DeliveryStatus(delivery, True, "most recent approved file of this supplier and year")
        else:
            assert winner is not None  # an approved file that stands is the winner or older than it
            status = DeliveryStatus(delivery, False, f"superseded by {winner.delivery_id}", winner)
        result.append(status)
    return result


def words_of(cancellation: Cancellation) -> str:
    """Return why a cancelled entry does not count."""
    return f"cancelled by {cancellation.delivery_id}: {cancellation.why}"


def _withdraws(withdrawal: Withdrawal, delivery: Delivery, methodology: Methodology) -> bool:
    year = withdrawal.reporting_year
    return (delivery.supplier_id, delivery.reporting_year) == (withdrawal.supplier_id, year) and round_of(
        year, delivery.received_at, methodology
    ) <= round_of(year, withdrawal.received_at, methodology)


def select(entries: Iterable[Entry], *, year: int, methodology: Methodology) -> list[Delivery]:
    """Return the selected deliveries of a reporting year, sorted by supplier.

    Args:
        entries: The log.
        year: Reporting year.
        methodology: Settings, for the calendar.
    """
    selected = [s.delivery for s in delivery_statuses(entries, methodology) if s.is_selected]
    return sorted((d for d in selected if d.reporting_year == year), key=lambda d: d.supplier_id)


def selection_table(deliveries: Iterable[Delivery], *, year: int) -> pl.DataFrame:
    """Return the selection as a frame of the contract ``deliveries.selected``.

    Args:
        deliveries: The selected deliveries of the year.
        year: Reporting year.
    """
    rows = [
        (year, d.supplier_id, d.delivery_id, d.file_name, d.received_at, d.sha256, d.registrations) for d in deliveries
    ]
    return pl.DataFrame(rows, schema=SELECTED.polars_schema, orient="row").sort(SELECTED.sort_by)

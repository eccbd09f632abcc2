"""Sentences on which file counts, for the mail and for the terminal after a delivery."""

from collections.abc import Iterable

from dakl_pipeline.deliveries.log import Delivery, Entry, Withdrawal
from dakl_pipeline.deliveries.rounds import local_date
from dakl_pipeline.deliveries.selection import DeliveryStatus, delivery_statuses
from dakl_pipeline.presentation.dutch import day
from dakl_pipeline.reference.methodology import Methodology


def log_of_supplier(entry: Entry, log: Iterable[Entry]) -> list[Entry]:
    """Return the entries of the same supplier and year, up to and including this one."""
    return [
        e
        for e in log
        if e.sequence <= entry.sequence
        and (e.supplier_id, e.reporting_year) == (entry.supplier_id, entry.reporting_year)
    ]


def what_counts(delivery: Delivery, log: Iterable[Entry], methodology: Methodology) -> str:
    """Return one or two sentences on whether an approved file counts, and which file it supersedes.

    Args:
        delivery: The entry of an approved file.
        log: The log; entries after this one are ignored.
        methodology: Settings, for the rounds.
    """
    year, before = delivery.reporting_year, log_of_supplier(delivery, log)
    own = next(s for s in delivery_statuses(before, methodology) if s.delivery.sequence == delivery.sequence)
    if isinstance(own.superseded_by, Withdrawal):
        return (
            f"Het bestand telt niet mee: u hebt verslagjaar {year} in deze ronde ingetrokken "
            f"(intrekking {own.superseded_by.delivery_id})."
        )
    if isinstance(own.superseded_by, Delivery):
        return (
            f"Het bestand telt niet mee: {name_of(own.superseded_by, methodology)} is later ontvangen en telt wel mee."
        )
    replaced = selected_of([e for e in before if e.sequence < delivery.sequence], methodology)
    if replaced is None:
        return f"Dit bestand telt nu mee voor verslagjaar {year}."
    return f"Dit bestand telt nu mee voor verslagjaar {year}. Het vervangt {name_of(replaced.delivery, methodology)}."


def what_counts_instead(delivery: Delivery, before: list[Entry], methodology: Methodology) -> str:
    """Return a sentence on which file counts although a later one was rejected.

    Args:
        delivery: The entry of a rejected file.
        before: The entries of its supplier and year, up to and including it.
        methodology: Settings, for the rounds.
    """
    if delivery.reporting_year is None:
        return "Uit de naam van het bestand blijkt niet over welk verslagjaar het gaat."
    selected = selected_of(before, methodology)
    if selected is None:
        return f"Er telt nu geen bestand van u mee voor verslagjaar {delivery.reporting_year}."
    return f"Voor verslagjaar {delivery.reporting_year} blijft {name_of(selected.delivery, methodology)} meetellen."


def selected_of(entries: Iterable[Entry], methodology: Methodology) -> DeliveryStatus | None:
    """Return the selected file among the entries of one supplier and year, if any."""
    return next((s for s in delivery_statuses(entries, methodology) if s.is_selected), None)


def same_content(delivery: Delivery, before: list[Entry], methodology: Methodology) -> list[str]:
    """Return a warning if a file is identical to an earlier one; empty otherwise."""
    earlier = [e for e in before if isinstance(e, Delivery) and e.delivery_id == delivery.same_content_as]
    return [
        f"Let op: de inhoud is precies gelijk aan die van {name_of(e, methodology)}. Was dat niet de bedoeling, "
        "lever dan het goede bestand aan."
        for e in earlier
    ]


def name_of(delivery: Delivery, methodology: Methodology) -> str:
    """Return the words with which a mail refers to a delivery."""
    received = day(local_date(delivery.received_at, methodology))
    return f"aanlevering {delivery.delivery_id} van {received}"

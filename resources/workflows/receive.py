"""Receiving a file, a withdrawal, or a cancellation of either: check, decide, log."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import BinaryIO
from zoneinfo import ZoneInfo

import polars as pl

from dakl_pipeline.deliveries.log import CLOCKS_DIFFER, Actor, Cancellation, Delivery, Withdrawal, cancellations
from dakl_pipeline.deliveries.rounds import local_date, missed_delivery_window, missed_withdrawal_window
from dakl_pipeline.errors import Refused, WrongUsage
from dakl_pipeline.intake.catalogue import catalogue
from dakl_pipeline.intake.check import Verdict, check_delivery, finding
from dakl_pipeline.intake.file_name import NAME_RULES, parse_file_name
from dakl_pipeline.intake.registrations import read_registrations
from dakl_pipeline.privacy.redaction import mask_typed_numbers, mask_unprintable
from dakl_pipeline.reference.methodology import Methodology
from resources.storage.delivery_store import DeliveryStore
from resources.workflows.compare import Arrival, Comparer


def receive(
    store: DeliveryStore,
    source: Path,
    *,
    supplier_id: str,
    received_at: datetime,
    recorded_at: datetime,
    actor: Actor,
    accept_late: str | None,
    methodology: Methodology,
    received_why: str | None = None,
) -> tuple[Delivery, Verdict]:
    """Receive a file: copy it in, check it and log it with its verdict, atomically.

    Args:
        store: The log.
        source: The file of the supplier.
        supplier_id: The supplier.
        received_at: Time of receipt, with a zone.
        recorded_at: The current time, with a zone.
        actor: Who logs it.
        accept_late: Why an analyst accepts it outside the window; None to refuse it then.
        methodology: Settings of the statistic.
        received_why: Why the time of receipt is not that of the clock.

    Returns:
        The entry as logged and the verdict with every finding.

    Raises:
        WrongUsage: If the time of receipt is in the future; nothing is logged.
        Refused: If the file cannot be read; nothing is logged.
    """
    _require_past(received_at, recorded_at, methodology)
    # A valid name is plain and holds no number of a person; any other is masked wherever it is kept or shown.
    is_good = parse_file_name(source.name).fault is None
    name = source.name if is_good else mask_typed_numbers(mask_unprintable(source.name))
    with store.staged(source, name) as staged:
        comparer = Comparer(store, methodology)
        with staged.path.open("rb") as file:
            verdict, missed = _examine(
                file,
                source.name,
                received_at=received_at,
                accept_late=accept_late,
                methodology=methodology,
            )
            arrival = _arrival(verdict, file, supplier_id, received_at, staged.sha256, methodology)
            earlier = comparer.earlier(arrival) if arrival else []
            compared = comparer.findings(arrival, earlier) if arrival else ()
            for_analyst = comparer.newness(supplier_id)
            if arrival:
                for_analyst += comparer.for_analyst(arrival, compared)
        verdict = verdict.with_findings_first(compared)
        entry = store.append(
            lambda sequence: Delivery(
                sequence=sequence,
                supplier_id=supplier_id,
                received_at=received_at,
                recorded_at=recorded_at,
                recorded_by=actor.account,
                received_why=received_why,
                late_reason=accept_late if missed else None,
                reporting_year=verdict.reporting_year,
                file_name=name,
                stored_name=staged.path.name,
                sha256=staged.sha256,
                size=staged.size,
                registrations=verdict.registrations if verdict.approved else 0,
                approved=verdict.approved,
                findings=verdict.counts_by_rule(),
                catalogue_version=catalogue().version,
                profile=arrival.profile if arrival else None,
                compared_with=tuple(each.delivery_id for each in earlier),
                for_analyst=for_analyst,
            ),
            staged,
            actor=actor,
        )
    assert isinstance(entry, Delivery)
    return entry, verdict


def recheck(store: DeliveryStore, delivery: Delivery, *, methodology: Methodology) -> Verdict:
    """Reproduce the findings about a delivered file on receipt, from the kept file.

    Args:
        store: The log.
        delivery: The entry.
        methodology: Settings of the statistic.

    Returns:
        The present verdict, with only the findings of rules that the log names.

    Raises:
        Refused: If the file is missing or was changed after receipt.
    """
    with store.open_verified(delivery) as file:
        verdict, _ = _examine(
            file,
            delivery.file_name,
            received_at=delivery.received_at,
            accept_late=delivery.late_reason,
            methodology=methodology,
            reporting_year=delivery.reporting_year,
        )
    # A masked name cannot be checked again; its faults are in the log.
    names = [finding(rule) for rule in NAME_RULES if rule in delivery.findings]
    again = verdict.with_findings_first(Comparer(store, methodology).again(delivery) if verdict.approved else ())
    others = [f for f in again.findings if f.rule in delivery.findings and f.rule not in NAME_RULES]
    return again.model_copy(update={"findings": (*names, *others)})


def _arrival(
    verdict: Verdict,
    file: BinaryIO,
    supplier_id: str,
    received_at: datetime,
    sha256: str,
    methodology: Methodology,
) -> Arrival | None:
    """The incoming file if it was approved, to be compared; None for a rejected one."""
    year = verdict.reporting_year
    if not verdict.approved or verdict.profile is None or year is None:
        return None

    @cache
    def registrations() -> pl.DataFrame:
        file.seek(0)
        return read_registrations(file, year, methodology=methodology)

    return Arrival(supplier_id, year, received_at, sha256, verdict.profile, registrations)


def _examine(
    file: BinaryIO,
    name: str,
    *,
    received_at: datetime,
    accept_late: str | None,
    methodology: Methodology,
    reporting_year: int | None = None,
) -> tuple[Verdict, str | None]:
    """The verdict on a file, and the window that it missed, if any."""
    today = local_date(received_at, methodology)
    verdict = check_delivery(file, name, methodology=methodology, today=today, reporting_year=reporting_year)
    year = verdict.reporting_year
    missed = missed_delivery_window(year, received_at, methodology) if year is not None else None
    if missed and accept_late is None:
        late = finding("delivery_window", windows=missed, year=str(year))
        verdict = verdict.with_findings_first([late]).model_copy(update={"approved": False})
    return verdict, missed


def withdraw(
    store: DeliveryStore,
    *,
    supplier_id: str,
    year: int,
    at: datetime,
    recorded_at: datetime,
    actor: Actor,
    accept_late: str | None,
    methodology: Methodology,
    received_why: str | None = None,
) -> Withdrawal:
    """Log the withdrawal of a year by its supplier (monitor rule 3.4).

    Raises:
        WrongUsage: If the time is in the future. Nothing is logged then.
        Refused: If the supplier has no approved file of that year, or the window is closed and no reason is given to
            accept it anyway. Nothing is logged then.
    """
    _require_past(at, recorded_at, methodology)
    entries = store.entries()
    stand = [entry for entry in entries if entry.delivery_id not in cancellations(entries)]
    delivered = [e for e in stand if isinstance(e, Delivery) and e.approved and e.reporting_year == year]
    if not any(entry.supplier_id == supplier_id for entry in delivered):
        raise Refused(f"{supplier_id} has no approved file of {year}: there is nothing to withdraw")
    missed = missed_withdrawal_window(year, at, methodology)
    if missed and accept_late is None:
        raise Refused(
            f"the window for withdrawing {year} is closed (open: {missed}); an analyst can accept it with --accept-late"
        )
    entry = store.append(
        lambda sequence: Withdrawal(
            sequence=sequence,
            supplier_id=supplier_id,
            received_at=at,
            recorded_at=recorded_at,
            recorded_by=actor.account,
            received_why=received_why,
            late_reason=accept_late if missed else None,
            reporting_year=year,
        ),
        actor=actor,
    )
    assert isinstance(entry, Withdrawal)
    return entry


def cancel(
    store: DeliveryStore, *, delivery_id: str, why: str, recorded_at: datetime, actor: Actor
) -> tuple[Cancellation, Delivery | Withdrawal]:
    """Log that an earlier delivery or withdrawal was a mistake: it no longer counts.

    Args:
        store: The log.
        delivery_id: The entry.
        why: The reason, without numbers that could be a person's.
        recorded_at: The current time, with a zone.
        actor: Who logs it.

    Returns:
        The entry as logged, and the one that it cancels.

    Raises:
        Refused: If there is no such entry, or it was cancelled before or is a cancellation itself. Nothing is logged.
    """
    found: list[Delivery | Withdrawal] = []

    # Looked up while the log is locked, so that only one of two concurrent cancellations succeeds.
    def made(sequence: int) -> Cancellation:
        entries = store.entries()
        entry = next((each for each in entries if each.delivery_id == delivery_id), None)
        if entry is None:
            raise Refused(f"there is no entry {delivery_id} in the delivery log: `dakl deliveries` lists them")
        if isinstance(entry, Cancellation):
            raise Refused(f"{delivery_id} is a cancellation, which is final: deliver or withdraw again instead")
        if earlier := cancellations(entries).get(delivery_id):
            raise Refused(f"{delivery_id} no longer counts: it was cancelled by {earlier.delivery_id}")
        found.append(entry)
        return Cancellation(
            sequence=sequence,
            supplier_id=entry.supplier_id,
            received_at=recorded_at,
            recorded_at=recorded_at,
            recorded_by=actor.account,
            reporting_year=entry.reporting_year,
            cancels=delivery_id,
            why=why,
        )

    cancellation = store.append(made, actor=actor)
    assert isinstance(cancellation, Cancellation)
    return cancellation, found[0]


def _require_past(at: datetime, now: datetime, methodology: Methodology) -> None:
    """Refuse a time in the future: it would order its entry after later ones."""
    if at > now + CLOCKS_DIFFER:
        asked, clock = (f"{each.astimezone(ZoneInfo(methodology.time_zone)):%-d %B %Y, %H:%M}" for each in (at, now))
        raise WrongUsage(
            f"the time {asked} is in the future (it is now {clock}): correct the time, or the clock of this computer; "
            "nothing was logged"
        )

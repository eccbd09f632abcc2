"""Deliveries written directly to the log, without a check."""

from datetime import UTC, datetime
from pathlib import Path

from dakl_pipeline.deliveries.log import Actor, Delivery, Withdrawal
from resources.storage.delivery_store import DeliveryStore, StagedFile

ANALYST = Actor("analist")
NOON = datetime(2025, 5, 12, 12, tzinfo=UTC)


def delivery_entry(sequence: int, staged: StagedFile, *, supplier: str = "almelo", year: int | None = 2024) -> Delivery:
    return Delivery(
        sequence=sequence,
        supplier_id=supplier,
        received_at=NOON,
        recorded_at=NOON,
        recorded_by="analist",
        reporting_year=year,
        file_name=staged.path.name,
        stored_name=staged.path.name,
        sha256=staged.sha256,
        size=staged.size,
        registrations=1,
        approved=True,
        findings={},
        catalogue_version="1.0.0",
    )


def log_file(store: DeliveryStore, file: Path, *, supplier: str = "almelo", year: int | None = 2024) -> Delivery:
    with store.staged(file, file.name) as staged:
        entry = store.append(
            lambda sequence: delivery_entry(sequence, staged, supplier=supplier, year=year), staged, actor=ANALYST
        )
    assert isinstance(entry, Delivery)
    return entry


def log_withdrawal(store: DeliveryStore, *, supplier: str = "almelo", year: int = 2024) -> Withdrawal:
    entry = store.append(
        lambda sequence: Withdrawal(
            sequence=sequence,
            supplier_id=supplier,
            received_at=NOON,
            recorded_at=NOON,
            recorded_by="analist",
            reporting_year=year,
        ),
        actor=ANALYST,
    )
    assert isinstance(entry, Withdrawal)
    return entry


def logged_deliveries(store: DeliveryStore) -> list[Delivery]:
    """The entries of a log that holds nothing but deliveries."""
    entries = store.entries()
    deliveries = [entry for entry in entries if isinstance(entry, Delivery)]
    assert len(deliveries) == len(entries)
    return deliveries

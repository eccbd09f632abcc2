"""Log entries for the tests of the mails."""

from datetime import UTC, datetime

from dakl_pipeline.deliveries.log import Cancellation, Delivery, Withdrawal
from dakl_pipeline.reference.methodology import Methodology, default_methodology

METHODOLOGY = Methodology.model_validate(default_methodology())
SHA256 = "0f" * 32
IN_WINDOW = "2025-05-12T10:30:05"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def delivery(
    sequence: int = 1,
    *,
    year: int | None = 2024,
    approved: bool = True,
    received: str = IN_WINDOW,
    findings: dict[str, int] | None = None,
    file_name: str = "DAKL_J2024_Almelo.csv",
    late: str | None = None,
    same_as: str | None = None,
    supplier: str = "almelo",
) -> Delivery:
    return Delivery(
        sequence=sequence,
        supplier_id=supplier,
        received_at=at(received),
        recorded_at=at("2025-05-12T10:31:00"),
        recorded_by="analist",
        late_reason=late,
        reporting_year=year,
        file_name=file_name,
        stored_name="delivered-file",
        sha256=SHA256,
        size=1094,
        registrations=15 if approved else 0,
        approved=approved,
        findings=findings or ({} if approved else {"no_rows": 1}),
        catalogue_version="1.0.0",
        same_content_as=same_as,
    )


def withdrawal(
    sequence: int, *, year: int = 2024, received: str = "2025-07-01T09:00:00", late: str | None = None
) -> Withdrawal:
    return Withdrawal(
        sequence=sequence,
        supplier_id="almelo",
        received_at=at(received),
        recorded_at=at("2025-07-01T09:00:00"),
        recorded_by="analist",
        late_reason=late,
        reporting_year=year,
    )


def cancellation(sequence: int, cancelled: Delivery | Withdrawal) -> Cancellation:
    return Cancellation(
        sequence=sequence,
        supplier_id=cancelled.supplier_id,
        received_at=at("2025-07-02T09:00:00"),
        recorded_at=at("2025-07-02T09:00:00"),
        recorded_by="analist",
        reporting_year=cancelled.reporting_year,
        cancels=cancelled.delivery_id,
        why="verkeerde leverancier",
    )

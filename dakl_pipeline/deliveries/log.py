"""The entries of the delivery log, as validated, immutable objects: deliveries, withdrawals and cancellations.

Storage belongs in ``resources``; which files count is decided in ``selection``.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dakl_pipeline.intake.findings import Finding
from dakl_pipeline.intake.profile import FileProfile

# Server clocks differ by less; a time further ahead is a typing error, or comes from a clock that jumped.
CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True)
class Actor:
    """The person who performs a logged action.

    Attributes:
        account: Name of the account, which is logged.
        sudo_account: Account that used ``sudo`` to act as this one; None if it did not, or that is not certain.
        sudo_claim: The same where anybody could have written it.
    """

    account: str
    sudo_account: str | None = None
    sudo_claim: str | None = None


class _Entry(BaseModel):
    """The fields that all entries share.

    Attributes:
        sequence: Place in the log, from 1, in the order of logging.
        supplier_id: Supplier that delivered or withdrew.
        received_at: Time of receipt, which decides the round.
        recorded_at: Time of logging.
        recorded_by: Account that logged it.
        received_why: Why the time of receipt is not that of logging; None if it is, or no reason was given.
        late_reason: Why an analyst accepted it outside the window; None if it was not late.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    sequence: int = Field(ge=1)
    supplier_id: str
    received_at: AwareDatetime
    recorded_at: AwareDatetime
    recorded_by: str
    received_why: str | None = None
    late_reason: str | None = None

    @property
    def is_at_another_time(self) -> bool:
        """Whether somebody gave a time of receipt that is not that of the clock."""
        return abs(self.recorded_at - self.received_at) > CLOCKS_DIFFER

    @property
    def delivery_id(self) -> str:
        """The id of the entry in the log and the warehouse."""
        return delivery_id(self.sequence)


class Delivery(_Entry):
    """A received file with its verdict.

    Attributes:
        reporting_year: Reporting year; None if the file name does not give one.
        file_name: Delivered name, with numbers masked that could identify a person.
        stored_name: Name of the file stored beside the entry.
        sha256: Digest of the file as received.
        size: Bytes of the file as received.
        registrations: Number of registrations in an approved file.
        approved: The verdict of the technical check.
        findings: Exact number of findings per rule.
        catalogue_version: Version of the rule catalogue that gave the verdict.
        same_content_as: First entry of this supplier and year with the same bytes; None if the content is new.
        content_of_other: First entry of another supplier with the same bytes, for the analyst only; None if none has.
        profile: Counts of an approved file, to compare later files with; None in entries of earlier versions.
        compared_with: Ids of the earlier deliveries of this supplier with which it was compared.
        for_analyst: Findings for the analyst only, never shown to a supplier.
    """

    kind: Literal["delivery"] = "delivery"
    reporting_year: int | None
    file_name: str
    stored_name: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=0)
    registrations: int = Field(ge=0)
    approved: bool
    findings: dict[str, int]
    catalogue_version: str
    same_content_as: str | None = None
    content_of_other: str | None = None
    profile: FileProfile | None = None
    compared_with: tuple[str, ...] = ()
    for_analyst: tuple[Finding, ...] = ()


class Withdrawal(_Entry):
    """A supplier takes back a year.

    Attributes:
        reporting_year: Year that is withdrawn.
    """

    kind: Literal["withdrawal"] = "withdrawal"
    reporting_year: int


class Cancellation(_Entry):
    """An earlier entry was a mistake: it stays in the log and no longer counts (assumption D72).

    Attributes:
        reporting_year: Year of that entry.
        cancels: Its id.
        why: What was wrong, without numbers that could be a person's.
    """

    kind: Literal["cancellation"] = "cancellation"
    reporting_year: int | None
    cancels: str
    why: str


Entry = Delivery | Withdrawal | Cancellation
LogEntry = Annotated[Entry, Field(discriminator="kind")]


def delivery_id(sequence: int) -> str:
    """Return the id of the entry at this place in the log: at least six digits."""
    return f"{sequence:06d}"


def cancellations(entries: Iterable[Entry]) -> dict[str, Cancellation]:
    """Return the cancellations, by the id of the cancelled entry."""
    return {entry.cancels: entry for entry in entries if isinstance(entry, Cancellation)}


def order_of_receipt(entry: Entry) -> tuple[datetime, int]:
    """Return the sort key of an entry: time of receipt, then place in the log (monitor rule 3.3)."""
    return entry.received_at, entry.sequence

"""The entries of the audit log: what was done with a home, when, and by which account.

An action holds facts, never a number of a person, a pseudonym or a key; names of files are masked before they get here.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dakl_pipeline.deliveries.log import Actor

_SHA256 = Field(pattern="^[0-9a-f]{64}$")


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class LogHead(_Fact):
    """The last link of a log.

    Attributes:
        sequence: Place in the log, from 1.
        sha256: Digest of the link, which depends on all links before it.
    """

    sequence: int = Field(ge=1)
    sha256: str = _SHA256


# The logs of which the audit log knows every link, by the folder in the home.
LogName = Literal["deliveries", "explanations"]
# Digest of each vintage, by year and number.
Vintages = dict[int, dict[int, Annotated[str, _SHA256]]]


class Started(_Fact):
    """The log was started, and takes over what was in the home by then.

    Attributes:
        heads: Head of each log that had entries.
        vintages: Digest of each vintage.
        former: The last entry of a former audit log of this home, as recorded outside the home; None if there was none.
    """

    kind: Literal["start"] = "start"
    heads: dict[LogName, LogHead]
    vintages: Vintages
    former: LogHead | None = None

    @property
    def takes_over(self) -> bool:
        """Whether there was anything in the home."""
        return bool(self.heads or self.vintages)


class Logged(_Fact):
    """An entry of another log; recorded before it is in its place.

    Attributes:
        log: That log.
        entry: Kind of the entry.
        head: Its place and its link.
        supplier_id: Supplier that it is about.
        reporting_year: Year that it is about.
        approved: The verdict on a delivery.
        received_at: Time of receipt of a delivery or withdrawal, if it is not the time of logging.
        received_why: Why that is another time.
    """

    kind: Literal["logged"] = "logged"
    log: LogName
    entry: Literal["delivery", "withdrawal", "cancellation", "explanation", "tombstone"]
    head: LogHead
    supplier_id: str | None = None
    reporting_year: int | None = None
    approved: bool | None = None
    received_at: AwareDatetime | None = None
    received_why: str | None = None


class RunStarted(_Fact):
    """A run starts to read the deliveries and registers of a year.

    Attributes:
        year: Reporting year; None for a run of single tables without one.
        run_id: Run of Dagster.
    """

    kind: Literal["run"] = "run"
    year: int | None
    run_id: str


class VintageMade(_Fact):
    """Figures become a vintage; recorded before it is in its place.

    Attributes:
        year: Reporting year.
        number: Number of the vintage.
        sha256: Digest of its files.
        run_id: Run of Dagster.
    """

    kind: Literal["vintage"] = "vintage"
    year: int
    number: int
    sha256: str = _SHA256
    run_id: str


class Exported(_Fact):
    """A table is written to a file.

    Attributes:
        table: Name of the table.
        year: Reporting year; None for all.
        file: Name of the file, masked.
    """

    kind: Literal["export"] = "export"
    table: str
    year: int | None
    file: str


class ReportRead(_Fact):
    """A delivered file is read again for its report.

    Attributes:
        supplier_id: The supplier.
        year: Reporting year.
    """

    kind: Literal["report"] = "report"
    supplier_id: str
    year: int


class MailsMade(_Fact):
    """Delivered files are read again for mails that were missing.

    Attributes:
        mails: Number of mails.
    """

    kind: Literal["mails"] = "mails"
    mails: int


class BackedUp(_Fact):
    """The home is copied to a backup.

    Attributes:
        file: Name of the file, masked.
    """

    kind: Literal["backup"] = "backup"
    file: str


class Restored(_Fact):
    """The home was restored from a backup.

    Attributes:
        file: Name of the file, masked.
        made_at: When the backup was made.
        lost_from: First entry of the audit log that was written after the backup and is lost; None if none is.
        signature: What was known of its signature.
    """

    kind: Literal["restore"] = "restore"
    file: str
    made_at: AwareDatetime
    lost_from: int | None = None
    signature: str | None = None


class Upgraded(_Fact):
    """The home was converted to another format.

    Attributes:
        before: Former format.
        after: Its format now.
        vintages: Digests of the vintages that were as recorded before the conversion.
    """

    kind: Literal["upgrade"] = "upgrade"
    before: int
    after: int
    vintages: Vintages


class KeyChanged(_Fact):
    """The secret key was made, replaced or destroyed.

    Attributes:
        change: What happened to it.
    """

    kind: Literal["key"] = "key"
    change: Literal["created", "rotated", "destroyed"]


Action = (
    Started
    | Logged
    | RunStarted
    | VintageMade
    | Exported
    | ReportRead
    | MailsMade
    | BackedUp
    | Restored
    | Upgraded
    | KeyChanged
)


class Who(_Fact):
    """The accounts behind an action.

    Attributes:
        account: Account that the process ran as, by its user id.
        sudo_account: Account that used ``sudo``, where only ``sudo`` can have named it.
        sudo_claim: The same where anybody could have named it.
    """

    account: str
    sudo_account: str | None = None
    sudo_claim: str | None = None

    @classmethod
    def of(cls, actor: Actor) -> "Who":
        """The accounts of an actor."""
        return cls(account=actor.account, sudo_account=actor.sudo_account, sudo_claim=actor.sudo_claim)

    @property
    def in_words(self) -> str:
        """In a few words: ``dakl, by sudo of anna``."""
        if self.sudo_account:
            return f"{self.account}, by sudo of {self.sudo_account}"
        return f"{self.account}, claims sudo of {self.sudo_claim}" if self.sudo_claim else self.account


class AuditEntry(_Fact):
    """An entry of the audit log.

    Attributes:
        sequence: Place in the log, from 1.
        recorded_at: When it was recorded, by the clock.
        who: Who did it.
        action: What was done, or is about to be done.
    """

    sequence: int = Field(ge=1)
    recorded_at: AwareDatetime
    who: Who
    action: Annotated[Action, Field(discriminator="kind")]


def in_words(action: Action) -> str:
    """Return an action as a line for an analyst."""
    match action:
        case Started(heads=heads, vintages=vintages):
            taken = [f"{head.sequence} entries of {log}" for log, head in heads.items()]
            number = sum(map(len, vintages.values()))
            taken += [f"{number} vintages"] if number else []
            return " and takes over ".join(["the audit log starts", *([", ".join(taken)] if taken else [])])
        case Logged():
            return _logged(action)
        case RunStarted(year=year):
            return f"run of {year or 'single tables'}"
        case VintageMade(year=year, number=number):
            return f"vintage {number} of {year}"
        case Exported(table=table, year=year, file=file):
            return f"export of {table}{f' of {year}' if year else ''} to {file}"
        case ReportRead(supplier_id=supplier, year=year):
            return f"report of {supplier} on {year}"
        case MailsMade(mails=mails):
            return f"{mails} missing mails made"
        case BackedUp(file=file):
            return f"backup to {file}"
        case Restored(file=file, made_at=made_at, lost_from=lost_from, signature=signature):
            lost = f"; entries from {lost_from:06d} on are lost" if lost_from else ""
            signed = f", signature {signature}" if signature else ""
            return f"restored from {file} of {made_at.isoformat(timespec='minutes')}{signed}{lost}"
        case Upgraded(before=before, after=after):
            return f"upgraded from format {before} to {after}"
        case KeyChanged(change=change):
            return f"key {change}"


def _logged(action: Logged) -> str:
    verdict = {True: " (approved)", False: " (rejected)", None: ""}[action.approved]
    of = f" of {action.supplier_id}" if action.supplier_id else ""
    about = f" for {action.reporting_year}" if action.reporting_year else ""
    text = f"{action.entry} {action.head.sequence:06d}{of}{about}{verdict}"
    if action.received_at is not None:
        why = action.received_why or "no reason given"
        text += f", received at {action.received_at.isoformat(timespec='minutes')} ({why})"
    return text

"""The use cases of deliveries: deliver, withdraw and cancel, each with its report and mail.

A logged entry stays, even if its report or mail fails: the caller gets a line about the problem, and it is made later.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from dakl_pipeline.deliveries.log import Actor, Cancellation, Delivery, Entry, Withdrawal
from dakl_pipeline.errors import DaklError, Refused
from dakl_pipeline.intake.check import Verdict
from resources.mail.server import MailServer
from resources.workflows import receive
from resources.workflows.opened_home import OpenedHome


@dataclass(frozen=True)
class FollowUp:
    """The report and mail made after an entry was logged.

    Attributes:
        report: The files of the op-orde report; empty for entries without a report.
        mail: The file of the mail; None when it could not be made.
        problems: The problems, one line each; none of them undoes the entry.
    """

    report: Sequence[Path] = ()
    mail: Path | None = None
    problems: Sequence[str] = ()


@dataclass(frozen=True)
class Delivered:
    """A file that was received.

    Attributes:
        entry: The entry as logged.
        verdict: The verdict, with every finding.
        follow_up: Report and mail.
    """

    entry: Delivery
    verdict: Verdict
    follow_up: FollowUp = field(default_factory=FollowUp)


def deliver(
    opened: OpenedHome,
    file: Path,
    *,
    supplier_id: str,
    received_at: datetime,
    now: datetime,
    actor: Actor,
    accept_late: str | None = None,
    received_why: str | None = None,
    writes_report: bool = True,
) -> Delivered:
    """Receive a file: check it, log it with its verdict, and make its report and mail.

    Args:
        opened: The home.
        file: The file of the supplier.
        supplier_id: The supplier.
        received_at: Time of receipt, with a zone.
        now: The current time, with a zone.
        actor: Who logs it.
        accept_late: Why an analyst accepts it outside the window; None to refuse it then.
        received_why: Why the time is not that of the clock.
        writes_report: Whether to write the report now rather than on request.

    Raises:
        WrongUsage: If the time of receipt is in the future; nothing is logged.
        Refused: If the file cannot be read; nothing is logged.
    """
    entry, verdict = receive.receive(
        opened.deliveries,
        file,
        supplier_id=supplier_id,
        received_at=received_at,
        recorded_at=now,
        actor=actor,
        accept_late=accept_late,
        received_why=received_why,
        methodology=opened.methodology,
    )
    report, problems = _report(opened, entry) if writes_report else ((), [])
    mail, more = _mail(opened, entry, verdict)
    return Delivered(entry, verdict, FollowUp(report, mail, [*problems, *more]))


def withdraw(
    opened: OpenedHome,
    *,
    supplier_id: str,
    year: int,
    at: datetime,
    now: datetime,
    actor: Actor,
    accept_late: str | None = None,
    received_why: str | None = None,
) -> tuple[Withdrawal, FollowUp]:
    """Log that a supplier withdraws a year, and make the mail about it (monitor rule 3.4).

    Args:
        opened: The home.
        supplier_id: The supplier.
        year: Reporting year.
        at: Time of the withdrawal, with a zone.
        now: The current time, with a zone.
        actor: Who logs it.
        accept_late: Why an analyst accepts it outside the window; None to refuse it then.
        received_why: Why the time is not that of the clock.

    Raises:
        WrongUsage: If the time is in the future. Nothing is logged then.
        Refused: If there is nothing to withdraw, or the window is closed. Nothing is logged then.
    """
    entry = receive.withdraw(
        opened.deliveries,
        supplier_id=supplier_id,
        year=year,
        at=at,
        recorded_at=now,
        actor=actor,
        accept_late=accept_late,
        received_why=received_why,
        methodology=opened.methodology,
    )
    mail, problems = _mail(opened, entry)
    return entry, FollowUp(mail=mail, problems=problems)


def cancel(
    opened: OpenedHome, *, delivery_id: str, why: str, now: datetime, actor: Actor
) -> tuple[Cancellation, Delivery | Withdrawal, FollowUp]:
    """Log that an entry was a mistake, and make the mail about it.

    Args:
        opened: The home.
        delivery_id: The entry.
        why: The reason, without numbers that could be a person's.
        now: The current time, with a zone.
        actor: Who logs it.

    Returns:
        The entry as logged, the one that it cancels, and the mail.

    Raises:
        Refused: If there is no such entry, or it cannot be cancelled. Nothing is logged.
    """
    entry, cancelled = receive.cancel(opened.deliveries, delivery_id=delivery_id, why=why, recorded_at=now, actor=actor)
    mail, problems = _mail(opened, entry)
    return entry, cancelled, FollowUp(mail=mail, problems=problems)


def make_missing_mails(opened: OpenedHome, log: Sequence[Entry], made: Callable[[], None] = lambda: None) -> list[str]:
    """Make the mails that are missing because of a crash or an earlier problem.

    Args:
        opened: The home.
        log: The delivery log.
        made: Called after each mail.

    Returns:
        The problems, one line each.
    """
    problems = []
    for entry in opened.mails.missing(log):
        try:
            opened.mails.post(entry, log)
        except Refused as error:
            problems.append(f"the mail of {entry.delivery_id} was not made: {error}")
        made()
    return problems


def _report(opened: OpenedHome, delivery: Delivery) -> tuple[Sequence[Path], list[str]]:
    if not delivery.approved:
        return (), []
    try:
        return opened.reports.write(delivery).paths, []
    except Exception as error:
        # The text of an unexpected error may quote a row.
        why = str(error) if isinstance(error, DaklError) else type(error).__name__
        again = f"dakl report --supplier {delivery.supplier_id} --year {delivery.reporting_year}"
        return (), [f"the delivery was logged, but its report was not made ({why}): try `{again}`"]


def _mail(opened: OpenedHome, entry: Entry, verdict: Verdict | None = None) -> tuple[Path | None, list[str]]:
    """Make the mail about a new entry and any missing mails, and send the new one if there is a mail server."""
    path = None
    try:
        settings = opened.mail_settings
        log = opened.mails.entries()
        path = opened.mails.post(entry, log, verdict)
        problems = make_missing_mails(opened, log)
        if settings.smtp_host is not None:
            server = MailServer(settings.smtp_host, settings)
            problems += opened.mails.send(opened.mails.mails([entry]), server, retry_delays=())
    except DaklError as error:
        problems = [str(error)]
    except OSError as error:
        problems = [f"{os.strerror(error.errno) if error.errno else type(error).__name__}: {error.filename}"]
    except Exception as error:
        # Its text may quote the delivered file; its type does not.
        problems = [f"unexpected {type(error).__name__}"]
    again = f"{entry.delivery_id} was logged, but there is a problem with mail"
    return path, [f"{again}: {problem} (`dakl mails` tries again)" for problem in problems]

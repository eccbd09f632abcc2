"""The mails to suppliers: one for every log entry, and which of them are sent.

Belongs here: making the mails of the log and keeping them as ``.eml`` beside the reports. Does not belong here: what a
mail says (``dakl_pipeline.mail``) and sending (``outbox``).

A mail is made from the log and the explanations before it, so one that a crash left out is made later, the same.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dakl_pipeline.errors import Refused
from dakl_pipeline.intake.findings import Finding, with_totals
from dakl_pipeline.intake.log import Cancellation, Delivery, Entry, Withdrawal
from dakl_pipeline.intake.rounds import local_date
from dakl_pipeline.mail.faults import faults_table
from dakl_pipeline.mail.message import Recipient, compose, read_coordinators
from dakl_pipeline.mail.notice import notice_of_cancellation, notice_of_delivery, notice_of_withdrawal
from dakl_pipeline.op_orde.explanations import latest_by_rule
from dakl_pipeline.reference import Methodology
from resources.delivery_store import DeliveryStore
from resources.explanation_store import ExplanationStore
from resources.files import write_atomically
from resources.home import Home
from resources.mail_server import MailServer
from resources.mail_settings import MailSettings
from resources.minors import MinorsOfHome
from resources.outbox import Letter, Outbox, when_sent
from resources.reception import examine_again

_NO_YEAR = "unknown"
_SHOWN_SUPPLIERS = 5


@dataclass(frozen=True)
class Mail(Letter):
    """The mail about one entry of the log.

    Attributes:
        entry: The entry.
    """

    entry: Entry


class Mailbox:
    """The mails of one home.

    Args:
        home: The home.
        methodology: Settings of the statistic.
        settings: Addresses of CBS.
    """

    def __init__(self, home: Home, methodology: Methodology, settings: MailSettings) -> None:
        self._home = home
        self._store = DeliveryStore(home.deliveries)
        self._methodology = methodology
        self._settings = settings
        self._outbox = Outbox(home.reports)

    def entries(self) -> list[Entry]:
        """The entries of the log that have a mail."""
        return self._store.entries()

    def path_of(self, entry: Entry) -> Path:
        """Where the mail about an entry is."""
        year = _NO_YEAR if entry.reporting_year is None else str(entry.reporting_year)
        return self._home.reports / year / entry.supplier_id / f"{entry.delivery_id}-mail.eml"

    def missing(self, log: Iterable[Entry]) -> list[Entry]:
        """The entries of which the mail was not made, because of a crash or a problem since mended."""
        return [entry for entry in log if not self.path_of(entry).exists()]

    def post(
        self,
        entry: Entry,
        log: Iterable[Entry],
        findings: Iterable[Finding] | None = None,
    ) -> Path:
        """Make the mail about an entry, with the list of faults of a rejected file beside it.

        Args:
            entry: The entry.
            log: The log, at least up to the entry.
            findings: What the check of a delivery found; found again in the kept file when None.

        Returns:
            Where it is.

        Raises:
            Refused: If the file of the delivery is gone or changed, or the coordinators cannot be read.
        """
        path = self.path_of(entry)
        if isinstance(entry, Withdrawal):
            notice = notice_of_withdrawal(entry, log, methodology=self._methodology)
        elif isinstance(entry, Cancellation):
            notice = notice_of_cancellation(entry, log, methodology=self._methodology)
        else:
            if findings is None:
                minors = MinorsOfHome(self._home.registers)
                findings = examine_again(self._store, entry, methodology=self._methodology, minors=minors)
            findings = tuple(findings)
            report = path.with_name(f"{entry.delivery_id}-{'op-orde.html' if entry.approved else 'fouten.csv'}")
            if not entry.approved:
                listed = with_totals(findings, entry.findings)
                write_atomically(report, faults_table(listed, year=entry.reporting_year))
            where = report.relative_to(self._home.root).as_posix()
            notice = notice_of_delivery(
                entry,
                log,
                findings,
                report=where,
                methodology=self._methodology,
                explained=self._explained_before(entry),
            )
        message = compose(
            entry,
            notice,
            to=self._recipients(coordinators_of(self._home), entry.supplier_id),
            sender=self._settings.sender,
            reply_to=self._settings.mail_contact,
        )
        write_atomically(path, message.as_bytes())
        return path

    def _explained_before(self, delivery: Delivery) -> dict[str, date]:
        """When the supplier explained what, as it was when the delivery came in: made later the mail is the same."""
        if delivery.reporting_year is None:
            return {}
        kept = ExplanationStore(self._home.deliveries).explanations(delivery.supplier_id, delivery.reporting_year)
        known = [e for e in kept if e.recorded_at <= delivery.recorded_at]
        return {r: local_date(e.recorded_at, self._methodology) for r, e in latest_by_rule(known).items()}

    def mails(self, log: Iterable[Entry]) -> list[Mail]:
        """The mails that were made, in the order of the log.

        Raises:
            Refused: If the coordinators cannot be read.
        """
        coordinators = coordinators_of(self._home)
        return [self._mail(entry, coordinators) for entry in log if self.path_of(entry).exists()]

    def send(
        self,
        mails: Sequence[Mail],
        server: MailServer,
        *,
        pauses: Sequence[float],
        sleep: Callable[[float], None] = time.sleep,
    ) -> list[str]:
        """Send the mails that wait, each at least once; what cannot be sent keeps waiting.

        Args:
            mails: Mails; those that were sent are left alone.
            server: The mail server.
            pauses: Seconds before each further attempt.
            sleep: Waits.

        Returns:
            What went wrong, in plain lines; nothing when every mail was sent.
        """
        sent = self._outbox.send(mails, server, pauses=pauses, sleep=sleep)
        return [*self._without_address(mails), *sent]

    def _without_address(self, mails: Iterable[Mail]) -> list[str]:
        suppliers = sorted({mail.entry.supplier_id for mail in mails if mail.sent_at is None and not mail.to})
        if not suppliers:
            return []
        named = ", ".join(suppliers[:_SHOWN_SUPPLIERS]) + (", ..." if len(suppliers) > _SHOWN_SUPPLIERS else "")
        return [f"no address is known for {named}: add it to {self._home.coordinators_file}, or set DAKL_MAIL_CONTACT"]

    def _mail(self, entry: Entry, coordinators: dict[str, tuple[Recipient, ...]]) -> Mail:
        path = self.path_of(entry)
        if (sent := when_sent(path)) is not None:
            return Mail(entry.delivery_id, path, *sent, entry)
        recipients = self._recipients(coordinators, entry.supplier_id)
        return Mail(entry.delivery_id, path, None, tuple(r for r in recipients if not r.is_placeholder), entry)

    def _recipients(self, coordinators: dict[str, tuple[Recipient, ...]], supplier_id: str) -> tuple[Recipient, ...]:
        return coordinators.get(supplier_id) or (Recipient("", self._settings.mail_contact),)


def coordinators_of(home: Home) -> dict[str, tuple[Recipient, ...]]:
    """Who gets the mails of which supplier.

    Args:
        home: The home.

    Raises:
        Refused: If the file with the coordinators cannot be read.
    """
    path = home.coordinators_file
    try:
        return read_coordinators(path.read_text(encoding="utf-8-sig")) if path.exists() else {}
    except UnicodeDecodeError:
        raise Refused(f"{path} is not UTF-8: save it as such") from None
    except Refused as error:
        raise Refused(f"{path}: {error}") from None

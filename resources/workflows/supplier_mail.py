"""The mails to suppliers: one for every log entry, and whether it was sent.

A mail is made from the log and the explanations up to its entry, so a mail that is made late is identical.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from dakl_pipeline.deliveries.log import Cancellation, Delivery, Entry, Withdrawal
from dakl_pipeline.errors import Refused
from dakl_pipeline.intake.check import Verdict
from dakl_pipeline.intake.findings import Finding, weights, with_totals
from dakl_pipeline.intake.refusal import WINDOW_RULE
from dakl_pipeline.mail.attachments import Attachment, fitting, report_names, table_name
from dakl_pipeline.mail.content import MailContent, content_of_cancellation, content_of_delivery, content_of_withdrawal
from dakl_pipeline.mail.findings_table import findings_table
from dakl_pipeline.mail.message import compose
from dakl_pipeline.mail.recipients import Recipient, organisation_of, read_coordinators
from dakl_pipeline.op_orde.explanations import asked_again, latest_by_rule, with_counts
from dakl_pipeline.presentation.english import summarise
from dakl_pipeline.reference.methodology import Methodology
from resources.config.home import Home, refuse_link
from resources.mail.queue import Outbox, OutgoingMail, is_addressed_to, when_sent
from resources.mail.server import MailServer
from resources.mail.settings import MailSettings
from resources.storage.delivery_store import DeliveryStore
from resources.storage.explanation_store import ExplanationStore
from resources.storage.files import write_atomically
from resources.workflows.receive import recheck
from resources.workflows.write_report import NoReport, ReportStore

_NO_YEAR = "unknown"
_SHOWN_SUPPLIERS = 5


@dataclass(frozen=True)
class Mail(OutgoingMail):
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
        deliveries: The delivery log.
        explanations: The explanations of suppliers.
        reports: The op-orde reports.
    """

    def __init__(
        self,
        home: Home,
        methodology: Methodology,
        settings: MailSettings,
        deliveries: DeliveryStore,
        explanations: ExplanationStore,
        reports: ReportStore,
    ) -> None:
        self._home = home
        self._store = deliveries
        self._methodology = methodology
        self._settings = settings
        self._outbox = Outbox(home.reports)
        self._explanations = explanations
        self._reports = reports

    def entries(self) -> list[Entry]:
        """The entries of the log that have a mail."""
        return self._store.entries()

    def path_of(self, entry: Entry) -> Path:
        """The path of the mail about an entry."""
        year = _NO_YEAR if entry.reporting_year is None else str(entry.reporting_year)
        return self._home.reports / year / entry.supplier_id / f"{entry.delivery_id}-mail.eml"

    def missing(self, log: Iterable[Entry]) -> list[Entry]:
        """The entries without a mail, because of a crash or an earlier problem."""
        return [entry for entry in log if not self.path_of(entry).exists()]

    def post(
        self,
        entry: Entry,
        log: Iterable[Entry],
        verdict: Verdict | None = None,
    ) -> Path:
        """Make the mail about an entry, with the op-orde report of an approved file or the findings of a rejected one.

        Args:
            entry: The entry.
            log: The log, at least up to the entry.
            verdict: The verdict on a delivery; determined from the kept file when None.

        Returns:
            The path of the mail.

        Raises:
            Refused: If the file of the delivery, or the one with which its report compares it, is missing or changed,
                or the coordinators cannot be read. The mail is made when that is fixed.
        """
        path, log = self.path_of(entry), tuple(log)
        to = self._recipients(coordinators_of(self._home), entry.supplier_id)
        attachments: tuple[Attachment, ...] = ()
        if isinstance(entry, Withdrawal):
            organisation = organisation_of(to)
            content = content_of_withdrawal(entry, log, methodology=self._methodology, organisation=organisation)
        elif isinstance(entry, Cancellation):
            organisation = organisation_of(to)
            content = content_of_cancellation(entry, log, methodology=self._methodology, organisation=organisation)
        else:
            if verdict is None:
                verdict = recheck(self._store, entry, methodology=self._methodology)
            attachments = self._attachments(entry, log, verdict)
            content = self._content(entry, log, verdict, to, attachments)
        message = compose(
            entry,
            content,
            to=to,
            sender=self._settings.sender,
            reply_to=self._settings.mail_contact,
            attachments=attachments,
        )
        write_atomically(path, message.as_bytes())
        return path

    def _content(
        self,
        delivery: Delivery,
        log: Iterable[Entry],
        verdict: Verdict,
        to: Sequence[Recipient],
        attachments: Iterable[Attachment],
    ) -> MailContent:
        explained, again = self._explained_before(delivery, log, verdict.findings)
        return content_of_delivery(
            delivery,
            log,
            verdict.findings,
            attached=[each.name for each in attachments],
            contact=self._settings.mail_contact,
            methodology=self._methodology,
            organisation=organisation_of(to),
            explained=explained,
            asked_again=again,
            diagnoses=[each.told() for each in verdict.diagnoses],
            reading=verdict.reading.told() if delivery.approved and verdict.reading else (),
        )

    def _attachments(self, delivery: Delivery, log: Iterable[Entry], verdict: Verdict) -> tuple[Attachment, ...]:
        """The report on an approved file, or the findings of a rejected one; none when it was only late."""
        made = self._report(delivery, log, verdict) if delivery.approved else self._table(delivery, verdict)
        return fitting(made, self._settings.mail_attachments_limit)

    def _report(self, delivery: Delivery, log: Iterable[Entry], verdict: Verdict) -> tuple[Attachment, ...]:
        names = report_names(delivery)
        try:
            page, workbook = self._reports.as_delivered(delivery, log, names=names, verdict=verdict)
        except NoReport:
            # There will never be a report, but the mail must still be made.
            return ()
        return Attachment(names[0], page), Attachment(names[1], workbook, is_spare=True)

    def _table(self, delivery: Delivery, verdict: Verdict) -> tuple[Attachment, ...]:
        counts = {rule: count for rule, count in delivery.findings.items() if rule != WINDOW_RULE}
        if not counts:
            return ()
        listed = [f for f in with_totals(verdict.findings, counts) if f.rule != WINDOW_RULE]
        table = findings_table(listed, year=delivery.reporting_year)
        write_atomically(self.path_of(delivery).with_name(f"{delivery.delivery_id}-fouten.csv"), table)
        return (Attachment(table_name(delivery), table),)

    def _explained_before(
        self, delivery: Delivery, log: Iterable[Entry], findings: Iterable[Finding]
    ) -> tuple[dict[str, date], dict[str, str]]:
        """The supplier's explanations at the time of the delivery, so that a mail made late is identical.

        Returns:
            By rule: the dates of the explanations that still hold, and the reasons to ask for the others again.
        """
        if delivery.reporting_year is None:
            return {}, {}
        kept = self._explanations.explanations(delivery.supplier_id, delivery.reporting_year)
        known = [e for e in kept if e.recorded_at <= delivery.recorded_at]
        clock = ZoneInfo(self._methodology.time_zone)
        last = {
            rule: each.model_copy(update={"recorded_at": each.recorded_at.astimezone(clock)})
            for rule, each in latest_by_rule(with_counts(known, log)).items()
        }
        found = weights(delivery.findings, findings)
        again = asked_again(last, found, growth_allowed=self._methodology.explained_growth_allowed)
        return {r: each.recorded_at.date() for r, each in last.items() if r not in again}, again

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
        retry_delays: Sequence[float],
        sleep: Callable[[float], None] = time.sleep,
    ) -> list[str]:
        """Send the waiting mails, each at least once; mails that cannot be sent keep waiting.

        Args:
            mails: Mails; sent ones are skipped.
            server: The mail server.
            retry_delays: Seconds before each further attempt.
            sleep: Waits a number of seconds.

        Returns:
            The problems, one line each; empty when every mail was sent.
        """
        ready, problems = self._addressed_anew(mails)
        sent = self._outbox.send(ready, server, retry_delays=retry_delays, sleep=sleep)
        return [*self._without_address(mails), *problems, *sent]

    def _addressed_anew(self, mails: Iterable[Mail]) -> tuple[list[Mail], list[str]]:
        """Remake waiting mails whose coordinators changed, because a mail greets them by name.

        Returns:
            The mails that can be sent, and the problems with the others.
        """
        ready: list[Mail] = []
        problems: list[str] = []
        log: list[Entry] | None = None
        for mail in mails:
            try:
                if mail.sent_at is None and mail.to and not is_addressed_to(mail):
                    log = self.entries() if log is None else log
                    self.post(mail.entry, log)
                ready.append(mail)
            except Refused as error:
                problems.append(f"the mail of {mail.entry.delivery_id} waits, as its recipients changed: {error}")
        return ready, problems

    def _without_address(self, mails: Iterable[Mail]) -> list[str]:
        suppliers = sorted({mail.entry.supplier_id for mail in mails if mail.sent_at is None and not mail.to})
        if not suppliers:
            return []
        named = summarise(suppliers, _SHOWN_SUPPLIERS)
        return [f"no address is known for {named}: add it to {self._home.coordinators_file}, or set DAKL_MAIL_CONTACT"]

    def _mail(self, entry: Entry, coordinators: dict[str, tuple[Recipient, ...]]) -> Mail:
        path = self.path_of(entry)
        if (sent := when_sent(path)) is not None:
            return Mail(entry.delivery_id, path, *sent, entry)
        recipients = self._recipients(coordinators, entry.supplier_id)
        return Mail(entry.delivery_id, path, None, () if recipients[0].is_placeholder else recipients, entry)

    def _recipients(self, coordinators: dict[str, tuple[Recipient, ...]], supplier_id: str) -> tuple[Recipient, ...]:
        """The recipients of a supplier's mails: placeholder addresses only when there is no other."""
        known = coordinators.get(supplier_id) or (Recipient("", self._settings.mail_contact),)
        return tuple(r for r in known if not r.is_placeholder) or known


def coordinators_of(home: Home) -> dict[str, tuple[Recipient, ...]]:
    """The coordinators of every supplier, who get its mails.

    Args:
        home: The home.

    Raises:
        Refused: If the file with the coordinators cannot be read.
    """
    path = home.coordinators_file
    refuse_link(path)
    try:
        return read_coordinators(path.read_text(encoding="utf-8-sig")) if path.exists() else {}
    except UnicodeDecodeError:
        raise Refused(f"{path} is not UTF-8: save it as such") from None
    except Refused as error:
        raise Refused(f"{path}: {error}") from None

"""The outbox of a home: one mail for every log entry, and which of them are sent.

Belongs here: making the mails of the log, keeping them as ``.eml`` beside the reports, and sending what waits, at least
once each. Does not belong here: what a mail says (``dakl_pipeline.mail``) and the connection (``mail_server``).

A mail is made from the log alone, so one that a crash left out is made later, the same. ``000012-mail.sent`` beside
``000012-mail.eml`` says that it went out.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from dakl_pipeline.errors import DaklError, Refused
from dakl_pipeline.intake.findings import Finding, with_totals
from dakl_pipeline.intake.log import Delivery, Withdrawal
from dakl_pipeline.mail.faults import faults_table
from dakl_pipeline.mail.message import Recipient, addresses, compose, read_coordinators
from dakl_pipeline.mail.notice import notice_of_delivery, notice_of_withdrawal
from dakl_pipeline.reference import Methodology
from resources.delivery_store import DeliveryStore
from resources.files import write_atomically
from resources.home import Home
from resources.mail_server import MailNotTaken, MailServer, ServerAway
from resources.mail_settings import MailSettings
from resources.reception import examine_again

_NO_YEAR = "unknown"
_SHOWN_SUPPLIERS = 5


@dataclass(frozen=True)
class Mail:
    """The mail about one entry of the log.

    Attributes:
        entry: The entry.
        path: The message.
        sent_at: When it was handed to the mail server; None while it waits.
        to: Who got it, or who would get it now; nobody when no address is known.
    """

    entry: Delivery | Withdrawal
    path: Path
    sent_at: datetime | None
    to: tuple[Recipient, ...]


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

    def entries(self) -> list[Delivery | Withdrawal]:
        """The entries of the log that have a mail."""
        return [entry for entry in self._store.entries() if isinstance(entry, Delivery | Withdrawal)]

    def path_of(self, entry: Delivery | Withdrawal) -> Path:
        """Where the mail about an entry is."""
        year = _NO_YEAR if entry.reporting_year is None else str(entry.reporting_year)
        return self._home.reports / year / entry.supplier_id / f"{entry.delivery_id}-mail.eml"

    def missing(self, log: Iterable[Delivery | Withdrawal]) -> list[Delivery | Withdrawal]:
        """The entries of which the mail was not made, because of a crash or a problem since mended."""
        return [entry for entry in log if not self.path_of(entry).exists()]

    def post(
        self,
        entry: Delivery | Withdrawal,
        log: Iterable[Delivery | Withdrawal],
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
        else:
            if findings is None:
                findings = examine_again(self._store, entry, methodology=self._methodology)
            findings = tuple(findings)
            report = path.with_name(f"{entry.delivery_id}-{'op-orde.html' if entry.approved else 'fouten.csv'}")
            if not entry.approved:
                listed = with_totals(findings, entry.findings)
                write_atomically(report, faults_table(listed, year=entry.reporting_year))
            where = report.relative_to(self._home.root).as_posix()
            notice = notice_of_delivery(entry, log, findings, report=where, methodology=self._methodology)
        message = compose(
            entry,
            notice,
            to=self._recipients(self._coordinators(), entry.supplier_id),
            sender=self._settings.sender,
            reply_to=self._settings.mail_contact,
        )
        write_atomically(path, message.as_bytes())
        return path

    def mails(self, log: Iterable[Delivery | Withdrawal]) -> list[Mail]:
        """The mails that were made, in the order of the log.

        Raises:
            Refused: If the coordinators cannot be read.
        """
        coordinators = self._coordinators()
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
        waiting = [mail for mail in mails if mail.sent_at is None and mail.to]
        problems = self._without_address(mails)
        for pause in (*pauses, None):
            if not waiting:
                break
            waiting, final, passing = self._attempt(waiting, server)
            problems += final
            if pause is None or not passing:
                problems += passing
                break
            sleep(pause)
        return problems

    def _attempt(self, waiting: Iterable[Mail], server: MailServer) -> tuple[list[Mail], list[str], list[str]]:
        """Try every mail once.

        Returns:
            The mails for which trying again may help, what is wrong for good, and what may pass.
        """
        again, final, passing = list(waiting), [], []
        try:
            with self._only_sender(), server.connected() as connection:
                for mail in tuple(again):
                    try:
                        if not _marker(mail.path).exists():
                            refused = connection.hand_over(_readdressed(mail), [r.email for r in mail.to])
                            _mark_sent(mail)
                            if refused:
                                final.append(
                                    f"the mail of {mail.entry.delivery_id} went out, but the mail server did not take "
                                    f"{refused} of its {len(mail.to)} addresses"
                                )
                    except MailNotTaken as error:
                        problem = f"the mail of {mail.entry.delivery_id} waits: {error}"
                        if not error.is_final:
                            passing.append(problem)
                            continue
                        final.append(problem)
                    again.remove(mail)
        except ServerAway as error:
            if again:
                passing = [f"{_count(again)} waiting: {error}"]
        except DaklError as error:
            final.append(f"{_count(again)} waiting: {error}")
            again = []
        return again, final, passing

    def _without_address(self, mails: Iterable[Mail]) -> list[str]:
        suppliers = sorted({mail.entry.supplier_id for mail in mails if mail.sent_at is None and not mail.to})
        if not suppliers:
            return []
        named = ", ".join(suppliers[:_SHOWN_SUPPLIERS]) + (", ..." if len(suppliers) > _SHOWN_SUPPLIERS else "")
        return [f"no address is known for {named}: add it to {self._home.coordinators_file}, or set DAKL_MAIL_CONTACT"]

    def _mail(self, entry: Delivery | Withdrawal, coordinators: dict[str, tuple[Recipient, ...]]) -> Mail:
        path = self.path_of(entry)
        if (sent := _read_marker(path)) is not None:
            return Mail(entry, path, *sent)
        recipients = self._recipients(coordinators, entry.supplier_id)
        return Mail(entry, path, None, tuple(r for r in recipients if not r.is_placeholder))

    def _recipients(self, coordinators: dict[str, tuple[Recipient, ...]], supplier_id: str) -> tuple[Recipient, ...]:
        return coordinators.get(supplier_id) or (Recipient("", self._settings.mail_contact),)

    def _coordinators(self) -> dict[str, tuple[Recipient, ...]]:
        path = self._home.coordinators_file
        try:
            return read_coordinators(path.read_text(encoding="utf-8-sig")) if path.exists() else {}
        except UnicodeDecodeError:
            raise Refused(f"{path} is not UTF-8: save it as such") from None
        except Refused as error:
            raise Refused(f"{path}: {error}") from None

    @contextmanager
    def _only_sender(self) -> Iterator[None]:
        """One process at a time, so that no mail is sent by two."""
        with (self._home.reports / ".sending").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _readdressed(mail: Mail) -> EmailMessage:
    """The message with the addresses of today: its supplier may have another coordinator by now."""
    message = message_from_bytes(mail.path.read_bytes(), EmailMessage, policy=SMTP)
    present = message["To"].addresses if message["To"] else ()
    if [(a.display_name, a.addr_spec) for a in present] != [(r.name, r.email) for r in mail.to]:
        del message["To"]
        message["To"] = addresses(mail.to)
        write_atomically(mail.path, message.as_bytes())
    return message


def _count(mails: Sequence[Mail]) -> str:
    return "1 mail is" if len(mails) == 1 else f"{len(mails)} mails are"


def _marker(path: Path) -> Path:
    return path.with_suffix(".sent")


def _mark_sent(mail: Mail) -> None:
    content = {"sent_at": datetime.now(UTC).isoformat(), "to": [r.email for r in mail.to]}
    try:
        write_atomically(_marker(mail.path), json.dumps(content).encode("utf-8"))
    except OSError as error:
        raise Refused(
            f"{_marker(mail.path)} cannot be written ({os.strerror(error.errno or 0)}): the mail went out, and will go "
            "out again"
        ) from None


def _read_marker(path: Path) -> tuple[datetime, tuple[Recipient, ...]] | None:
    try:
        content = json.loads(_marker(path).read_bytes())
        return datetime.fromisoformat(content["sent_at"]), tuple(Recipient("", email) for email in content["to"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise Refused(f"{_marker(path)} is not readable: remove it to send the mail again") from None

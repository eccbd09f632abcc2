"""The queue of mails: each is kept as ``.eml`` and submitted to the mail server at least once.

A marker ``000012-mail.sent`` beside ``000012-mail.eml`` records that it was sent.
"""

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
from dakl_pipeline.mail.message import addresses
from dakl_pipeline.mail.recipients import Recipient
from resources.mail.server import MailNotTaken, MailServer, ServerUnavailable
from resources.storage.files import locked, write_atomically


@dataclass(frozen=True)
class OutgoingMail:
    """A message in the queue.

    Attributes:
        about: Its subject, as named in problems.
        path: The message.
        sent_at: When it was submitted to the mail server; None while it waits.
        to: Its recipients, or its present ones while it waits; empty when no address is known.
    """

    about: str
    path: Path
    sent_at: datetime | None
    to: tuple[Recipient, ...]


def when_sent(path: Path) -> tuple[datetime, tuple[Recipient, ...]] | None:
    """When a message was submitted to the mail server, and its recipients; None while it waits.

    Raises:
        Refused: If its marker cannot be read.
    """
    try:
        content = json.loads(_marker(path).read_bytes())
        return datetime.fromisoformat(content["sent_at"]), tuple(Recipient("", email) for email in content["to"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise Refused(f"{_marker(path)} is not readable: remove it to send the mail again") from None


class Outbox:
    """Sends the mails of a folder.

    Args:
        folder: The folder that holds them, directly or in subfolders; it exists when there is a mail to send.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(
        self,
        mails: Sequence[OutgoingMail],
        server: MailServer,
        *,
        retry_delays: Sequence[float],
        sleep: Callable[[float], None] = time.sleep,
    ) -> list[str]:
        """Send the waiting mails, each at least once; mails that cannot be sent keep waiting.

        Args:
            mails: Mails; sent ones and ones without a recipient are skipped.
            server: The mail server.
            retry_delays: Seconds before each further attempt.
            sleep: Waits a number of seconds.

        Returns:
            The problems, one line each; empty when every mail was sent.
        """
        waiting = [mail for mail in mails if mail.sent_at is None and mail.to]
        problems: list[str] = []
        for pause in (*retry_delays, None):
            if not waiting:
                break
            waiting, final, passing = self._attempt(waiting, server)
            problems += final
            if pause is None or not passing:
                problems += passing
                break
            sleep(pause)
        return problems

    def _attempt(
        self, waiting: Iterable[OutgoingMail], server: MailServer
    ) -> tuple[list[OutgoingMail], list[str], list[str]]:
        """Try every mail once.

        Returns:
            The mails for which a retry may help, the permanent problems, and the temporary ones.
        """
        again, final, passing = list(waiting), [], []
        try:
            # One process at a time, so that no two processes send the same mail.
            with locked(self._folder / ".sending"), server.connected() as connection:
                for mail in tuple(again):
                    if _marker(mail.path).exists():
                        again.remove(mail)
                        continue
                    try:
                        message = _readdressed(mail)
                    except Refused as error:
                        final.append(f"the mail of {mail.about} waits: {error}")
                        again.remove(mail)
                        continue
                    try:
                        refused = connection.submit(message, [r.email for r in mail.to])
                        _mark_sent(mail)
                        if refused:
                            final.append(
                                f"the mail of {mail.about} was sent, but the mail server did not accept "
                                f"{refused} of its {len(mail.to)} addresses"
                            )
                    except MailNotTaken as error:
                        problem = f"the mail of {mail.about} waits: {error}"
                        if not error.is_final:
                            passing.append(problem)
                            continue
                        final.append(problem)
                    again.remove(mail)
        except ServerUnavailable as error:
            if again:
                passing = [f"{_count(again)} waiting: {error}"]
        except DaklError as error:
            final.append(f"{_count(again)} waiting: {error}")
            again = []
        return again, final, passing


def is_addressed_to(mail: OutgoingMail) -> bool:
    """Whether a message is addressed to its present recipients."""
    return _is_to(_read(mail), mail.to)


def _readdressed(mail: OutgoingMail) -> EmailMessage:
    """The message with its present recipients, who may have changed since it was made."""
    message = _read(mail)
    if not _is_to(message, mail.to):
        del message["To"]
        message["To"] = addresses(mail.to)
        with _writing(mail.path, "its mail was not sent"):
            write_atomically(mail.path, message.as_bytes())
    return message


def _read(mail: OutgoingMail) -> EmailMessage:
    try:
        content = mail.path.read_bytes()
    except OSError as error:
        raise Refused(f"{mail.path} cannot be read ({os.strerror(error.errno or 0)})") from None
    return message_from_bytes(content, EmailMessage, policy=SMTP)


def _is_to(message: EmailMessage, to: Sequence[Recipient]) -> bool:
    present = message["To"].addresses if message["To"] else ()
    return [(a.display_name, a.addr_spec) for a in present] == [(r.name, r.email) for r in to]


def _count(mails: Sequence[OutgoingMail]) -> str:
    return "1 mail is" if len(mails) == 1 else f"{len(mails)} mails are"


def _marker(path: Path) -> Path:
    return path.with_suffix(".sent")


def _mark_sent(mail: OutgoingMail) -> None:
    content = {"sent_at": datetime.now(UTC).isoformat(), "to": [r.email for r in mail.to]}
    with _writing(_marker(mail.path), "the mail was sent, and will be sent again"):
        write_atomically(_marker(mail.path), json.dumps(content).encode("utf-8"))


@contextmanager
def _writing(path: Path, consequence: str) -> Iterator[None]:
    """Refuse in place of an ``OSError``, which would be taken for the connection to the mail server."""
    try:
        yield
    except OSError as error:
        problem = os.strerror(error.errno or 0)
        raise Refused(f"{path} cannot be written ({problem}): {consequence}") from None

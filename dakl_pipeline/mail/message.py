"""The message itself: headers, text and HTML.

Belongs here: making a message, the same bytes for the same entry, and reading who a coordinator is. Does not belong
here: what it says (``notice``) and how it is sent (``resources``).
"""

import csv
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from io import StringIO

from dakl_pipeline.errors import Refused
from dakl_pipeline.intake.log import Entry
from dakl_pipeline.mail.notice import Notice
from dakl_pipeline.mail.rendering import as_html, as_text

COLUMNS = ("supplier_id", "name", "email")
_SENDER = "CBS Monitor Dakloosheid"
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
# Names that exist on no network (RFC 2606): what a home has before its own address is set.
_PLACEHOLDER = re.compile(r".*[@.](example(\.(com|net|org))?|invalid|test)", re.IGNORECASE)


@dataclass(frozen=True)
class Recipient:
    """Somebody who gets mails.

    Attributes:
        name: As shown; may be empty.
        email: The address.
    """

    name: str
    email: str

    @property
    def is_placeholder(self) -> bool:
        """Whether no mail can arrive there."""
        return bool(_PLACEHOLDER.fullmatch(self.email))


def is_address(text: str) -> bool:
    """Whether a text is a plain mail address."""
    return bool(_ADDRESS.fullmatch(text))


def read_coordinators(text: str) -> dict[str, tuple[Recipient, ...]]:
    """Read who gets the mails of which supplier.

    Args:
        text: CSV with the columns ``supplier_id``, ``name`` and ``email``, separated by ``,`` or ``;``. A supplier may
            have several rows.

    Returns:
        The recipients by supplier, in the order of the file.

    Raises:
        Refused: If a line is not right; says which.
    """
    separator = ";" if ";" in text.partition("\n")[0] else ","
    rows = csv.DictReader(StringIO(text), delimiter=separator)
    if rows.fieldnames is None or [name.strip().lower() for name in rows.fieldnames] != list(COLUMNS):
        raise Refused(f"the first line must be {','.join(COLUMNS)}")
    found: dict[str, tuple[Recipient, ...]] = {}
    for row in rows:
        supplier, name, email = ((row[field] or "").strip() for field in rows.fieldnames)
        if None in row or not supplier or not is_address(email) or not name.isprintable():
            raise Refused(f"line {rows.line_num} needs a supplier id, a name and one mail address")
        found[supplier] = (*found.get(supplier, ()), Recipient(name, email))
    return found


def compose(entry: Entry, notice: Notice, *, to: Sequence[Recipient], sender: str, reply_to: str) -> EmailMessage:
    """Make the message about an entry of the log.

    Args:
        entry: The entry.
        notice: What it says.
        to: Who gets it.
        sender: Address that it comes from.
        reply_to: Address for questions.

    Returns:
        A message with plain text and HTML; the same for the same arguments.
    """
    head = _Head(_identifier(entry), entry.delivery_id, entry.recorded_at)
    return _compose(head, notice, to=to, sender=sender, reply_to=reply_to)


def compose_alert(
    identifier: str, at: datetime, notice: Notice, *, to: Sequence[Recipient], sender: str, reply_to: str
) -> EmailMessage:
    """Make a message to the analyst.

    Args:
        identifier: Tells it from all others.
        at: When the message is from.
        notice: What it says.
        to: Who gets it.
        sender: Address that it comes from.
        reply_to: Address for questions.

    Returns:
        A message with plain text and HTML; the same for the same arguments.
    """
    return _compose(_Head(identifier, identifier, at), notice, to=to, sender=sender, reply_to=reply_to)


@dataclass(frozen=True)
class _Head:
    """What tells messages apart.

    Attributes:
        identifier: Unique, for Message-ID.
        name: Short, for the boundary between the parts.
        date: When the message is from.
    """

    identifier: str
    name: str
    date: datetime


def _compose(head: _Head, notice: Notice, *, to: Sequence[Recipient], sender: str, reply_to: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = f"<{head.identifier}@{reply_to.partition('@')[2]}>"
    message["Date"] = format_datetime(head.date)
    message["From"] = Address(_SENDER, addr_spec=sender)
    message["Reply-To"] = Address(_SENDER, addr_spec=reply_to)
    message["To"] = addresses(to)
    message["Subject"] = f"Monitor Dakloosheid: {notice.subject}"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(as_text(notice), cte="quoted-printable")
    message.add_alternative(as_html(notice), subtype="html", cte="quoted-printable")
    # Only now: content takes its own headers along and throws others away.
    message["Content-Language"] = "nl"
    # The library would draw a random one; `=_` stands in no quoted-printable text.
    message.set_boundary(f"=_dakl-{head.name}")
    return message


def addresses(to: Sequence[Recipient]) -> tuple[Address, ...]:
    """Recipients as the value of a header."""
    return tuple(Address(recipient.name, addr_spec=recipient.email) for recipient in to)


def _identifier(entry: Entry) -> str:
    digest = hashlib.sha256(entry.model_dump_json().encode("utf-8")).hexdigest()
    return f"{entry.delivery_id}.{digest[:16]}"

"""Composes the mail message: headers, text, HTML and attachments."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from dakl_pipeline.deliveries.log import Entry
from dakl_pipeline.mail.attachments import Attachment
from dakl_pipeline.mail.content import MailContent
from dakl_pipeline.mail.recipients import Recipient, greeting_of
from dakl_pipeline.mail.rendering import as_html, as_text

_SENDER = "CBS Monitor Dakloosheid"
_ANALYST = "Beste collega,"


def compose(
    entry: Entry,
    content: MailContent,
    *,
    to: Sequence[Recipient],
    sender: str,
    reply_to: str,
    attachments: Sequence[Attachment] = (),
) -> EmailMessage:
    """Compose the mail about a log entry.

    Args:
        entry: The entry.
        content: Content of the mail.
        to: Recipients.
        sender: Address of the sender.
        reply_to: Address for questions.
        attachments: Attachments.

    Returns:
        A message with plain text and HTML; the same arguments give the same message.
    """
    head = _Head(_identifier(entry), entry.delivery_id, entry.recorded_at, greeting_of(to))
    message = _compose(head, content, to=to, sender=sender, reply_to=reply_to)
    for each in attachments:
        maintype, _, subtype = each.media_type.partition("/")
        charset = {"charset": "utf-8"} if maintype == "text" else {}
        message.add_attachment(
            each.content, maintype=maintype, subtype=subtype, cte="base64", filename=each.name, params=charset
        )
    if attachments:
        message.set_boundary(f"=_dakl-with-{head.name}")
    return message


def compose_alert(
    identifier: str, at: datetime, content: MailContent, *, to: Sequence[Recipient], sender: str, reply_to: str
) -> EmailMessage:
    """Compose a mail to the analyst.

    Args:
        identifier: Unique identifier of the message.
        at: Date and time of the message.
        content: Content of the mail.
        to: Recipients.
        sender: Address of the sender.
        reply_to: Address for questions.

    Returns:
        A message with plain text and HTML; the same arguments give the same message.
    """
    return _compose(_Head(identifier, identifier, at, _ANALYST), content, to=to, sender=sender, reply_to=reply_to)


@dataclass(frozen=True)
class _Head:
    """The parts that differ between messages with the same content.

    Attributes:
        identifier: Unique identifier, for Message-ID.
        name: Short name, for the boundary between the parts.
        date: Date and time of the message.
        greeting: The first line.
    """

    identifier: str
    name: str
    date: datetime
    greeting: str


def _compose(head: _Head, content: MailContent, *, to: Sequence[Recipient], sender: str, reply_to: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["Message-ID"] = f"<{head.identifier}@{reply_to.partition('@')[2]}>"
    message["Date"] = format_datetime(head.date)
    message["From"] = Address(_SENDER, addr_spec=sender)
    message["Reply-To"] = Address(_SENDER, addr_spec=reply_to)
    message["To"] = addresses(to)
    message["Subject"] = content.subject
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(as_text(content, head.greeting), cte="quoted-printable")
    message.add_alternative(as_html(content, head.greeting), subtype="html", cte="quoted-printable")
    # Set last, because setting the content replaces Content-* headers.
    message["Content-Language"] = "nl"
    # The library would draw a random boundary; `=_` never occurs in quoted-printable text.
    message.set_boundary(f"=_dakl-{head.name}")
    return message


def addresses(to: Sequence[Recipient]) -> tuple[Address, ...]:
    """Return recipients as the value of a header."""
    return tuple(Address(recipient.name, addr_spec=recipient.email) for recipient in to)


def _identifier(entry: Entry) -> str:
    digest = hashlib.sha256(entry.model_dump_json().encode("utf-8")).hexdigest()
    return f"{entry.delivery_id}.{digest[:16]}"

"""Reading mails back, as a mail program does."""

import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from io import BytesIO
from pathlib import Path


def read_mail(path: Path) -> EmailMessage:
    """The message in a file, which must be well-formed."""
    message = message_from_bytes(path.read_bytes(), EmailMessage, policy=SMTP)
    assert [part.defects for part in message.walk() if part.defects] == []
    return message


def body_of(message: EmailMessage, kind: str) -> str:
    """The text (``plain``) or the page (``html``)."""
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def attachments_of(message: EmailMessage) -> dict[str, bytes]:
    """The attachments by name."""
    return {str(part.get_filename()): part.get_payload(decode=True) for part in message.iter_attachments()}  # type: ignore[misc]


def contents_of(message: EmailMessage) -> Iterator[bytes]:
    """Everything readable in a message: headers, bodies, attachments, and the files packed in those."""
    yield "\n".join(map(str, message.values())).encode("utf-8")
    for part in message.walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            yield from unpacked(content)


def unpacked(content: bytes) -> Iterator[bytes]:
    """A file, or its members if it is a zip, such as a workbook."""
    if not zipfile.is_zipfile(BytesIO(content)):
        yield content
        return
    with zipfile.ZipFile(BytesIO(content)) as archive:
        for name in archive.namelist():
            yield name.encode("utf-8")
            yield from unpacked(archive.read(name))

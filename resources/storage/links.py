"""The links of an append-only log: each ties an entry to the previous one by digests."""

import hashlib
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from resources.storage.files import digest_of, write_atomically

ENTRY_FILE, LINK_FILE = "entry.json", "link.json"
INCOMING_PREFIX = ".incoming-"
HEAD_FILE = ".head"
# The previous digest of the first link.
NOTHING = "0" * 64
# Six digits, or more when needed: one name per sequence number.
ENTRY_NAME = re.compile("(?!0{6})[0-9]{6}|[1-9][0-9]{6,}")
_SHA256 = Field(pattern="^[0-9a-f]{64}$")


class Link(BaseModel):
    """Ties an entry to the previous one.

    Attributes:
        sequence: Place in the log, from 1.
        previous: Digest of the previous link.
        entry: Digest of the entry.
        payloads: Digests of the files beside it, by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    sequence: int = Field(ge=1)
    previous: str = _SHA256
    entry: str = _SHA256
    payloads: dict[str, str] = Field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """The content of its file."""
        return self.model_dump_json(indent=2).encode() + b"\n"


class Head(BaseModel):
    """A link of a log as it was recorded elsewhere, mostly the last one.

    Attributes:
        sequence: Place in the log, from 1.
        digest: Digest of the link.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    sequence: int = Field(ge=0)
    digest: str = _SHA256

    @classmethod
    def of(cls, link: Link) -> "Head":
        """The head of a log of which this is the last link."""
        return cls(sequence=link.sequence, digest=hashlib.sha256(link.to_bytes()).hexdigest())


def chain(root: Path, payloads_of: Callable[[Path], Mapping[str, str]]) -> int:
    """Write the links of a log without links, as in format 0.

    Args:
        root: The folder of the log.
        payloads_of: Returns the digest of each payload of an entry, by name, from its folder.

    Returns:
        The number of entries.

    Raises:
        OSError: If something cannot be read or written.
    """
    previous, link = NOTHING, None
    names = names_in(root)
    for folder in (root / name for name in names):
        link = Link(
            sequence=int(folder.name),
            previous=previous,
            entry=digest_of(folder / ENTRY_FILE),
            payloads=dict(payloads_of(folder)),
        )
        write_atomically(folder / LINK_FILE, link.to_bytes())
        previous = hashlib.sha256(link.to_bytes()).hexdigest()
    if link is not None:
        write_head(root, link)
    return len(names)


def restore_head(root: Path) -> None:
    """Write the head of a log that has none, as after a restore.

    Args:
        root: The folder of the log; it may have no entries.

    Raises:
        OSError: If it cannot be written.
    """
    names = names_in(root)
    if names and not (root / HEAD_FILE).exists():
        with suppress(OSError, ValidationError):
            write_head(root, Link.model_validate_json((root / names[-1] / LINK_FILE).read_bytes()))


def write_head(root: Path, link: Link) -> None:
    """Record the last link of a log.

    Raises:
        OSError: If it cannot be written.
    """
    head = Head.of(link)
    write_atomically(root / HEAD_FILE, f"{head.sequence} {head.digest}\n".encode("ascii"))


def read_head(root: Path) -> Head | None:
    """The last link as the log itself recorded it; None when that file is gone or unreadable."""
    with suppress(OSError, ValueError):
        sequence, digest = (root / HEAD_FILE).read_text(encoding="ascii").split()
        return Head(sequence=int(sequence), digest=digest)
    return None


def last_link(root: Path) -> Head | None:
    """The link of the last entry that is in a log; None when it has none, or its link is gone."""
    names = names_in(root)
    with suppress(OSError):
        if names:
            return Head(sequence=int(names[-1]), digest=digest_of(root / names[-1] / LINK_FILE))
    return None


def names_in(root: Path) -> list[str]:
    """The names of the entries in a folder, in the order of logging; none when it is not there."""
    names = [path.name for path in root.iterdir()] if root.is_dir() else []
    return sorted(filter(ENTRY_NAME.fullmatch, names), key=int)


def name_of(sequence: int) -> str:
    """The name of the entry at a place in a log."""
    return f"{sequence:06d}"

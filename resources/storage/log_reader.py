"""Reading an append-only log: its entries and links, and which payloads were destroyed."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Generic, Literal, Protocol, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from dakl_pipeline.errors import Refused
from resources.storage.links import ENTRY_FILE, INCOMING_PREFIX, LINK_FILE, Link, name_of, names_in


class Tombstone(BaseModel):
    """Records that a payload was destroyed on purpose; its entry stays.

    Attributes:
        sequence: Place in the log, from 1.
        recorded_at: When it was destroyed.
        recorded_by: Account that destroyed it.
        destroys: Place of its entry in the log.
        payload: Name of the file.
        why: The reason, without numbers that could be a person's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kind: Literal["tombstone"] = "tombstone"
    sequence: int = Field(ge=1)
    recorded_at: AwareDatetime
    recorded_by: str
    destroys: int = Field(ge=1)
    payload: str
    why: str


class Numbered(Protocol):
    """The interface of every entry."""

    @property
    def sequence(self) -> int:
        """Place in the log, from 1."""
        ...

    def model_dump_json(self, *, indent: int | None = None) -> str:
        """The entry as it is kept."""
        ...


E = TypeVar("E", bound=Numbered)


class LogReader(Generic[E]):
    """Reads one log.

    Args:
        root: Its folder.
        entries: The types of its entries.
        name: Its name in errors, such as *delivery log*.
        payload: Name of a file beside an entry in errors, such as *file of delivery*.
    """

    def __init__(self, root: Path, entries: TypeAdapter[E], *, name: str, payload: str = "file of entry") -> None:
        self.root = root
        self.name = name
        self.payload = payload
        self._entries = entries
        self._tombstones: TypeAdapter[Tombstone] = TypeAdapter(Tombstone)
        # Entries never change: what was read is kept as long as the file is the one that was read.
        self._read: dict[str, tuple[tuple[int, int, int], E | Tombstone]] = {}

    def entries(self) -> list[E]:
        """Every entry except the tombstones, in the order of logging.

        Raises:
            Refused: If an entry is unreadable or missing; names it.
        """
        found = []
        for sequence, name in enumerate(self.names(), start=1):
            if name != name_of(sequence):
                raise self.gone(sequence)
            found.append(self.entry(name))
        return [entry for entry in found if not isinstance(entry, Tombstone)]

    def readable_entries(self) -> list[E]:
        """The entries that can be read, in the order of logging."""
        return [entry for entry in self._readable(self.names()) if not isinstance(entry, Tombstone)]

    def newest_first(self) -> Iterator[E]:
        """The entries that can be read, each read only when it is asked for."""
        return (entry for entry in self._readable(reversed(self.names())) if not isinstance(entry, Tombstone))

    def entry(self, name: str) -> E | Tombstone:
        """The entry with this name.

        Raises:
            Refused: If it is unreadable.
        """
        path = self.root / name / ENTRY_FILE
        with suppress(OSError, ValidationError):
            status = path.stat()
            state = (status.st_ino, status.st_size, status.st_mtime_ns)
            if name in self._read and self._read[name][0] == state:
                return self._read[name][1]
            entry = self._parsed(path.read_bytes())
            if name_of(entry.sequence) == name:
                self._read[name] = (state, entry)
                return entry
        raise self._unreadable(name)

    def link(self, sequence: int) -> Link:
        """The link of an entry.

        Raises:
            Refused: If it is unreadable.
        """
        try:
            return Link.model_validate_json((self.folder(sequence) / LINK_FILE).read_bytes())
        except (OSError, ValidationError):
            raise self._unreadable(name_of(sequence)) from None

    def names(self) -> list[str]:
        """The names of all entries, including tombstones, in the order of logging, without reading them."""
        return names_in(self.root)

    def folder(self, sequence: int) -> Path:
        """The folder of an entry."""
        return self.root / name_of(sequence)

    def tombstone_of(self, sequence: int, payload: str) -> Tombstone | None:
        """The tombstone of a payload; None when it was not destroyed."""
        return self.destroyed().get((sequence, payload))

    def destroyed(self) -> dict[tuple[int, str], Tombstone]:
        """The tombstones, by place of the entry and name of the payload."""
        readable = self._readable(self.names())
        return {(each.destroys, each.payload): each for each in readable if isinstance(each, Tombstone)}

    def stale_temp_folders(self) -> Iterator[Path]:
        """Unlocked temporary folders left by killed processes; each is locked while the caller handles it."""
        for folder in self.root.glob(f"{INCOMING_PREFIX}*"):
            # Its owner may be removing it at this moment.
            with suppress(FileNotFoundError):
                descriptor = os.open(folder, os.O_RDONLY)
                try:
                    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                else:
                    yield folder
                finally:
                    os.close(descriptor)

    def gone(self, sequence: int) -> Refused:
        """The error about an entry that is missing."""
        name = name_of(sequence)
        return Refused(f"entry {name} is gone from the {self.name}: restore {self.root / name}")

    def _readable(self, names: Iterator[str] | list[str]) -> Iterator[E | Tombstone]:
        """The entries that can be read, or could be once in this process: to look at each again takes long."""
        for name in names:
            with suppress(Refused):
                yield self._read[name][1] if name in self._read else self.entry(name)

    def _parsed(self, content: bytes) -> E | Tombstone:
        try:
            return self._entries.validate_json(content)
        except ValidationError:
            return self._tombstones.validate_json(content)

    def _unreadable(self, name: str) -> Refused:
        return Refused(f"entry {name} of the {self.name} is not readable: restore {self.root / name}")

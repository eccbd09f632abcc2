"""An append-only log: numbered entries, written atomically and chained so that any change is detected.

``000012/`` holds ``entry.json``, the files that came with it (its payloads) and ``link.json``: the digests of these and
of the previous link. A folder is completed under another name and then renamed, so a reader sees all of it or nothing.
A link holds only the digest of a payload, so the chain still verifies after a payload is destroyed; a tombstone entry
records that. ``.head`` names the last link, so that the loss of the last entries is detected too.
"""

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, Protocol, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from dakl_pipeline.errors import Refused
from resources.storage.files import digest_of, locked, sync, write_atomically

ENTRY_FILE, LINK_FILE = "entry.json", "link.json"
_HEAD = ".head"
_INCOMING_PREFIX = ".incoming-"
# Six digits, or more when needed: one name per sequence number.
_ENTRY_NAME = re.compile("(?!0{6})[0-9]{6}|[1-9][0-9]{6,}")
# The previous digest of the first link.
_NOTHING = "0" * 64
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


@dataclass(frozen=True)
class Head:
    """The last link of a log, as far as is known."""

    sequence: int
    digest: str


class AppendLog(Generic[E]):
    """One log.

    Args:
        root: Its folder; made when the first entry is written.
        entries: The types of its entries.
        name: Its name in errors, such as *delivery log*.
        payload: Name of a file beside an entry in errors, such as *file of delivery*.
    """

    def __init__(self, root: Path, entries: TypeAdapter[E], *, name: str, payload: str = "file of entry") -> None:
        self._root = root
        self._entries = entries
        self._tombstones: TypeAdapter[Tombstone] = TypeAdapter(Tombstone)
        self._name = name
        self._payload = payload
        # Entries never change: what was read is kept as long as the file is the one that was read.
        self._read: dict[str, tuple[tuple[int, int, int], E | Tombstone]] = {}

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A folder for the payloads of the next entry, removed at the end unless :meth:`append` took it in.

        Raises:
            OSError: If it cannot be made.
        """
        self._root.mkdir(parents=True, exist_ok=True)
        with self._locked():
            folder = self._incoming_folder()
            # While this process locks the folder, no other takes it for a leftover of a crash.
            descriptor = os.open(folder, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(descriptor)

    def append(
        self,
        make_entry: Callable[[int], E],
        *,
        staged: Path | None = None,
        payloads: Mapping[str, str] | None = None,
    ) -> E:
        """Log an entry with its payloads, atomically.

        Args:
            make_entry: Makes the entry from its place in the log, while other processes are locked out.
            staged: The folder with its payloads, from :meth:`staging`.
            payloads: Digest of each payload, by name.

        Returns:
            The entry as logged.

        Raises:
            Refused: If it cannot be written; nothing is logged then.
        """
        with self._writing():
            self._root.mkdir(parents=True, exist_ok=True)
            with self._locked():
                entry = make_entry(self._next_sequence())
                self._log(entry, staged, payloads or {})
        return entry

    def destroy(
        self, sequence: int, payload: str, *, recorded_at: AwareDatetime, recorded_by: str, why: str
    ) -> Tombstone:
        """Destroy a payload and log it. After a crash halfway it can be repeated: it is logged once.

        Args:
            sequence: Place of the entry.
            payload: Name of the file beside it.
            recorded_at: The current time.
            recorded_by: Account that destroys it.
            why: The reason.

        Raises:
            Refused: If there is no such payload, or the log cannot be written.
        """
        folder = self._folder(sequence)
        if payload not in self._link(folder).payloads:
            raise Refused(f"there is no such {self._payload} {folder.name}: nothing was destroyed")
        with self._writing(), self._locked():
            known = self._destroyed().get((sequence, payload))
            tombstone = known or Tombstone(
                sequence=self._next_sequence(),
                recorded_at=recorded_at,
                recorded_by=recorded_by,
                destroys=sequence,
                payload=payload,
                why=why,
            )
            # Logged first, so that after a crash no payload is missing without a tombstone.
            if known is None:
                self._log(tombstone, None, {})
            (folder / payload).unlink(missing_ok=True)
            sync(folder)
        return tombstone

    def entries(self) -> list[E]:
        """Every entry except the tombstones, in the order of logging.

        Raises:
            Refused: If an entry is unreadable or missing; names it.
        """
        found = []
        for sequence, name in enumerate(self.names(), start=1):
            if name != _name_of(sequence):
                raise self._gone(sequence)
            found.append(self._read_entry(name))
        return [entry for entry in found if not isinstance(entry, Tombstone)]

    def readable_entries(self) -> list[E]:
        """The entries that can be read, in the order of logging."""
        return [entry for entry in self._readable() if not isinstance(entry, Tombstone)]

    def entry(self, name: str) -> E | Tombstone:
        """The entry with this name.

        Raises:
            Refused: If it is unreadable.
        """
        return self._read_entry(name)

    def names(self) -> list[str]:
        """The names of all entries, including tombstones, in the order of logging, without reading them."""
        return _names(self._root)

    def tombstone_of(self, sequence: int, payload: str) -> Tombstone | None:
        """The tombstone of a payload; None when it was not destroyed."""
        return self._destroyed().get((sequence, payload))

    def verify(self) -> list[str]:
        """The differences from what was logged, one line each: entries in the order of the log, then payloads.

        A missing entry may be the tombstone of a missing payload, so faults of entries come first.
        """
        names, head, destroyed = set(self.names()), self._head(), self._destroyed()
        last = max([*map(int, names), head.sequence if head else 0], default=0)
        # The actual digest of each link, and the digest that the next link (or the head) records for it.
        digests: dict[int, str] = {}
        said: dict[int, str] = {head.sequence: head.digest} if head else {}
        faults: dict[int, list[str]] = {sequence: [] for sequence in range(1, last + 1)}
        of_payloads: list[str] = []
        for sequence, found in faults.items():
            folder = self._folder(sequence)
            try:
                if folder.name not in names:
                    raise self._gone(sequence)
                self._read_entry(folder.name)
                link = self._link(folder)
                digests[sequence] = digest_of(folder / LINK_FILE)
                said[sequence - 1] = link.previous
                if link.sequence != sequence or digest_of(folder / ENTRY_FILE) != link.entry:
                    raise self._changed(sequence)
                of_payloads += self._payload_faults(sequence, link, destroyed)
            except Refused as error:
                found.append(str(error))
        for sequence in range(last + 1):
            # Missing and unreadable entries were reported above.
            known = digests.get(sequence) if sequence else _NOTHING
            if known is None or said.get(sequence, known) == known:
                continue
            # Of two links that do not match, the later one is at fault if it does not match its own successor either.
            later = sequence + 1
            is_later_right = sequence > 0 and (later not in said or said[later] == digests.get(later))
            at_fault = sequence if is_later_right else later
            faults[at_fault] = faults[at_fault] or [str(self._changed(at_fault))]
        return [*(fault for found in faults.values() for fault in found), *of_payloads, *self._stray_folders()]

    def stale_temp_folders(self) -> Iterator[Path]:
        """Unlocked temporary folders left by killed processes; each is locked while the caller handles it."""
        for folder in self._root.glob(f"{_INCOMING_PREFIX}*"):
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

    def _log(self, entry: E | Tombstone, staged: Path | None, payloads: Mapping[str, str]) -> None:
        """Write an entry with its link. The caller locks out other processes."""
        for folder in self.stale_temp_folders():
            shutil.rmtree(folder, ignore_errors=True)
        content = entry.model_dump_json(indent=2).encode() + b"\n"
        link = Link(
            sequence=entry.sequence,
            previous=self._last().digest,
            entry=hashlib.sha256(content).hexdigest(),
            payloads=dict(payloads),
        )
        with self._writing():
            folder = staged or self._incoming_folder()
            try:
                _write(folder / ENTRY_FILE, content)
                _write(folder / LINK_FILE, link.to_bytes())
                sync(folder)
                folder.rename(self._folder(entry.sequence))
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            sync(self._root)
        # The entry is logged already, and an outdated head does no harm.
        with suppress(OSError):
            write_head(self._root, link)

    def _next_sequence(self) -> int:
        return self._last().sequence + 1

    def _last(self) -> Head:
        """The last link: that of the last entry, or the head if that entry is missing or its link damaged."""
        head, sequence = self._head(), max(map(int, self.names()), default=0)
        if head is not None and head.sequence >= sequence:
            return head
        digest = _NOTHING
        if sequence:
            with suppress(OSError):
                digest = digest_of(self._folder(sequence) / LINK_FILE)
        return Head(sequence, digest)

    def _head(self) -> Head | None:
        try:
            sequence, digest = (self._root / _HEAD).read_text(encoding="ascii").split()
            return Head(int(sequence), digest)
        except (OSError, ValueError):
            return None

    def _stray_folders(self) -> Iterator[str]:
        """Reports folders that look like an entry but are none, and a head that does not name the last entry."""
        if not self._root.is_dir():
            return
        for path in sorted(self._root.glob("[0-9]*")):
            if path.is_dir() and path.name.isdigit() and not _ENTRY_NAME.fullmatch(path.name):
                yield f"{path} is not an entry of the {self._name}: move it away"
        # After the first entry a process may have been killed before it wrote the head.
        if self._head() is None and len(self.names()) > 1:
            yield (
                f"{self._root / _HEAD} is gone or unreadable, so entries at the end of the {self._name} may be lost: "
                "compare it with a backup; the next entry writes it again"
            )

    def _readable(self) -> Iterator[E | Tombstone]:
        """The entries that can be read, or could be once in this process: to look at each again takes long."""
        for name in self.names():
            with suppress(Refused):
                yield self._read[name][1] if name in self._read else self._read_entry(name)

    def _destroyed(self) -> dict[tuple[int, str], Tombstone]:
        return {(e.destroys, e.payload): e for e in self._readable() if isinstance(e, Tombstone)}

    def _payload_faults(
        self, sequence: int, link: Link, destroyed: Mapping[tuple[int, str], Tombstone]
    ) -> Iterator[str]:
        folder = self._folder(sequence)
        for payload, digest in link.payloads.items():
            tombstone = destroyed.get((sequence, payload))
            try:
                is_same = digest_of(folder / payload) == digest
            except OSError:
                if tombstone is None:
                    yield f"the {self._payload} {folder.name} is gone: restore it"
                continue
            if tombstone is not None:
                yield (
                    f"the {self._payload} {folder.name} is there, though entry {_name_of(tombstone.sequence)} says "
                    "that it was destroyed: destroy it again"
                )
            elif not is_same:
                yield f"the {self._payload} {folder.name} was changed after receipt: restore it"

    def _read_entry(self, name: str) -> E | Tombstone:
        path = self._root / name / ENTRY_FILE
        with suppress(OSError, ValidationError):
            status = path.stat()
            state = (status.st_ino, status.st_size, status.st_mtime_ns)
            if name in self._read and self._read[name][0] == state:
                return self._read[name][1]
            entry = self._parsed(path.read_bytes())
            if _name_of(entry.sequence) == name:
                self._read[name] = (state, entry)
                return entry
        raise self._unreadable(name)

    def _parsed(self, content: bytes) -> E | Tombstone:
        try:
            return self._entries.validate_json(content)
        except ValidationError:
            return self._tombstones.validate_json(content)

    def _link(self, folder: Path) -> Link:
        try:
            return Link.model_validate_json((folder / LINK_FILE).read_bytes())
        except (OSError, ValidationError):
            raise self._unreadable(folder.name) from None

    def _unreadable(self, name: str) -> Refused:
        return Refused(f"entry {name} of the {self._name} is not readable: restore {self._root / name}")

    def _gone(self, sequence: int) -> Refused:
        name = _name_of(sequence)
        return Refused(f"entry {name} is gone from the {self._name}: restore {self._root / name}")

    def _changed(self, sequence: int) -> Refused:
        name = _name_of(sequence)
        return Refused(f"entry {name} of the {self._name} is not the one that was logged: restore {self._root / name}")

    def _folder(self, sequence: int) -> Path:
        return self._root / _name_of(sequence)

    def _incoming_folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix=_INCOMING_PREFIX, dir=self._root))

    def _locked(self) -> AbstractContextManager[None]:
        return locked(self._root / ".lock")

    def _writing(self) -> AbstractContextManager[None]:
        return writing(self._name)


@contextmanager
def writing(name: str) -> Iterator[None]:
    """Turn write errors of a log into a plain message.

    Args:
        name: Name of the log.

    Raises:
        Refused: In place of an ``OSError``.
    """
    try:
        yield
    except OSError as error:
        problem = os.strerror(error.errno or 0)
        raise Refused(f"the {name} cannot be written ({problem}): nothing was logged, try again") from None


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
    previous, link = _NOTHING, None
    names = _names(root)
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
    names = _names(root)
    if names and not (root / _HEAD).exists():
        with suppress(OSError, ValidationError):
            write_head(root, Link.model_validate_json((root / names[-1] / LINK_FILE).read_bytes()))


def write_head(root: Path, link: Link) -> None:
    """Record the last link of a log.

    Raises:
        OSError: If it cannot be written.
    """
    digest = hashlib.sha256(link.to_bytes()).hexdigest()
    write_atomically(root / _HEAD, f"{link.sequence} {digest}\n".encode("ascii"))


def _names(root: Path) -> list[str]:
    """The names of the entries in a folder, in the order of logging; none when it is not there."""
    names = [path.name for path in root.iterdir()] if root.is_dir() else []
    return sorted(filter(_ENTRY_NAME.fullmatch, names), key=int)


def _name_of(sequence: int) -> str:
    return f"{sequence:06d}"


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())

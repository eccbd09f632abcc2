"""An append-only log: numbered entries, written atomically and chained so that any change is detected.

``000012/`` holds ``entry.json``, the files that came with it (its payloads) and ``link.json``: the digests of these and
of the previous link. A folder is completed under another name and then renamed, so a reader sees all of it or nothing.
A link holds only the digest of a payload, so the chain still verifies after a payload is destroyed; a tombstone entry
records that. ``.head`` names the last link, so that the loss of the last entries is detected too.

A witness, such as the audit log, records each link outside the folder of the log, before that folder is renamed. An
entry that the witness knows exists: if a process is killed before it renames the folder, the next one does.
"""

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Generic, Protocol

from pydantic import AwareDatetime, TypeAdapter

from dakl_pipeline.errors import Refused
from resources.storage.files import digest_of, give_to_owner, locked, sync
from resources.storage.links import (
    ENTRY_FILE,
    HEAD_FILE,
    INCOMING_PREFIX,
    LINK_FILE,
    NOTHING,
    Head,
    Link,
    last_link,
    read_head,
    write_head,
)
from resources.storage.log_reader import E, LogReader, Tombstone
from resources.storage.log_verification import verify


class NotLogged(Refused):
    """A log could not be written.

    Args:
        message: What to do.
        errno: Number of the error of the system.
    """

    def __init__(self, message: str, errno: int | None) -> None:
        super().__init__(message)
        self.errno = errno


class Witness(Protocol):
    """Knows the links of a log from a place outside its folder."""

    def last(self) -> Head | None:
        """The last link that it knows; None when it knows none."""
        ...

    def digests(self) -> Mapping[int, str]:
        """The digest of each link that it knows, by place in the log."""
        ...


class AppendLog(LogReader[E], Generic[E]):
    """One log.

    Args:
        root: Its folder; made when the first entry is written.
        entries: The types of its entries.
        name: Its name in errors, such as *delivery log*.
        payload: Name of a file beside an entry in errors, such as *file of delivery*.
        witness: What knows its links from elsewhere; None for a log without a witness.
    """

    def __init__(
        self,
        root: Path,
        entries: TypeAdapter[E],
        *,
        name: str,
        payload: str = "file of entry",
        witness: Witness | None = None,
    ) -> None:
        super().__init__(root, entries, name=name, payload=payload)
        self._witness = witness
        # Folders that the witness may know, which the next entry puts in their place or removes.
        self._witnessed: set[Path] = set()

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A folder for the payloads of the next entry, removed at the end unless :meth:`append` took it in.

        Raises:
            OSError: If it cannot be made.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with self._locked():
            folder, descriptor = self._incoming()
        try:
            yield folder
        finally:
            self._discard(folder)
            os.close(descriptor)

    def append(
        self,
        make_entry: Callable[[int], E],
        *,
        staged: Path | None = None,
        payloads: Mapping[str, str] | None = None,
        record: Callable[[E, Head], None] = lambda entry, head: None,
    ) -> E:
        """Log an entry with its payloads, atomically.

        Args:
            make_entry: Makes the entry from its place in the log, while other processes are locked out.
            staged: The folder with its payloads, from :meth:`staging`.
            payloads: Digest of each payload, by name.
            record: Tells the witness about the entry and its link; when it raises, nothing is logged.

        Returns:
            The entry as logged.

        Raises:
            NotLogged: If it cannot be written; nothing is logged then.
        """
        with self._writing():
            if not self.root.is_dir():
                self.root.mkdir(parents=True, exist_ok=True)
                give_to_owner(self.root.parent, self.root)
            with self._locked():
                self._finish()
                entry = make_entry(self.last().sequence + 1)
                self._log(entry, staged, payloads or {}, lambda head: record(entry, head))
        return entry

    def destroy(
        self,
        sequence: int,
        payload: str,
        *,
        recorded_at: AwareDatetime,
        recorded_by: str,
        why: str,
        record: Callable[[Tombstone, Head], None] = lambda entry, head: None,
    ) -> Tombstone:
        """Destroy a payload and log it. After a crash halfway it can be repeated: it is logged once.

        Args:
            sequence: Place of the entry.
            payload: Name of the file beside it.
            recorded_at: The current time.
            recorded_by: Account that destroys it.
            why: The reason.
            record: Tells the witness about the tombstone and its link.

        Raises:
            Refused: If there is no such payload, or the log cannot be written.
        """
        folder = self.folder(sequence)
        if payload not in self.link(sequence).payloads:
            raise Refused(f"there is no such {self.payload} {folder.name}: nothing was destroyed")
        with self._writing(), self._locked():
            self._finish()
            known = self.tombstone_of(sequence, payload)
            tombstone = known or Tombstone(
                sequence=self.last().sequence + 1,
                recorded_at=recorded_at,
                recorded_by=recorded_by,
                destroys=sequence,
                payload=payload,
                why=why,
            )
            # Logged first, so that after a crash no payload is missing without a tombstone.
            if known is None:
                self._log(tombstone, None, {}, lambda head: record(tombstone, head))
            (folder / payload).unlink(missing_ok=True)
            sync(folder)
        return tombstone

    def verify(self, lost: Collection[int] = ()) -> list[str]:
        """The differences from what was logged, one line each.

        Args:
            lost: Places of entries that are known to be lost.
        """
        return verify(self, witnessed=self._witness.digests() if self._witness else {}, lost=lost)

    def finish(self) -> None:
        """Put an entry in its place that the witness knows, if the process that logged it was killed before it did.

        Raises:
            NotLogged: If it cannot be put there.
        """
        if self.root.is_dir():
            with self._writing(), self._locked():
                self._finish()

    def _finish(self) -> None:
        expected = self._witness.last() if self._witness else None
        if expected is None or self.folder(expected.sequence).exists():
            return
        for folder in self.stale_temp_folders():
            with suppress(FileNotFoundError):
                if digest_of(folder / LINK_FILE) == expected.digest:
                    self._put_in_place(folder, Link.model_validate_json((folder / LINK_FILE).read_bytes()))
                    return

    def _log(
        self,
        entry: E | Tombstone,
        staged: Path | None,
        payloads: Mapping[str, str],
        record: Callable[[Head], None],
    ) -> None:
        """Write an entry with its link. The caller locks out other processes."""
        for folder in self.stale_temp_folders():
            shutil.rmtree(folder, ignore_errors=True)
        content = entry.model_dump_json(indent=2).encode() + b"\n"
        link = Link(
            sequence=entry.sequence,
            previous=self.last().digest,
            entry=hashlib.sha256(content).hexdigest(),
            payloads=dict(payloads),
        )
        folder, descriptor = (staged, None) if staged else self._incoming()
        try:
            _write(folder / ENTRY_FILE, content)
            _write(folder / LINK_FILE, link.to_bytes())
            sync(folder)
            # Before the witness is told: this process may be interrupted right after it.
            self._witnessed.add(folder)
            try:
                record(Head.of(link))
            except NotLogged:
                self._witnessed.remove(folder)
                raise
            self._put_in_place(folder, link)
        except BaseException:
            self._discard(folder)
            raise
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _put_in_place(self, folder: Path, link: Link) -> None:
        # Root logs too, for example when it restores a backup.
        give_to_owner(self.root, folder, *folder.iterdir())
        folder.rename(self.folder(link.sequence))
        sync(self.root)
        # The entry is logged already, and an outdated head does no harm.
        with suppress(OSError):
            write_head(self.root, link)
            give_to_owner(self.root, self.root / HEAD_FILE, self.root / ".lock")

    def _discard(self, folder: Path) -> None:
        """Remove a folder of an entry that was not logged."""
        if self._witness is None or folder not in self._witnessed:
            shutil.rmtree(folder, ignore_errors=True)

    def last(self) -> Head:
        """The last link: that of the last entry, or as recorded if that entry is missing or its link damaged."""
        sequence = max(map(int, self.names()), default=0)
        known = [self._witness.last() if self._witness else None, read_head(self.root), last_link(self.root)]
        nothing = Head(sequence=sequence, digest=NOTHING)
        return max((head for head in (*known, nothing) if head is not None), key=lambda head: head.sequence)

    def _incoming(self) -> tuple[Path, int]:
        """A new temporary folder, and the descriptor by which this process locks it: it is no leftover of a crash."""
        folder = Path(tempfile.mkdtemp(prefix=INCOMING_PREFIX, dir=self.root))
        descriptor = os.open(folder, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return folder, descriptor

    def _locked(self) -> AbstractContextManager[None]:
        return locked(self.root / ".lock")

    def _writing(self) -> AbstractContextManager[None]:
        return writing(self.name)


@contextmanager
def writing(name: str) -> Iterator[None]:
    """Turn write errors of a log into a plain message.

    Args:
        name: Name of the log.

    Raises:
        NotLogged: In place of an ``OSError``.
    """
    try:
        yield
    except OSError as error:
        problem = os.strerror(error.errno or errno.EIO)
        raise NotLogged(
            f"the {name} cannot be written ({problem}): nothing was logged, try again", error.errno
        ) from None


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())

"""The delivery log with the received files: one folder per entry, in the order of logging.

Belongs here: storing an entry whole or not at all, with many processes at once and crashes at any moment. Does not
belong here: verdicts and selection (``dakl_pipeline.intake``).

``deliveries/000012/`` holds ``entry.json`` and, for a delivery, the file under its own name. A folder is made complete
under another name and then renamed, so a reader sees all of it or nothing.
"""

import errno
import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydantic import TypeAdapter, ValidationError

from dakl_pipeline.deliveries.log import Cancellation, Delivery, Entry, LogEntry, delivery_id
from dakl_pipeline.errors import Refused
from resources.storage.files import locked, sync

_ENTRY_FILE = "entry.json"
_INCOMING_PREFIX = ".incoming-"
_ENTRY_NAME = re.compile("[0-9]{6,}")
# How a file is stored whose own name is not safe to use.
UNSAFE_NAME = "delivered-file"
_SAFE_NAME = re.compile("[A-Za-z0-9#][A-Za-z0-9 #._-]{0,199}")
_ADAPTER: TypeAdapter[Entry] = TypeAdapter(LogEntry)


# Supplier, year and digest: what makes two deliveries the same.
_Content = tuple[str, int | None, str]


@dataclass(frozen=True)
class StagedFile:
    """A file that was copied in but is not logged yet.

    Attributes:
        path: Where it is for now.
        sha256: Digest of its bytes.
        size: Number of bytes.
    """

    path: Path
    sha256: str
    size: int


class DeliveryStore:
    """The log of one home.

    Args:
        root: The folder of the log; made when the first entry is written.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        # Entries never change, so what was seen of them is kept for the next one that this process logs.
        self._seen: set[str] = set()
        self._read: dict[str, Entry] = {}
        self._with: dict[_Content, list[str]] = {}
        self._cancelled: set[str] = set()

    @contextmanager
    def staged(self, source: Path, name: str) -> Iterator[StagedFile]:
        """Copy a file in, so that what is checked is what is kept.

        Args:
            source: The file as the supplier has it.
            name: Name to keep it under; replaced by a plain one if it could not be a file's or is taken.

        Yields:
            The copy. It is thrown away at the end unless :meth:`append` took it in.

        Raises:
            Refused: If the source cannot be read or the copy not be written.
        """
        with _writing():
            self._root.mkdir(exist_ok=True)
            with self._locked():
                folder = self._incoming_folder()
                # As long as this process holds the folder no other takes it for a leftover of a crash.
                descriptor = os.open(folder, os.O_RDONLY)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            kept = name if _SAFE_NAME.fullmatch(name) and name != _ENTRY_FILE else UNSAFE_NAME
            yield _copy(source, folder / kept)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(descriptor)

    def append(
        self,
        make_entry: Callable[[int], Entry],
        staged: StagedFile | None = None,
    ) -> Entry:
        """Log an entry, with its file, whole or not at all.

        Args:
            make_entry: Makes the entry from its place in the log.
            staged: The copied file of a delivery.

        Returns:
            The entry as logged; a delivery says which earlier one had the same content.

        Raises:
            Refused: If it cannot be written; nothing is logged then.
        """
        self._root.mkdir(exist_ok=True)
        with self._locked():
            self._clean_up()
            names = [folder.name for folder in self._entry_folders()]
            sequence = max(map(int, names), default=0) + 1
            entry = make_entry(sequence)
            if isinstance(entry, Delivery):
                entry = entry.model_copy(update={"same_content_as": self._same_content(entry, names)})
            folder = staged.path.parent if staged else self._incoming_folder()
            try:
                with _writing():
                    with (folder / _ENTRY_FILE).open("w", encoding="utf-8") as file:
                        file.write(entry.model_dump_json(indent=2) + "\n")
                        file.flush()
                        os.fsync(file.fileno())
                    sync(folder)
                    folder.rename(self._root / entry.delivery_id)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            sync(self._root)
        return entry

    def entries(self) -> list[Entry]:
        """Every entry, in the order of logging.

        Raises:
            Refused: If an entry is not readable or not there any more; says which.
        """
        entries = []
        for sequence, folder in enumerate(sorted(self._entry_folders(), key=lambda path: int(path.name)), start=1):
            if folder.name != delivery_id(sequence):
                raise _gone(self._root / delivery_id(sequence))
            entries.append(self._read_entry(folder))
        return entries

    def readable_entries(self) -> list[Entry]:
        """The entries that can be read, in the order of logging; each is read once by this process.

        For who must go on whatever happened to an entry; what follows from all of them needs :meth:`entries`.
        """
        names = sorted(self.entry_names(), key=int)
        for name in names:
            if name not in self._read:
                with suppress(Refused):
                    self._read[name] = self._read_entry(self._root / name)
        return [self._read[name] for name in names if name in self._read]

    def suppliers(self) -> set[str]:
        """Every supplier of whom there is an entry."""
        return {entry.supplier_id for entry in self.entries()}

    def integrity_errors(self) -> list[str]:
        """What is not as it was logged, a line each: entries gone or not readable, files gone or changed."""
        found, names = [], self.entry_names()
        for sequence in range(1, max(map(int, names), default=0) + 1):
            name = delivery_id(sequence)
            try:
                if name not in names:
                    raise _gone(self._root / name)
                entry = self._read_entry(self._root / name)
                if isinstance(entry, Delivery):
                    with self.open_verified(entry):
                        pass
            except Refused as error:
                found.append(str(error))
        return found

    def stale_temp_folders(self) -> Iterator[Path]:
        """What killed processes left: half folders that nobody holds; each is held here while it is looked at."""
        for folder in self._root.glob(f"{_INCOMING_PREFIX}*"):
            # Its owner may be throwing it away at this moment.
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

    def entry_names(self) -> list[str]:
        """The ids of every entry, without reading them."""
        return sorted(folder.name for folder in self._entry_folders())

    @contextmanager
    def open_verified(self, delivery: Delivery) -> Iterator[BinaryIO]:
        """Open the file of a delivery, after making sure that it is the file that was received.

        Raises:
            Refused: If the file is gone or was changed after receipt.
        """
        path = self._root / delivery.delivery_id / delivery.stored_name
        try:
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != delivery.sha256:
                    raise Refused(f"the file of delivery {delivery.delivery_id} was changed after receipt: restore it")
                file.seek(0)
                yield file
        except FileNotFoundError:
            raise Refused(f"the file of delivery {delivery.delivery_id} is gone: restore it") from None

    def _same_content(self, entry: Delivery, names: Iterable[str]) -> str | None:
        """The first entry of the same supplier and year with the same bytes; none that is unreadable or cancelled."""
        for name in sorted(set(names) - self._seen, key=int):
            self._seen.add(name)
            with suppress(Refused):
                earlier = self._read_entry(self._root / name)
                if isinstance(earlier, Delivery):
                    self._with.setdefault(_content(earlier), []).append(name)
                elif isinstance(earlier, Cancellation):
                    self._cancelled.add(earlier.cancels)
        return next((name for name in self._with.get(_content(entry), []) if name not in self._cancelled), None)

    def _incoming_folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix=_INCOMING_PREFIX, dir=self._root))

    def _read_entry(self, folder: Path) -> Entry:
        try:
            entry = _ADAPTER.validate_json((folder / _ENTRY_FILE).read_bytes())
        except (OSError, ValidationError):
            entry = None
        if entry is None or entry.delivery_id != folder.name:
            raise Refused(f"entry {folder.name} of the delivery log is not readable: restore {folder}")
        return entry

    def _entry_folders(self) -> list[Path]:
        if not self._root.is_dir():
            return []
        return [path for path in self._root.iterdir() if _ENTRY_NAME.fullmatch(path.name)]

    def _locked(self) -> AbstractContextManager[None]:
        return locked(self._root / ".lock")

    def _clean_up(self) -> None:
        for folder in self.stale_temp_folders():
            shutil.rmtree(folder, ignore_errors=True)


def _gone(folder: Path) -> Refused:
    return Refused(f"entry {folder.name} is gone from the delivery log: restore {folder}")


def _content(delivery: Delivery) -> _Content:
    return delivery.supplier_id, delivery.reporting_year, delivery.sha256


def _copy(source: Path, target: Path) -> StagedFile:
    digest, size = hashlib.sha256(), 0
    with _reading():
        original = source.open("rb")
    with original, _writing(), target.open("xb") as copy:
        while True:
            with _reading():
                chunk = original.read(1 << 20)
            if not chunk:
                break
            digest.update(chunk)
            size += len(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    return StagedFile(target, digest.hexdigest(), size)


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Refused(f"the file cannot be read: {os.strerror(error.errno or errno.EIO)}") from None


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        problem = os.strerror(error.errno or errno.EIO)
        raise Refused(f"the delivery log cannot be written ({problem}): nothing was logged, try again") from None

"""The delivery log with the received files: one folder per entry, in the order of logging.

Belongs here: storing an entry whole or not at all, with many processes at once and crashes at any moment. Does not
belong here: verdicts and selection (``dakl_pipeline.intake``).

``deliveries/000012/`` holds ``entry.json`` and, for a delivery, the file under its own name. A folder is made complete
under another name and then renamed, so a reader sees all of it or nothing.
"""

import fcntl
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydantic import TypeAdapter, ValidationError

from dakl_pipeline.errors import Refused
from dakl_pipeline.intake.log import Delivery, LogEntry, Withdrawal, delivery_id

_ENTRY_FILE = "entry.json"
_INCOMING_PREFIX = ".incoming-"
_ENTRY_NAME = re.compile("[0-9]{6,}")
_SAFE_NAME = re.compile("[A-Za-z0-9#][A-Za-z0-9 #._-]{0,199}")
_ADAPTER: TypeAdapter[Delivery | Withdrawal] = TypeAdapter(LogEntry)


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
        self._root.mkdir(exist_ok=True)
        with self._locked():
            folder = self._incoming_folder()
            # As long as this process holds the folder no other takes it for a leftover of a crash.
            descriptor = os.open(folder, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            kept = name if _SAFE_NAME.fullmatch(name) and name != _ENTRY_FILE else "delivered-file"
            try:
                with source.open("rb") as file:
                    staged = _copy(file, folder / kept)
            except OSError as error:
                raise Refused(f"the file cannot be read: {os.strerror(error.errno or 0)}") from None
            yield staged
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(descriptor)

    def append(
        self,
        make_entry: Callable[[int], Delivery | Withdrawal],
        staged: StagedFile | None = None,
    ) -> Delivery | Withdrawal:
        """Log an entry, with its file, whole or not at all.

        Args:
            make_entry: Makes the entry from its place in the log.
            staged: The copied file of a delivery.

        Returns:
            The entry as logged.
        """
        self._root.mkdir(exist_ok=True)
        with self._locked():
            self._clean_up()
            sequence = max((int(path.name) for path in self._entry_folders()), default=0) + 1
            entry = make_entry(sequence)
            folder = staged.path.parent if staged else self._incoming_folder()
            with (folder / _ENTRY_FILE).open("w", encoding="utf-8") as file:
                file.write(entry.model_dump_json(indent=2) + "\n")
                file.flush()
                os.fsync(file.fileno())
            _sync_folder(folder)
            folder.rename(self._root / delivery_id(sequence))
            _sync_folder(self._root)
        return entry

    def entries(self) -> list[Delivery | Withdrawal]:
        """Every entry, in the order of logging.

        Raises:
            Refused: If an entry is not readable; says which.
        """
        return [self._read_entry(folder) for folder in sorted(self._entry_folders(), key=lambda path: int(path.name))]

    def entry_names(self) -> list[str]:
        """The ids of every entry, without reading them."""
        return sorted(folder.name for folder in self._entry_folders())

    @contextmanager
    def opened(self, delivery: Delivery) -> Iterator[BinaryIO]:
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

    def _incoming_folder(self) -> Path:
        return Path(tempfile.mkdtemp(prefix=_INCOMING_PREFIX, dir=self._root))

    def _read_entry(self, folder: Path) -> Delivery | Withdrawal:
        try:
            return _ADAPTER.validate_json((folder / _ENTRY_FILE).read_bytes())
        except (OSError, ValidationError):
            raise Refused(f"entry {folder.name} of the delivery log is not readable: restore {folder}") from None

    def _entry_folders(self) -> list[Path]:
        if not self._root.is_dir():
            return []
        return [path for path in self._root.iterdir() if _ENTRY_NAME.fullmatch(path.name)]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._root / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _clean_up(self) -> None:
        """Throw away what a killed process left: half a folder that nobody holds."""
        for folder in self._root.glob(f"{_INCOMING_PREFIX}*"):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            else:
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)


def _copy(source: BinaryIO, target: Path) -> StagedFile:
    digest, size = hashlib.sha256(), 0
    with target.open("xb") as file:
        while chunk := source.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return StagedFile(target, digest.hexdigest(), size)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

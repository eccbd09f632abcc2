"""Files that are written atomically, and locks that end with their process."""

import fcntl
import hashlib
import os
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from dakl_pipeline.errors import Refused

_PAUSE_SECONDS = 0.05
_WRITING_PREFIX = ".writing-"
_PLAIN = re.compile(r"[\w/. -]+")


def write_atomically(path: Path, content: bytes | memoryview) -> None:
    """Write a file so that a crash leaves the old one or the new one, never a half-written one.

    Half-written files that killed processes left in the same folder are removed.

    Args:
        path: The file; its folder is made when needed.
        content: The whole content.

    Raises:
        OSError: If it cannot be written; the old file stays.
    """
    with whole_file(path) as file:
        file.write(content)


@contextmanager
def whole_file(path: Path, *, replace: bool = True) -> Iterator[BinaryIO]:
    """Write a file piece by piece, as atomically as :func:`write_atomically`: it appears when it is complete.

    Args:
        path: The file; its folder is made when needed.
        replace: Whether it may replace an existing file.

    Yields:
        The file to write to; readable by its owner only.

    Raises:
        FileExistsError: If the file exists and may not be replaced.
        OSError: If it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    clean_up(path.parent)
    descriptor, name = _locked_file(path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if not replace and os.path.lexists(path):
                raise FileExistsError(path)
            # Renamed while still locked, so that no process takes it for a leftover.
            Path(name).replace(path)
        sync(path.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to disk so that it survives a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def give_to_owner(folder: Path, *paths: Path) -> None:
    """As root, give what was made in a folder to the account of that folder, which could not read it otherwise.

    Raises:
        OSError: If that is not possible.
    """
    if os.geteuid() == 0:
        owner = folder.stat()
        for path in paths:
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


@contextmanager
def locked(path: Path, *, timeout: float | None = None, refusal: str = "") -> Iterator[None]:
    """Hold a lock against other processes; the system releases it when the process ends, however it ends.

    Args:
        path: The lock file; made when needed, in an existing folder.
        timeout: Seconds to wait for another process; None to wait as long as it takes.
        refusal: Message when the wait is over.

    Raises:
        OSError: If the file cannot be made.
        Refused: If another process still holds the lock after the wait.
    """
    with path.open("a") as lock:
        if timeout is None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        else:
            deadline = time.monotonic() + timeout
            while not locked_at_once(lock.fileno()):
                if time.monotonic() > deadline:
                    raise Refused(refusal)
                time.sleep(_PAUSE_SECONDS)
        yield


def is_plain(path: Path) -> bool:
    """Whether no library can mistake a path for a pattern or a URL."""
    return _PLAIN.fullmatch(str(path)) is not None


@contextmanager
def plainly_named(folder: Path) -> Iterator[Path]:
    """Name a folder for a library that mistakes a path for a pattern or a URL, such as ``year [secret]`` or ``ready?``.

    Args:
        folder: An existing folder.

    Yields:
        The folder itself; or, if a character of its path has a special meaning, its path by file descriptor, which is
        valid only in this process and until the end.

    Raises:
        OSError: If it cannot be opened.
    """
    if is_plain(folder):
        yield folder
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def locked_at_once(descriptor: int) -> bool:
    """Lock an open file or folder against other processes, if none of them holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _locked_file(folder: Path) -> tuple[int, str]:
    """A new file that this process locks, so that no other takes it for a leftover of a crash."""
    while True:
        descriptor, name = tempfile.mkstemp(prefix=_WRITING_PREFIX, dir=folder)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Another process may have removed it before it was locked.
        if os.fstat(descriptor).st_nlink:
            return descriptor, name
        os.close(descriptor)


def clean_up(folder: Path) -> None:
    """Remove half-written files that killed processes left in a folder."""
    for leftover in folder.glob(f"{_WRITING_PREFIX}*"):
        try:
            descriptor = os.open(leftover, os.O_RDONLY)
        except OSError:
            # Already removed, or of another account.
            continue
        try:
            if locked_at_once(descriptor):
                leftover.unlink(missing_ok=True)
        finally:
            os.close(descriptor)

"""Files that are whole or not there, and locks that end with their process."""

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
    """Write a file so that a crash leaves the old one or the new one, never half of it.

    What a killed process left half written in the same folder is thrown away.

    Args:
        path: The file; its folder is made when it is not there.
        content: All of it.

    Raises:
        OSError: If it cannot be written; the old file stays.
    """
    with whole_file(path) as file:
        file.write(content)


@contextmanager
def whole_file(path: Path, *, replace: bool = True) -> Iterator[BinaryIO]:
    """Write a file bit by bit that is there when all of it is written, as :func:`write_atomically` does.

    Args:
        path: The file; its folder is made when it is not there.
        replace: Whether it may take the place of another.

    Yields:
        Where to write; readable by its owner only.

    Raises:
        FileExistsError: If there is another that may not be replaced.
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
            # Renamed while it is still held: nobody can take it for a leftover.
            Path(name).replace(path)
        sync(path.parent)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def sync(path: Path) -> None:
    """Make a file, or the names in a folder, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, *, timeout: float | None = None, refusal: str = "") -> Iterator[None]:
    """Keep other processes away; the system releases it when the process ends, however it ends.

    Args:
        path: The file that stands for it; made when it is not there, in a folder that is.
        timeout: Seconds to wait for another process; without it as long as that takes.
        refusal: What to say when that took too long.

    Raises:
        OSError: If the file cannot be made.
        Refused: If another process keeps it longer.
    """
    with path.open("a") as lock:
        if timeout is None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        else:
            deadline = time.monotonic() + timeout
            while not _locked_at_once(lock.fileno()):
                if time.monotonic() > deadline:
                    raise Refused(refusal)
                time.sleep(_PAUSE_SECONDS)
        yield


def is_plain(path: Path) -> bool:
    """Whether no library could take a path for a pattern or a URL."""
    return _PLAIN.fullmatch(str(path)) is not None


@contextmanager
def plainly_named(folder: Path) -> Iterator[Path]:
    """Name a folder for a library that takes a path for a pattern or a URL, such as ``year [secret]`` or ``ready?``.

    Args:
        folder: A folder that is there.

    Yields:
        The folder itself; by the number under which this process has it open when a character of its path could have
        a meaning. Nothing else in this process or elsewhere can use that name afterwards.

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
    """The SHA-256 of a file, in hexadecimals.

    Raises:
        OSError: If it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _locked_at_once(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _locked_file(folder: Path) -> tuple[int, str]:
    """A new file that this process holds, so that no other takes it for a leftover of a crash."""
    while True:
        descriptor, name = tempfile.mkstemp(prefix=_WRITING_PREFIX, dir=folder)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Another process may have cleaned it up before it was held.
        if os.fstat(descriptor).st_nlink:
            return descriptor, name
        os.close(descriptor)


def clean_up(folder: Path) -> None:
    """Throw away what killed processes left half written in a folder."""
    for leftover in folder.glob(f"{_WRITING_PREFIX}*"):
        try:
            descriptor = os.open(leftover, os.O_RDONLY)
        except OSError:
            # Gone by now, or of somebody else.
            continue
        try:
            if _locked_at_once(descriptor):
                leftover.unlink(missing_ok=True)
        finally:
            os.close(descriptor)

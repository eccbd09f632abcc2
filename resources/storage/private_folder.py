"""Folders for copies and spilled data: in the home, closed to others, and after a crash removed by the next command."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from resources.storage.files import locked_at_once

# Hidden, so that no backup takes it.
PREFIX = ".private-"
_PREFIX_ELSEWHERE = "dakl-private-"


@contextmanager
def private_folder(parent: Path | None) -> Iterator[Path]:
    """An empty folder that only this account can enter, removed at the end, however its content is named.

    This process locks it, so that no other takes it for a leftover. On a read-only disk it lies in the folder of
    temporary files (TMPDIR) instead.

    Args:
        parent: An existing folder, such as the home; None for the folder of temporary files.

    Yields:
        The folder.

    Raises:
        OSError: If it can be made nowhere.
    """
    made, descriptor = _locked_folder(parent)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)
        os.close(descriptor)


def _locked_folder(parent: Path | None) -> tuple[Path, int]:
    while True:
        made = _made(parent)
        # Another process may take it for a leftover, and remove it, before it is locked.
        with suppress(FileNotFoundError):
            descriptor = os.open(made, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink:
                return made, descriptor
            os.close(descriptor)


def _made(parent: Path | None) -> Path:
    with suppress(OSError):
        if parent is not None:
            return Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    return Path(tempfile.mkdtemp(prefix=_PREFIX_ELSEWHERE))


def remove_leftovers(parent: Path) -> None:
    """Remove the private folders that no process holds: those of killed processes, in a folder and in TMPDIR."""
    elsewhere = Path(tempfile.gettempdir()).glob(f"{_PREFIX_ELSEWHERE}*")
    for folder in (*parent.glob(f"{PREFIX}*"), *elsewhere):
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if os.fstat(descriptor).st_uid == os.geteuid() and locked_at_once(descriptor):
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)

"""The folder beside a home in which another is made, before it takes the place of the home in one move."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dakl_pipeline.errors import Refused


@contextmanager
def temporary_beside(root: Path, prefix: str, *, busy: str) -> Iterator[Path]:
    """An empty folder beside the home, gone at the end; what a killed process left in it is thrown away.

    Args:
        root: The home.
        prefix: What the name of the folder begins with.
        busy: What to say when another process has it.

    Yields:
        The folder; it stays if it is moved.

    Raises:
        Refused: If another process has it.
        OSError: If it cannot be made.
    """
    temporary = root.with_name(f"{prefix}{root.name}")
    temporary.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(temporary, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Refused(busy) from None
    try:
        for path in temporary.iterdir():
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        os.close(descriptor)

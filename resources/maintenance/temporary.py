"""A temporary folder beside a home, in which its replacement is made before it takes its place in one move."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dakl_pipeline.errors import Refused


@contextmanager
def temporary_beside(root: Path, prefix: str, *, busy: str) -> Iterator[Path]:
    """An empty folder beside the home, removed at the end; leftovers of a killed process are removed first.

    Args:
        root: The home.
        prefix: Prefix of the name of the folder.
        busy: Message when another process holds it.

    Yields:
        The folder; it stays if it is moved.

    Raises:
        Refused: If another process holds it. A refusal within is passed on with the path of the home.
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
    except Refused as error:
        # The folder is gone by the time somebody reads it.
        raise Refused(str(error).replace(str(temporary), str(root))) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        os.close(descriptor)

"""SQLite files of another program, such as the history of runs of Dagster."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

# What a program that has a file open, or was killed, keeps beside it.
BESIDE = ("-wal", "-shm", "-journal")


@contextmanager
def opened_unchanged(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file to read, and leave nothing beside it, also on a disk that is full or read-only.

    Raises:
        sqlite3.Error: If it is no database, or damaged.
    """
    beside = [path.with_name(f"{path.name}{ending}") for ending in BESIDE]
    in_use = [each for each in beside if each.exists()]
    if not in_use:
        # SQLite would else make files beside it.
        with closing(_connected(path, "immutable=1")) as connection:
            yield connection
        return
    with tempfile.TemporaryDirectory(prefix="dakl-") as scratch:
        try:
            connection = _connected(path, "mode=ro")
        except sqlite3.OperationalError:
            # It wants to mend what was broken off, and the disk does not let it: then a copy is mended.
            for each in (path, *in_use):
                with suppress(FileNotFoundError):
                    shutil.copyfile(each, Path(scratch) / each.name)
            connection = _connected(Path(scratch) / path.name, "mode=rw")
        with closing(connection):
            yield connection


def copy_whole(path: Path, target: Path) -> None:
    """Copy a file as it is at one moment, while others write to it.

    Args:
        path: The file.
        target: Where the copy goes.

    Raises:
        sqlite3.Error: If it is no database, or damaged.
    """
    with closing(sqlite3.connect(target)) as copy:
        try:
            with closing(_connected(path, "mode=rw")) as source:
                source.backup(copy)
        except sqlite3.OperationalError:
            # On a disk that is full or read-only nobody writes to it.
            with opened_unchanged(path) as source:
                source.backup(copy)


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)
    try:
        # Only the first look at the file shows whether it opens.
        connection.execute("pragma schema_version").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection

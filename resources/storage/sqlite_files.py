"""SQLite files of another program, such as Dagster's history of runs."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

# Endings of the files beside a database that is open, or was open when its program was killed.
BESIDE = ("-wal", "-shm", "-journal")


@contextmanager
def opened_unchanged(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file for reading and leave no file beside it, even on a full or read-only disk.

    Raises:
        sqlite3.Error: If it is not a database, or damaged.
    """
    beside = [path.with_name(f"{path.name}{ending}") for ending in BESIDE]
    in_use = [each for each in beside if each.exists()]
    if not in_use:
        # Otherwise SQLite would make files beside it.
        with closing(_connected(path, "immutable=1")) as connection:
            yield connection
        return
    with tempfile.TemporaryDirectory(prefix="dakl-") as scratch:
        try:
            connection = _connected(path, "mode=ro")
        except sqlite3.OperationalError:
            # SQLite needs to recover an interrupted write, but the disk does not allow it: recover a copy instead.
            for each in (path, *in_use):
                with suppress(FileNotFoundError):
                    shutil.copyfile(each, Path(scratch) / each.name)
            connection = _connected(Path(scratch) / path.name, "mode=rw")
        with closing(connection):
            yield connection


def copy_whole(path: Path, target: Path) -> None:
    """Copy a consistent snapshot of a file while other processes write to it.

    Args:
        path: The file.
        target: The path of the copy.

    Raises:
        sqlite3.Error: If it is not a database, or damaged.
    """
    with closing(sqlite3.connect(target)) as copy:
        try:
            with closing(_connected(path, "mode=rw")) as source:
                source.backup(copy)
        except sqlite3.OperationalError:
            # On a full or read-only disk no process writes to it.
            with opened_unchanged(path) as source:
                source.backup(copy)


def _connected(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)
    try:
        # Only the first read shows whether the file opens.
        connection.execute("pragma schema_version").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection

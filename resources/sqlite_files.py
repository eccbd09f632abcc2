"""SQLite files of another program, such as the history of runs of Dagster.

Belongs here: reading and copying them while that program goes on. Does not belong here: what they hold.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def opened_unchanged(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a file to read, and leave nothing beside it, also on a read-only disk.

    Raises:
        sqlite3.Error: If it is no database, or damaged.
    """
    # Nobody has it open without a write-ahead log, so nothing is missed; SQLite would else make one beside it.
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as connection:
        yield connection


def copy_whole(path: Path, target: Path) -> None:
    """Copy a file as it is at one moment, while others write to it.

    Args:
        path: The file.
        target: Where the copy goes.

    Raises:
        sqlite3.Error: If it is no database, or damaged.
    """
    with opened_unchanged(path) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)

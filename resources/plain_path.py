"""Paths that every library takes for what they are: names of files.

Belongs here: ways around libraries that read a path as a URL or a pattern. Does not belong here: which files there are.

SQLAlchemy (Dagster's history of runs) cuts a path at ``?`` and decodes ``%``, so a home called ``klaar?`` would be
written beside itself. DuckDB looks behind links, and takes what it writes beside a file from the path before ``?``.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PLAIN = re.compile(r"[\w /.,+=@~-]*")


@contextmanager
def plain_folder(folder: Path) -> Iterator[Path]:
    """A folder under a path without characters that mean something to a library.

    Args:
        folder: A folder that is there.

    Yields:
        Its absolute path; a link to it, for as long as this lasts, when that path has such characters.
    """
    path = folder.absolute()
    if _is_plain(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="dakl-") as scratch:
        link = Path(scratch) / "home"
        link.symlink_to(path, target_is_directory=True)
        yield link


@contextmanager
def plain_file(path: Path) -> Iterator[Path]:
    """A file to be written under a real path without such characters.

    Args:
        path: The file, there or not.

    Yields:
        Its absolute path; a temporary copy, which is put back at the end, when that path has such characters.

    Raises:
        OSError: If there is no room for the copy.
    """
    if _is_plain(path.absolute().resolve()):
        yield path.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="dakl-") as scratch:
        copy = Path(scratch) / "copy"
        if path.exists():
            shutil.copyfile(path, copy)
        yield copy
        shutil.copyfile(copy, path)


def _is_plain(path: Path) -> bool:
    return _PLAIN.fullmatch(str(path)) is not None

"""The files that a home may hold and that a backup keeps: known names in known places, and plain files only.

A restored home is trusted by programs that read settings and code from where they are, so anything else is neither
backed up nor restored.
"""

import errno
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

_YEAR, _ENTRY = "[0-9]{4}", "(?:(?!0{6})[0-9]{6}|[1-9][0-9]{6,})"
_SUPPLIER = "[a-z0-9][a-z0-9-]{0,63}"
_LOGGED = rf"{_ENTRY}/(?:entry|link)\.json"
_NAME = "[A-Za-z0-9][A-Za-z0-9_-]{0,99}"
# New state of a home needs a line here; `tests/integration/test_backup.py` finds what was forgotten.
_KEPT = (
    r"(?:home\.json|settings\.toml|coordinators\.csv)",
    rf"(?:deliveries|deliveries/explanations|audit)/{_LOGGED}",
    # A delivered file keeps its name.
    rf"deliveries/{_ENTRY}/[A-Za-z0-9#][A-Za-z0-9 #._-]{{0,199}}",
    # Explanations of format 0.
    rf"deliveries/explanations/{_YEAR}/{_SUPPLIER}/{_NAME}\.json",
    rf"registers/{_YEAR}/(?:persons|v_numbers|income|care)\.parquet",
    r"stages/keys\.json",
    rf"history/{_YEAR}/[0-9]{{5,}}/(?:vintage\.json|[a-z_]+\.[a-z_]+\.parquet)",
    rf"reports/(?:{_YEAR}|unknown)/{_SUPPLIER}/{_ENTRY}-[a-z-]+\.(?:eml|sent|html|xlsx|json|csv)",
    rf"mails/{_NAME}\.(?:eml|sent)",
    rf"reference/{_NAME}\.csv",
    rf"dagster/(?:history|history/runs|schedules)/{_NAME}\.db",
)
# Left out without a word: the key, and what the program makes again.
_LEFT_OUT = (
    r"pseudonym\.key",
    r"warehouse\.duckdb(?:\.wal)?",
    rf"stages/{_YEAR}/(?:record\.json|[a-z_]+\.[a-z_]+\.[0-9a-f]{{16}}\.parquet)",
    # Settings that can name code to load.
    r"dagster/(?:dagster|workspace)\.yaml",
    rf"dagster/(?:history|history/runs|schedules)/{_NAME}\.db-(?:wal|shm|journal)",
)
_IS_KEPT = re.compile("|".join(f"(?:{pattern})" for pattern in _KEPT))
_IS_LEFT_OUT = re.compile("|".join(f"(?:{pattern})" for pattern in _LEFT_OUT))


def is_kept(name: str) -> bool:
    """Whether a backup keeps a file of this name, relative to the home."""
    return _IS_KEPT.fullmatch(name) is not None


def is_left_out(name: str) -> bool:
    """Whether a file of a home that is not kept is known: the key, or what the program makes again."""
    return _IS_LEFT_OUT.fullmatch(name) is not None


def files_below(root: Path, place: str) -> tuple[list[str], list[str]]:
    """The files of a home in one of its folders, or one file of it.

    The folder itself may be a link to another disk; within it no link is followed.

    Args:
        root: The home.
        place: Name of the folder or file in the home.

    Returns:
        The names of the files to keep, and those of files, links and devices that no home has; in order.
    """
    kept: list[str] = []
    unknown: list[str] = []
    for name, is_plain in _names(root, place):
        if is_plain and is_kept(name):
            kept.append(name)
        elif not (is_plain and is_left_out(name)):
            unknown.append(name)
    return kept, unknown


def _names(root: Path, place: str) -> Iterator[tuple[str, bool]]:
    """Every name in a place but hidden ones, which are locks or half written, and whether it is a plain file."""
    if not (root / place).is_dir():
        yield place, _is_plain(root / place)
        return
    for folder, below, names in os.walk(root / place):
        here = Path(folder).relative_to(root)
        links = [name for name in below if (Path(folder) / name).is_symlink()]
        below[:] = sorted(name for name in below if not name.startswith(".") and name not in links)
        for name in sorted([*names, *links]):
            if not name.startswith("."):
                yield (here / name).as_posix(), _is_plain(Path(folder) / name)


def _is_plain(path: Path) -> bool:
    return stat.S_ISREG(path.lstat().st_mode)


def open_plain(root: Path, name: str) -> BinaryIO:
    """Open a file of a home; below the folders of the home no link is followed, whatever happened since it was listed.

    Args:
        root: The home.
        name: Its name, relative to the home.

    Raises:
        FileNotFoundError: If it is gone, or no longer a plain file.
        OSError: If it cannot be opened.
    """
    first, *below = Path(name).parts
    # The first folder may be a link to another disk.
    folder = os.open(root / first if below else root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for each in below[:-1]:
            inside = os.open(each, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inside
        # Non-blocking: a pipe would wait for its other end.
        file = os.open(below[-1] if below else first, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise FileNotFoundError(errno.ENOENT, "it is no plain file", name) from None
        raise
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise FileNotFoundError(errno.ENOENT, "it is no plain file", name)
    return os.fdopen(file, "rb")

"""What this account keeps to itself: the files that it writes, those of a home, and the memory that holds the key."""

import ctypes
import os
import stat
from contextlib import suppress
from pathlib import Path

from dakl_pipeline.errors import Refused
from resources.config.home import Home

_OTHERS = 0o077
_SET_DUMPABLE = 4


def keep_private() -> None:
    """From now on everything that this process and its children make is closed to other accounts, and none is dumped.

    Libraries make files too: the warehouse, the history of runs, the folders in which they spill.
    """
    os.umask(_OTHERS)
    try:
        import resource
    except ImportError:
        # Windows, where `dakl check` runs too.
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def hide_memory() -> None:
    """Keep the memory of this process away from other processes of this account, and out of core dumps.

    Only for a process that holds the key: children that look at its folder by its number cannot do so any more.
    """
    keep_private()
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)


def close_home(home: Home, *, is_home: bool = False) -> None:
    """Close an existing home to other accounts: its folders get mode 0700 and its files 0600, whatever they had.

    The key file is left alone: when others could read it, :func:`resources.config.secret_key.load_key` says so. So are
    files of another account than that of the home, such as settings of root, and what cannot be changed on a read-only
    disk. Folders that are links are followed; a link anywhere else is not.

    Args:
        home: The home.
        is_home: Whether it is known to be one; otherwise only the folder itself is closed when nothing in it says so.

    Raises:
        Refused: If the home is a folder that everybody shares, such as /tmp.
    """
    root = home.root
    with suppress(OSError):
        owner = root.stat().st_uid
        if os.geteuid() not in (0, owner):
            return
        if root.stat().st_mode & stat.S_ISVTX:
            raise Refused(f"{root} is a folder that everybody shares: name another home with --home or DAKL_HOME")
        _close(root.resolve(), owner)
        # Only a folder that dakl made into a home; another may hold what is not its own.
        if is_home or home.format_file.exists():
            for entry in os.scandir(root):
                if entry.path != str(home.key_file):
                    _close_all(Path(entry.path), owner)


def _close_all(top: Path, owner: int) -> None:
    """Close a file or folder in a home and all that is in it; only the folder itself may be a link."""
    if not top.is_dir():
        _close(top, owner)
        return
    _close(top.resolve(), owner)
    for folder, folders, files in os.walk(top):
        for name in (*folders, *files):
            _close(Path(folder) / name, owner)


def _close(path: Path, owner: int) -> None:
    with suppress(OSError):
        status = path.lstat()
        if status.st_uid == owner and status.st_mode & _OTHERS and not stat.S_ISLNK(status.st_mode):
            path.chmod(stat.S_IMODE(status.st_mode) & ~_OTHERS)

"""Upgrading a home: a copy beside it is converted and takes its place in one move."""

import ctypes
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from dakl_pipeline.deliveries.log import Actor
from dakl_pipeline.errors import Refused
from resources.config.home import Home
from resources.config.protection import close_home
from resources.maintenance.temporary import temporary_beside
from resources.maintenance.upgrade.convert import Converted, convert
from resources.storage.audit_store import AuditStore
from resources.storage.files import locked, sync
from resources.storage.home_format import FORMAT, format_of, refuse_newer
from resources.storage.private_folder import PREFIX

# Marks a copy that has never been the home, so that it may be removed.
_UNFINISHED = ".upgrading"
_SWAPPED = ("deliveries", "stages", "history")
# Their files are written once and never changed in place, so the copy shares them and needs no space for them.
_SHARED = (*_SWAPPED, "registers", "reports")
_HALF_WRITTEN = (".incoming-", ".writing", PREFIX)
_WAREHOUSE = ("warehouse.duckdb", ".warehouse.duckdb")
_RENAME_EXCHANGE = 2
_AT_FDCWD = -100


@dataclass(frozen=True)
class Upgraded:
    """The result of an upgrade.

    Attributes:
        before: Former format of the home.
        files: Number of files that were copied.
        kept: The folder of the home as it was.
        converted: The conversion of the copy.
    """

    before: int
    files: int
    kept: Path
    converted: Converted


def upgrade_home(home: Home, *, actor: Actor, advance: Callable[[int, int], None]) -> Upgraded | None:
    """Upgrade a home to the present format; the home as it was is kept beside it.

    Args:
        home: An existing home.
        actor: Who upgrades it.
        advance: Called after each file with the number of files so far, and in total.

    Returns:
        The result; None when the home already has the present format.

    Raises:
        Refused: If it has a newer format, is in use or damaged, or cannot be swapped; it stays as it was.
    """
    root = home.root.resolve()
    found = format_of(home)
    refuse_newer(home, found)
    # The home that is kept beside the new one holds the same persons.
    close_home(home, is_home=True)
    try:
        if found == FORMAT:
            if (root / _UNFINISHED).exists():
                _finish(home)
            return None
        _require_movable(root)
        busy = f"another process is already upgrading {home.root}"
        with temporary_beside(root, ".upgrading-", busy=busy) as temporary, _nobody_else(root):
            (temporary / _UNFINISHED).touch()
            files = _copy(root, temporary, advance)
            copy = Home(temporary)
            converted = convert(copy, found, AuditStore(copy, becomes=home), actor)
            _give_to_owner(temporary, root)
            os.sync()
            kept = _free_name(root, found)
            temporary.rename(kept)
            try:
                _exchange(root, kept)
            except BaseException:
                if (kept / _UNFINISHED).exists():
                    shutil.rmtree(kept)
                raise
            sync(root.parent)
            _finish(home)
    except OSError as error:
        raise Refused(f"nothing was upgraded: {error.strerror or error} ({error.filename or root})") from None
    return Upgraded(found, files, kept, converted)


def _finish(home: Home) -> None:
    """What follows the swap; an upgrade that was killed before it does it when it is run again."""
    AuditStore(home).record_outside()
    (home.root / _UNFINISHED).unlink()


def _require_movable(root: Path) -> None:
    if root.is_mount():
        raise Refused(
            f"{root} is a disk of its own and cannot be swapped in one move: upgrade it where it is a folder; for a "
            "container, on its host or with the folder above it mounted"
        )
    if os.geteuid() not in (0, root.stat().st_uid):
        raise Refused(f"{root} belongs to another account: upgrade it as the account that runs dakl, or as root")
    for name in _SWAPPED:
        if (root / name).is_symlink():
            raise Refused(f"{root / name} is a link: move its target here, upgrade, and move it back")


@contextmanager
def _nobody_else(root: Path) -> Iterator[None]:
    """Lock out deliveries and runs; a process that was waiting finds the new home."""
    in_use = f"{root} is in use: stop `dakl ui`, the services, runs and deliveries, and upgrade again"
    with ExitStack() as stack:
        locks = [root / "deliveries" / ".lock", root / "audit" / ".lock"]
        locks += (root / "stages" / f".{year.name}.lock" for year in (root / "stages").glob("[0-9]*"))
        for lock in locks:
            if lock.parent.is_dir():
                stack.enter_context(locked(lock, timeout=0, refusal=in_use))
        yield


def _copy(root: Path, temporary: Path, advance: Callable[[int, int], None]) -> int:
    """Copy everything except the warehouse, locks and half-written files.

    Returns:
        The number of files.
    """
    files, total = 0, sum(len(names) for _, _, names in _taken_over(root))
    temporary.chmod(stat.S_IMODE(root.stat().st_mode))
    for folder, folders, names in _taken_over(root):
        target = temporary / folder.relative_to(root)
        is_shared = folder != root and folder.relative_to(root).parts[0] in _SHARED
        for name in folders:
            if (folder / name).is_symlink():
                (target / name).symlink_to((folder / name).readlink())
            else:
                (target / name).mkdir()
                (target / name).chmod(stat.S_IMODE((folder / name).stat().st_mode))
        for name in names:
            source = folder / name
            if source.is_symlink():
                (target / name).symlink_to(source.readlink())
            elif source.is_file():
                _copy_file(source, target / name, is_shared=is_shared)
            files += 1
            advance(files, total)
    return files


def _taken_over(root: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """As ``os.walk``, without what is left out."""
    for place, folders, names in os.walk(root):
        folder = Path(place)
        folders[:] = [name for name in folders if not _is_left_out(folder / name, root)]
        yield folder, folders, [name for name in names if not _is_left_out(folder / name, root)]


def _is_left_out(path: Path, root: Path) -> bool:
    is_lock = path.name.startswith(".") and path.name.endswith(".lock")
    is_warehouse = path.parent == root and path.name.startswith(_WAREHOUSE)
    return is_lock or is_warehouse or path.name.startswith(_HALF_WRITTEN)


def _copy_file(source: Path, target: Path, *, is_shared: bool) -> None:
    if is_shared:
        try:
            target.hardlink_to(source)
        except OSError:
            # Another disk, or one without hard links.
            pass
        else:
            return
    shutil.copy2(source, target)


def _give_to_owner(temporary: Path, root: Path) -> None:
    """Give the files that root made in a copy to the owner of the home; shared files already belong to them."""
    owner = root.stat()
    if os.geteuid() == owner.st_uid:
        return
    for place, folders, names in os.walk(temporary):
        for path in (Path(place), *(Path(place) / name for name in (*folders, *names))):
            if path.is_dir() or path.lstat().st_nlink == 1:
                os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _free_name(root: Path, found: int) -> Path:
    """The name under which to keep the home as it was; a leftover copy of a killed upgrade is removed."""
    number = 0
    while True:
        number += 1
        path = root.with_name(f"{root.name}.format-{found}{'' if number == 1 else f'-{number}'}")
        if (path / _UNFINISHED).exists():
            shutil.rmtree(path)
        if not os.path.lexists(path):
            return path


def _exchange(one: Path, other: Path) -> None:
    """Exchange the names of two folders in one move.

    Raises:
        OSError: If the file system does not support it.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"the disk cannot exchange two folders in one move: {os.strerror(number)}", str(one))

"""Restoring a backup into a home that does not exist yet."""

import hashlib
import os
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import ValidationError

from dakl_pipeline.deliveries.log import Actor
from dakl_pipeline.errors import Missing, Refused
from dakl_pipeline.privacy.redaction import mask_line
from resources.config.home import Home
from resources.maintenance.archive import MANIFEST, KeptFile, Manifest
from resources.maintenance.temporary import temporary_beside
from resources.maintenance.upgrade.convert import convert, show_figures
from resources.storage.audit_store import AuditStore
from resources.storage.explanation_store import FOLDER
from resources.storage.home_format import FORMAT, format_of, refuse_newer
from resources.storage.links import restore_head

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Restored:
    """The result of a restore.

    Attributes:
        files: Number of files.
        made_at: When the backup was made.
        upgraded: The steps that brought it to the present format; empty for a backup of that format.
        figures_problem: Why not all figures can be read; None if they can.
        lost_entries: Number of entries of the audit log that were made after the backup, as recorded outside the home.
    """

    files: int
    made_at: datetime
    upgraded: tuple[str, ...]
    figures_problem: str | None
    lost_entries: int


def restore_home(file: Path, home: Home, *, actor: Actor, advance: Callable[[int, int], None]) -> Restored:
    """Restore a backup: every file as it was, or nothing.

    The backup is unpacked beside the home and compared with its list. An older format is upgraded to the present one,
    and the warehouse is made, which needs no key. Then the folder takes the place of the home in one move.

    Args:
        file: The backup.
        home: A home that does not exist, or is an empty folder.
        actor: Who restores it.
        advance: Called with the number of bytes of the backup read so far, and in total.

    Raises:
        Missing: If the file does not exist.
        Refused: If the home is not empty or cannot be written, or the file is damaged or not a backup.
    """
    root = home.root.absolute()
    if not file.is_file():
        raise Missing(f"there is no backup {file}")
    if os.path.lexists(root) and (not root.is_dir() or any(root.iterdir())):
        raise Refused(f"{root} already exists and is not an empty folder: restore into another, nothing is overwritten")
    if root.is_mount():
        raise Refused(f"{root} is a disk of its own and cannot be swapped in one move: restore into a folder on it")
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        busy = f"another process is already restoring {root}"
        with temporary_beside(root, ".restoring-", busy=busy) as temporary:
            unpacked = _unpack(file, temporary, advance)
            manifest = _compared(file, temporary, unpacked)
            copy = Home(temporary)
            audit = AuditStore(copy, becomes=home, may_be_another=True)
            done, problem = _made_present(copy, audit, actor)
            problem = problem and problem.replace(str(temporary), str(root))
            for log in (copy.deliveries, copy.deliveries / FOLDER, copy.audit):
                restore_head(log)
            lost = audit.log_restore(actor, mask_line(file.name), manifest.made_at)
            os.sync()
            temporary.rename(root)
            AuditStore(home, may_be_another=True).tell_outside()
    except OSError as error:
        raise Refused(f"nothing was restored: {error.strerror or error} ({error.filename or root})") from None
    return Restored(len(manifest.files), manifest.made_at, done, problem, lost)


def _unpack(file: Path, temporary: Path, advance: Callable[[int, int], None]) -> dict[str, KeptFile]:
    """Unpack every member, computing its digest on the way."""
    found: dict[str, KeptFile] = {}
    size = file.stat().st_size
    try:
        with file.open("rb") as source, tarfile.open(fileobj=source, mode="r:gz") as archive:
            for member in archive:
                name = _safe_name(file, member, temporary)
                if name in found:
                    raise _no_backup(file)
                content = archive.extractfile(member)
                assert content is not None  # a plain file
                target = temporary / name
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                digest = hashlib.sha256()
                with content, target.open("xb") as copy:
                    while chunk := content.read(_CHUNK):
                        digest.update(chunk)
                        copy.write(chunk)
                target.chmod(0o600)
                found[name] = KeptFile(sha256=digest.hexdigest(), size=member.size)
                advance(source.tell(), size)
    except (tarfile.TarError, EOFError, zlib.error):
        raise _no_backup(file) from None
    return found


def _safe_name(file: Path, member: tarfile.TarInfo, temporary: Path) -> str:
    """The name of a plain file within the home.

    Raises:
        Refused: If it is a link, a device or a folder, would be outside the home, or would take the place of the key.
    """
    try:
        safe = tarfile.data_filter(member, str(temporary))
    except tarfile.FilterError:
        raise _no_backup(file) from None
    parts = Path(safe.name).parts
    if (
        not safe.isreg()
        or safe.name != member.name
        or ".." in parts
        or temporary / safe.name == Home(temporary).key_file
    ):
        raise _no_backup(file)
    return Path(*parts).as_posix()


def _compared(file: Path, temporary: Path, unpacked: dict[str, KeptFile]) -> Manifest:
    """The list of the backup, after checking that exactly the files on it were unpacked."""
    unpacked.pop(MANIFEST, None)
    try:
        manifest = Manifest.model_validate_json((temporary / MANIFEST).read_bytes())
    except (FileNotFoundError, ValidationError):
        raise _no_backup(file) from None
    if unpacked != manifest.files:
        raise _no_backup(file)
    (temporary / MANIFEST).unlink()
    return manifest


def _made_present(home: Home, audit: AuditStore, actor: Actor) -> tuple[tuple[str, ...], str | None]:
    """Upgrade an unpacked home to the present format, and make its warehouse.

    Returns:
        The steps of the upgrade, and why not all figures can be read; None if they can.
    """
    found = format_of(home)
    refuse_newer(home, found)
    if found < FORMAT:
        converted = convert(home, found, audit, actor)
        return converted.done, converted.figures_problem
    return (), show_figures(home)


def _no_backup(file: Path) -> Refused:
    return Refused(f"{file} is damaged, or was not made by `dakl backup`: nothing was restored, use another backup")

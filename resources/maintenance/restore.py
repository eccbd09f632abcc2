"""Restoring a backup into a home that does not exist yet.

A backup may come from anybody. It is read twice: first every file is compared with the list of the backup and the list
with its signature, and nothing is written; then the files are written that a home may hold, and compared again.
"""

import gzip
import hashlib
import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from pydantic import ValidationError
from pyrage.x25519 import Identity

from dakl_pipeline.deliveries.log import Actor
from dakl_pipeline.errors import DaklError, Missing, Refused
from dakl_pipeline.presentation.english import summarise
from dakl_pipeline.privacy.pseudonyms import PseudonymKey
from dakl_pipeline.privacy.redaction import mask_line
from dakl_pipeline.privacy.signatures import is_signature_of_backup
from resources.config.environment import load_environment
from resources.config.home import Home
from resources.config.secret_key import find_key
from resources.maintenance.archive import MANIFEST, SIGNATURE, KeptFile, Manifest
from resources.maintenance.encryption import HEADER, decrypting
from resources.maintenance.home_files import is_kept, is_left_out
from resources.maintenance.plain_tar import NotPlain, PlainFile, Readable, plain_files
from resources.maintenance.temporary import temporary_beside
from resources.maintenance.upgrade.convert import convert, show_figures
from resources.storage.audit_store import AuditStore
from resources.storage.explanation_store import FOLDER
from resources.storage.home_format import FORMAT, format_of, refuse_newer
from resources.storage.links import restore_head

_CHUNK = 1 << 20
# What no backup of a home reaches: limits for a file of which nobody knows who made it.
_MOST_FILES = 5_000_000
_LONGEST_LIST = 1 << 30
_SIGNATURE_SIZE = 64
# An unsigned backup unpacks to at most so many times its own size. Delivered files compress some ten times.
_RATIO, _ALWAYS_ALLOWED = 200, 256 << 20


class Signature(Enum):
    """What is known of the signature of a backup."""

    VERIFIED = "verified"
    NOT_CHECKED = "not checked"
    WRONG = "wrong"


@dataclass(frozen=True)
class Restored:
    """The result of a restore.

    Attributes:
        files: Number of files.
        made_at: When the backup was made.
        signature: What is known of its signature.
        left_out: Files of the backup that were not restored.
        upgraded: The steps that brought it to the present format; empty for a backup of that format.
        figures_problem: Why not all figures can be read; None if they can.
        lost_entries: Number of entries of the audit log that were made after the backup, as recorded outside the home.
    """

    files: int
    made_at: datetime
    signature: Signature
    left_out: tuple[str, ...]
    upgraded: tuple[str, ...]
    figures_problem: str | None
    lost_entries: int


@dataclass
class Source:
    """A backup to be restored.

    Attributes:
        file: The file.
        identities: Who can decrypt it.
        key: The key with which its signature is checked; None if there is none.
        is_unverified_allowed: Whether to restore what can be from a backup that was changed, or is of another key.
    """

    file: Path
    identities: Sequence[Identity] = ()
    key: PseudonymKey | None = None
    is_unverified_allowed: bool = False
    size: int = field(init=False)
    is_encrypted: bool = field(init=False)

    def __post_init__(self) -> None:
        """Look whether it is there, and encrypted.

        Raises:
            Missing: If it does not exist, or is encrypted and there is no identity.
            Refused: If it cannot be read.
        """
        if not self.file.is_file():
            raise Missing(f"there is no backup {self.file}")
        self.size = self.file.stat().st_size
        try:
            with self.file.open("rb") as file:
                self.is_encrypted = file.read(len(HEADER)) == HEADER
        except OSError as error:
            raise Refused(f"{self.file} cannot be read ({error.strerror})") from None
        if self.is_encrypted and not self.identities:
            raise Missing(f"{self.file} is encrypted: name the file of an identity of age with --identity")

    @contextmanager
    def files(self) -> Iterator[Iterator[tuple[PlainFile, int]]]:
        """The files in it, each with the number of bytes of the backup that were read so far.

        Raises:
            Refused: If it is damaged, or holds anything but plain files.
        """
        refusal = no_backup(self.file)
        try:
            with (
                self.file.open("rb") as raw,
                decrypting(raw, self.identities, refusal=str(refusal))
                if self.is_encrypted
                else nullcontext(raw) as packed,
                gzip.open(packed) as unpacked,
            ):
                yield self._each(unpacked, raw)
                # Padding, after which the checksums of the envelope follow.
                while unpacked.read(_CHUNK):
                    pass
        except (NotPlain, EOFError, zlib.error, gzip.BadGzipFile):
            raise refusal from None

    def _each(self, unpacked: Readable, raw: BinaryIO) -> Iterator[tuple[PlainFile, int]]:
        seen: set[str] = set()
        for file in plain_files(unpacked):
            if file.name in seen or len(seen) > _MOST_FILES:
                raise NotPlain
            seen.add(file.name)
            yield file, raw.tell()


def key_for_restore(home: Home) -> PseudonymKey | None:
    """The key that the environment names; None if there is none, as on a new server, or none to be trusted."""
    try:
        return find_key(home, load_environment())
    except DaklError:
        return None


def restore_home(source: Source, home: Home, *, actor: Actor, advance: Callable[[int, int], None]) -> Restored:
    """Restore a backup: every file as it was, or nothing.

    The backup is unpacked beside the home and compared with its list. An older format is upgraded to the present one,
    and the warehouse is made, which needs no key. Then the folder takes the place of the home in one move.

    Args:
        source: The backup.
        home: A home that does not exist, or is an empty folder.
        actor: Who restores it.
        advance: Called with the number of bytes of the backup read so far, and in total.

    Raises:
        Refused: If the home is not empty or cannot be written, or the file is damaged, was changed or is not a backup.
    """
    root = home.root.absolute()
    if os.path.lexists(root) and (not root.is_dir() or any(root.iterdir())):
        raise Refused(f"{root} already exists and is not an empty folder: restore into another, nothing is overwritten")
    if root.is_mount():
        raise Refused(f"{root} is a disk of its own and cannot be swapped in one move: restore into a folder on it")
    try:
        manifest, signature = _checked(source, advance)
        wanted = {name: kept for name, kept in manifest.files.items() if is_kept(name)}
        root.parent.mkdir(parents=True, exist_ok=True)
        _require_room(root.parent, sum(kept.size for kept in wanted.values()))
        busy = f"another process is already restoring {root}"
        with temporary_beside(root, ".restoring-", busy=busy) as temporary:
            _unpack(source, wanted, temporary, advance)
            copy = Home(temporary)
            audit = AuditStore(copy, becomes=home, may_be_another=True)
            done, problem = _made_present(copy, audit, actor)
            problem = problem and problem.replace(str(temporary), str(root))
            for log in (copy.deliveries, copy.deliveries / FOLDER, copy.audit):
                restore_head(log)
            lost = audit.log_restore(actor, mask_line(source.file.name), manifest.made_at, signature.value)
            os.sync()
            temporary.rename(root)
            AuditStore(home, may_be_another=True).record_outside()
    except OSError as error:
        raise Refused(f"nothing was restored: {error.strerror or error} ({error.filename or root})") from None
    left_out = tuple(name for name in manifest.files if name not in wanted)
    return Restored(len(wanted), manifest.made_at, signature, left_out, done, problem, lost)


def _checked(source: Source, advance: Callable[[int, int], None]) -> tuple[Manifest, Signature]:
    """The list of a backup, after comparing every file with it; nothing is written.

    Raises:
        Refused: If the backup is damaged, or was changed.
    """
    found: dict[str, KeptFile] = {}
    listed: dict[str, bytes] = {}
    limits = {MANIFEST: _LONGEST_LIST, SIGNATURE: _SIGNATURE_SIZE}
    with source.files() as files:
        for file, read in files:
            if file.name in limits:
                if file.size > limits[file.name]:
                    raise no_backup(source.file)
                listed[file.name] = file.read_whole()
            else:
                digest = hashlib.sha256()
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                found[file.name] = KeptFile(sha256=digest.hexdigest(), size=file.size)
            advance(read, 2 * source.size)
    try:
        manifest = Manifest.model_validate_json(listed[MANIFEST])
    except (KeyError, ValidationError):
        raise no_backup(source.file) from None
    if found != manifest.files:
        raise no_backup(source.file)
    signature = _signature(source, listed)
    _require_trust(source, manifest, signature)
    return manifest, signature


def _signature(source: Source, listed: dict[str, bytes]) -> Signature:
    if source.key is None:
        return Signature.NOT_CHECKED
    made = listed.get(SIGNATURE, b"").decode("ascii", errors="replace")
    return Signature.VERIFIED if is_signature_of_backup(made, listed[MANIFEST], source.key) else Signature.WRONG


def _require_trust(source: Source, manifest: Manifest, signature: Signature) -> None:
    """Refuse a backup that was changed, or could do harm."""
    if signature is Signature.VERIFIED:
        return
    total = sum(kept.size for kept in manifest.files.values())
    if total > max(_ALWAYS_ALLOWED, _RATIO * source.size):
        raise no_backup(source.file)
    if source.is_unverified_allowed:
        return
    if signature is Signature.WRONG:
        raise Refused(
            f"{source.file} is not signed with the key of DAKL_PSEUDONYM_KEY or DAKL_PSEUDONYM_KEY_FILE: it was "
            "changed, or made without a key or with another one. Name the key of that time, or add --unverified to "
            "restore it all the same"
        )
    unknown = [name for name in manifest.files if not is_kept(name) and not is_left_out(name)]
    if unknown:
        raise Refused(
            f"{source.file} holds files that no home has ({mask_line(summarise(unknown))}): it was changed, or made by "
            "another version. Name its key in DAKL_PSEUDONYM_KEY_FILE to check it, or add --unverified to restore the "
            "rest of it"
        )


def _require_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise Refused(
            f"nothing was restored: the backup needs {needed / 1e9:.1f} GB and {folder} has {free / 1e9:.1f} GB left"
        )


def _unpack(source: Source, wanted: dict[str, KeptFile], temporary: Path, advance: Callable[[int, int], None]) -> None:
    """Write the wanted files, and compare each once more: the backup may have been exchanged meanwhile."""
    written = set()
    with source.files() as files:
        for file, read in files:
            kept = wanted.get(file.name)
            if kept is not None:
                if file.size != kept.size or _write(file, temporary / file.name) != kept.sha256:
                    raise no_backup(source.file)
                written.add(file.name)
            advance(source.size + read, 2 * source.size)
    if written != wanted.keys():
        raise no_backup(source.file)


def _write(content: PlainFile, target: Path) -> str:
    """Write a file, readable by its owner only, and return its digest."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
            copy.write(chunk)
    return digest.hexdigest()


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


def no_backup(file: Path) -> Refused:
    """A file that is damaged, or no backup."""
    return Refused(f"{file} is damaged, or was not made by `dakl backup`: nothing was restored, use another backup")

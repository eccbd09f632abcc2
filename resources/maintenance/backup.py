"""Backup of a home: which files it holds, and in which order.

Nothing is locked, so no process waits, and a read-only disk suffices. Entries of the log and vintages never change once
written, so files are copied before the files they refer to. Figures come first, then the history of runs, reports and
registers; the log comes last, and so holds every delivery behind any figure, run and report in the copy.

It holds the files that :mod:`resources.maintenance.home_files` knows, and of these none that holds the key. The
warehouse and the tables between the stages are made again from the rest.
"""

import hashlib
import io
import os
import re
import sqlite3
import stat
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from pyrage.x25519 import Recipient

from dakl_pipeline import __version__
from dakl_pipeline.errors import DaklError, Refused, WrongUsage
from dakl_pipeline.privacy.pseudonyms import PseudonymKey
from dakl_pipeline.privacy.signatures import signature_of_backup
from resources.config.environment import load_environment
from resources.config.home import Home
from resources.config.secret_key import find_key, key_file_of
from resources.maintenance.archive import ENCRYPTED_ENDING, ENDING, MANIFEST, SIGNATURE, KeptFile, Manifest
from resources.maintenance.encryption import encrypting
from resources.maintenance.home_files import files_below, open_plain
from resources.storage.append_log import NotLogged
from resources.storage.audit_store import AuditStore
from resources.storage.delivery_store import DeliveryStore
from resources.storage.explanation_store import FOLDER
from resources.storage.files import whole_file
from resources.storage.history_store import HistoryStore
from resources.storage.links import names_in
from resources.storage.sqlite_files import copy_whole

# Parquet does not compress further, and text compresses well at the lowest level.
_COMPRESSION = 1
_READ_AT_ONCE = 16 << 20
_CHUNK = 1 << 20
_KEY_SIZE = 64
_KEY = re.compile(rb"[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class Backup:
    """A backup that was made.

    Attributes:
        files: Number of files in it.
        size: Its size in bytes.
        damaged: SQLite files that are damaged and so not in it.
        with_key: Files that hold the key and so are not in it.
        is_signed: Whether there was a key to sign it with.
    """

    files: int
    size: int
    damaged: tuple[str, ...]
    with_key: tuple[str, ...]
    is_signed: bool


@dataclass
class Plan:
    """The files of a backup, in order.

    Attributes:
        root: The home.
        key: The key that signs it; None if there is none.
        secrets: Keys that no file in it may hold.
        made_at: When the files were chosen.
        files: The names of the files in the home.
        unknown: The names of files, links and devices in the home that it does not hold, because no home has them.
    """

    root: Path
    key: PseudonymKey | None
    secrets: frozenset[bytes]
    made_at: datetime
    files: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def write(self, out: Path, *, recipients: Sequence[Recipient] = (), advance: Callable[[], None]) -> Backup:
        """Write the backup, atomically and readable by its owner only.

        Args:
            out: The file.
            recipients: Who can decrypt it; it is not encrypted if there are none.
            advance: Called after each file.

        Raises:
            Refused: If it already exists or cannot be written, or a file changed while it was copied.
        """
        digests: dict[str, KeptFile] = {}
        damaged: list[str] = []
        with_key: list[str] = []
        try:
            with whole_file(out, replace=False) as target:
                with (
                    encrypting(target, recipients) if recipients else nullcontext(target) as sink,
                    tarfile.open(fileobj=sink, mode="w:gz", compresslevel=_COMPRESSION) as archive,
                ):
                    for name in self.files:
                        try:
                            # A file that has disappeared was superseded.
                            with suppress(FileNotFoundError), self._source(name) as source:
                                if self._holds_key(source):
                                    with_key.append(name)
                                else:
                                    digests[name] = _add(archive, name, source)
                        except sqlite3.Error:
                            damaged.append(name)
                        advance()
                    listed = Manifest(made_at=self.made_at, version=__version__, files=digests)
                    content = listed.model_dump_json(indent=1).encode()
                    _add(archive, MANIFEST, io.BytesIO(content))
                    if self.key is not None:
                        _add(archive, SIGNATURE, io.BytesIO(signature_of_backup(content, self.key).encode()))
                size = target.tell()
        except FileExistsError:
            raise _there_already(out) from None
        except OSError as error:
            raise Refused(f"the backup was not made: {error.strerror or error} ({error.filename or out})") from None
        return Backup(len(digests), size, tuple(damaged), tuple(with_key), self.key is not None)

    @contextmanager
    def _source(self, name: str) -> Iterator[BinaryIO]:
        with open_plain(self.root, name) as file:
            before = os.fstat(file.fileno())
            if name.endswith(".db"):
                with tempfile.TemporaryDirectory(prefix="dakl-backup-") as scratch:
                    copy = Path(scratch) / Path(name).name
                    copy_whole(self.root / name, copy)
                    with copy.open("rb") as content:
                        yield content
            elif before.st_size <= _READ_AT_ONCE:
                yield io.BytesIO(file.read())
            else:
                yield file
                after = os.fstat(file.fileno())
                if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                    raise Refused(f"{self.root / name} changed while it was copied: make the backup again")

    def _holds_key(self, source: BinaryIO) -> bool:
        """Whether a key is anywhere in a file, under whatever name it came into the home."""
        source.seek(0)
        rest = b""
        while chunk := source.read(_CHUNK):
            if any(secret in rest + chunk for secret in self.secrets):
                return True
            rest = chunk[-_KEY_SIZE:]
        return False


def plan(home: Home, out: Path, log: Callable[[], None] = lambda: None) -> Plan:
    """Choose the files of a backup.

    Args:
        home: The home.
        out: The file of the backup.
        log: Logs the backup, once its place is known to be right.

    Raises:
        WrongUsage: If the name of the file does not end in ``.tar.gz`` or ``.tar.gz.age``.
        Refused: If the file already exists, or would be in the home.
    """
    if not out.name.endswith((ENDING, ENCRYPTED_ENDING)):
        raise WrongUsage(f"--out must end in {ENDING}, or {ENCRYPTED_ENDING} to encrypt it to a recipient")
    if os.path.lexists(out):
        raise _there_already(out)
    if home.root.resolve() in out.resolve().parents:
        raise Refused(f"{out} is in the home itself: choose a place outside it, preferably on another disk")
    log()
    history = HistoryStore(home.history)
    key, secrets = _keys(home)
    chosen = Plan(home.root, key, secrets, datetime.now(UTC))
    audit = AuditStore(home)
    deliveries = DeliveryStore(home.deliveries, audit)
    with suppress(NotLogged):
        deliveries.finish()
    # Nothing that the audit log in the backup does not know: what comes meanwhile is for the next backup. But what is
    # there already is kept, also when that log is damaged.
    explanations = home.deliveries / FOLDER
    present = {
        "deliveries": max(map(int, deliveries.entry_names()), default=0),
        "explanations": max(map(int, names_in(explanations)), default=0),
    }
    newest = {year: numbers[-1] for year in history.years() if (numbers := history.numbers(year))}
    known = audit.known()
    vintages = {
        f"history/{year}": max(number, known.vintages.get(year, 0) if known else 0) for year, number in newest.items()
    }
    first, last = [home.stages.name, home.history.name], home.deliveries.name
    others = sorted(path.name for path in home.root.iterdir() if not path.name.startswith("."))
    audited = {home.audit.name: known.last} if known else {}
    for place in [*first, *(name for name in others if name not in (*first, last))]:
        _choose(chosen, place, {**vintages, **audited})
    logged = known.logs if known else {}
    entries = {
        last: max(present["deliveries"], logged.get("deliveries", 0)),
        f"{last}/{FOLDER}": max(present["explanations"], logged.get("explanations", 0)),
    }
    _choose(chosen, last, entries)
    return chosen


def _choose(chosen: Plan, place: str, last: Mapping[str, int]) -> None:
    """Choose the files in a folder of the home.

    Args:
        chosen: The files so far.
        place: The folder.
        last: The last number in each folder with numbered folders.
    """
    if os.path.lexists(chosen.root / place):
        kept, unknown = files_below(chosen.root, place)
        chosen.files += (name for name in kept if not _is_later(name, last))
        chosen.unknown += unknown


def _is_later(name: str, last: Mapping[str, int]) -> bool:
    """Whether a file belongs to a vintage or entry that came after the choice."""
    numbered, _, number = Path(name).parent.as_posix().rpartition("/")
    # A year that was counted for the first time meanwhile has no last vintage.
    return number.isdigit() and int(number) > last.get(numbered, 0 if numbered.startswith("history/") else int(number))


def _keys(home: Home) -> tuple[PseudonymKey | None, frozenset[bytes]]:
    """The key in use, and every key at hand."""
    environment = load_environment()
    try:
        key = find_key(home, environment)
    except DaklError:
        # None, or none that anybody should trust.
        key = None
    secrets = {key.reveal().encode("ascii")} if key else set()
    for file in (home.key_file, key_file_of(home, environment)):
        with suppress(OSError):
            if file is not None:
                secrets |= set(_KEY.findall(file.read_bytes()))
    return key, frozenset(secrets)


def _add(archive: tarfile.TarFile, name: str, source: BinaryIO) -> KeptFile:
    member = tarfile.TarInfo(name)
    member.mode = stat.S_IRUSR | stat.S_IWUSR
    member.size = source.seek(0, io.SEEK_END)
    source.seek(0)
    reader = _Digesting(source)
    archive.addfile(member, reader)
    return KeptFile(sha256=reader.digest.hexdigest(), size=member.size)


class _Digesting:
    """Reads a file and computes its digest.

    Args:
        source: The file.
    """

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read at most ``size`` bytes."""
        chunk = self._source.read(size)
        self.digest.update(chunk)
        return chunk


def _there_already(out: Path) -> Refused:
    return Refused(f"{out} already exists: a backup never replaces another file")

"""Backup of a home: which files it holds, and in which order.

Nothing is locked, so no process waits, and a read-only disk suffices. Entries of the log and vintages never change once
written, so files are copied before the files they refer to. Figures come first, while the tables they were made from
are held open; then the history of runs, reports and registers; the log comes last, and so holds every delivery behind
any figure, run and report in the copy.

Left out: the key, wherever it is; the warehouse, which is rebuilt from the rest; the pseudonymised registers and the
tables of unfinished runs, which the next run makes again; locks and half-written files.
"""

import hashlib
import io
import os
import re
import sqlite3
import stat
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from dakl_pipeline import __version__
from dakl_pipeline.contracts import VINTAGE_TABLES
from dakl_pipeline.errors import DaklError, Refused, WrongUsage
from resources.config.environment import load_environment
from resources.config.home import Home
from resources.config.secret_key import key_file_of
from resources.maintenance.archive import ENDING, MANIFEST, KeptFile, Manifest
from resources.storage.append_log import NotLogged
from resources.storage.audit_store import AuditStore, Known
from resources.storage.delivery_store import DeliveryStore
from resources.storage.explanation_store import FOLDER
from resources.storage.files import whole_file
from resources.storage.history_store import HistoryStore
from resources.storage.sqlite_files import BESIDE, copy_whole
from resources.storage.stage_store import StageStore

# Parquet does not compress further, and text compresses well at the lowest level.
_COMPRESSION = 1
_READ_AT_ONCE = 16 << 20
_KEY_SIZE = 128
_KEY = re.compile(rb"\s*[0-9a-fA-F]{64}\s*")
_LOOKS = 5


@dataclass(frozen=True)
class Backup:
    """A backup that was made.

    Attributes:
        files: Number of files in it.
        size: Its size in bytes.
        left_out: SQLite files that are damaged and so not in it.
    """

    files: int
    size: int
    left_out: tuple[Path, ...]


@dataclass
class Plan:
    """The files of a backup, in order.

    Attributes:
        root: The home.
        files: The files.
        open_files: Those that a run may remove meanwhile, held open.
        made_at: When the files were chosen.
    """

    root: Path
    made_at: datetime
    files: list[Path] = field(default_factory=list)
    open_files: dict[Path, BinaryIO] = field(default_factory=dict)

    def write(self, out: Path, *, advance: Callable[[], None]) -> Backup:
        """Write the backup, atomically and readable by its owner only.

        Args:
            out: The file.
            advance: Called after each file.

        Raises:
            Refused: If it already exists or cannot be written, or a file changed while it was copied.
        """
        digests: dict[str, KeptFile] = {}
        left_out: list[Path] = []
        try:
            with whole_file(out, replace=False) as target:
                with tarfile.open(fileobj=target, mode="w:gz", compresslevel=_COMPRESSION) as archive:
                    for path in self.files:
                        name = path.relative_to(self.root).as_posix()
                        try:
                            # A file that has disappeared was superseded.
                            with suppress(FileNotFoundError), self._source(path) as source:
                                digests[name] = _add(archive, name, source)
                        except sqlite3.Error:
                            left_out.append(path)
                        advance()
                    manifest = Manifest(made_at=self.made_at, version=__version__, files=digests)
                    _add(archive, MANIFEST, io.BytesIO(manifest.model_dump_json(indent=1).encode()))
                size = target.tell()
        except FileExistsError:
            raise _there_already(out) from None
        except OSError as error:
            raise Refused(f"the backup was not made: {error.strerror or error} ({error.filename or out})") from None
        return Backup(len(digests), size, tuple(left_out))

    @contextmanager
    def _source(self, path: Path) -> Iterator[BinaryIO]:
        if path in self.open_files:
            yield self.open_files[path]
        elif path.suffix == ".db":
            with tempfile.TemporaryDirectory(prefix="dakl-backup-") as scratch:
                copy = Path(scratch) / path.name
                copy_whole(path, copy)
                with copy.open("rb") as file:
                    yield file
        else:
            with path.open("rb") as file:
                before = os.fstat(file.fileno())
                if before.st_size <= _READ_AT_ONCE:
                    yield io.BytesIO(file.read())
                    return
                yield file
                after = os.fstat(file.fileno())
            if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                raise Refused(f"{path} changed while it was copied: make the backup again")


@contextmanager
def plan(home: Home, out: Path, log: Callable[[], None] = lambda: None) -> Iterator[Plan]:
    """Choose the files of a backup.

    Args:
        home: The home.
        out: The file of the backup.
        log: Logs the backup, once its place is known to be right.

    Yields:
        The files.

    Raises:
        WrongUsage: If the name of the file does not end in ``.tar.gz``.
        Refused: If the file already exists, or would be in the home.
    """
    if not out.name.endswith(ENDING):
        raise WrongUsage(f"--out must end in {ENDING}")
    if os.path.lexists(out):
        raise _there_already(out)
    if home.root.resolve() in out.resolve().parents:
        raise Refused(f"{out} is in the home itself: choose a place outside it, preferably on another disk")
    log()
    chosen = Plan(home.root, datetime.now(UTC))
    keys = _key_files(home)
    # Nothing that the audit log in the backup does not know: what comes meanwhile is for the next backup.
    audit = AuditStore(home)
    known = audit.known()
    deliveries = DeliveryStore(home.deliveries, audit)
    with suppress(NotLogged):
        deliveries.finish()
    with ExitStack() as stack:
        _choose_figures(home, chosen, stack, known)
        of_figures = {home.stages, home.history, home.deliveries}
        others = [path for path in sorted(home.root.iterdir()) if path not in of_figures]
        for path in others:
            last = known.last if known and path == home.audit else None
            chosen.files += (file for file in _files_until(last, path) if not _is_left_out(file, home, keys))
        # Only entries that exist now: entries are numbered in order, so later ones have a higher id.
        last = known.logs["deliveries"] if known else max(map(int, deliveries.entry_names()), default=0)
        explanations = home.deliveries / FOLDER
        chosen.files += (p for p in _files_until(last, home.deliveries) if explanations not in p.parents)
        chosen.files += _files_until(known.logs["explanations"] if known else None, explanations)
        yield chosen


def _files_until(last: int | None, log: Path) -> Iterator[Path]:
    """The files of a log up to an entry; of any folder, every file, when there is no last entry."""
    for path in _files(log):
        entry = path.relative_to(log).parts[:1]
        if last is None or not (entry and entry[0].isdigit()) or int(entry[0]) <= last:
            yield path


def _choose_figures(home: Home, chosen: Plan, stack: ExitStack, known: Known | None) -> None:
    """Choose the vintages, and the tables that the newest of each year shows."""
    history, stages = HistoryStore(home.history), StageStore(home.stages)
    if stages.keys_file.exists():
        chosen.files.append(stages.keys_file)
    for year in history.years():
        for _ in range(_LOOKS):
            # A run that ends now may remove the tables of the previous vintage: then try again.
            last = min(history.numbers(year)[-1], known.vintages.get(year, 0) if known else sys.maxsize)
            tables, is_whole = _tables_of_newest(home, year, stack)
            if is_whole:
                break
        chosen.open_files |= tables
        chosen.files += tables
        for folder in sorted((home.history / str(year)).iterdir()):
            if folder.name.isdigit() and int(folder.name) <= last:
                chosen.files += _files(folder)


def _tables_of_newest(home: Home, year: int, stack: ExitStack) -> tuple[dict[Path, BinaryIO], bool]:
    """The record of a year and the tables of its newest vintage, opened, and whether all of them exist."""
    stages = StageStore(home.stages)
    try:
        newest = HistoryStore(home.history).newest(year)
    except DaklError:
        newest = None
    paths = [stages.record_file(year)]
    if newest is not None:
        for stage in newest.stages.values():
            shown = [name for name in stage.tables if name in VINTAGE_TABLES]
            paths += [stages.path(year, name, stage.tables[name]) for name in shown]
    open_files: dict[Path, BinaryIO] = {}
    for path in paths:
        with suppress(FileNotFoundError):
            open_files[path] = stack.enter_context(path.open("rb"))
    return open_files, len(open_files) == len(paths)


def _files(place: Path) -> Iterator[Path]:
    """Every plain file in a place, following links to other disks; hidden ones are locks or half written."""
    if place.name.startswith("."):
        return
    if place.is_file():
        yield place
    seen: set[Path] = set()
    for folder, below, names in os.walk(place, followlinks=True):
        resolved = Path(folder).resolve()
        if resolved in seen:
            below.clear()
            continue
        seen.add(resolved)
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder) / name
            if not name.startswith(".") and path.is_file():
                yield path


def _key_files(home: Home) -> list[Path]:
    files = (home.key_file, key_file_of(home, load_environment()))
    return [file for file in files if file is not None and file.exists()]


def _is_left_out(path: Path, home: Home, keys: list[Path]) -> bool:
    if path.name.startswith(home.warehouse.name) or path.name.endswith(BESIDE):
        return True
    if any(path.samefile(key) for key in keys):
        return True
    # A copy of a key under another name.
    return path.stat().st_size <= _KEY_SIZE and _KEY.fullmatch(path.read_bytes()) is not None


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

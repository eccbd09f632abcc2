"""Opens a file that somebody offers: an ordinary file, and nothing that must not leave its place."""

import errno
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from dakl_pipeline.errors import Refused, WrongUsage
from dakl_pipeline.privacy.redaction import mask_typed_numbers, mask_unprintable

# O_NONBLOCK: opening a pipe would wait for its writer. Windows has neither flag, nor pipes among its files.
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_CHUNK = 1 << 20
# Files without size that a kernel makes up when they are read, such as the environment of a process.
_MADE_UP = tuple(map(Path, ("/proc", "/sys", "/dev")))
_MEMORY = Path("/dev/shm")  # noqa: S108 - ordinary files
# 64 hexadecimal characters by themselves, in lower case, as no delivery has them.
_KEY = re.compile(rb"(?<![0-9A-Za-z])[0-9a-f]{64}(?![0-9A-Za-z])")
_KEY_SIZE = 64
_NO_KEY = re.compile(rb"(.)\1{63}|[0-9]{64}")


@dataclass(frozen=True)
class Intake:
    """What may be received.

    Attributes:
        closed: Files, and folders with all that is in them, that are never received, also not under another name.
        size_limit: Bytes that a file may have.
        seconds: Seconds that reading it may take.
    """

    closed: tuple[Path, ...] = ()
    size_limit: int = 256_000_000
    seconds: float = 600.0


@contextmanager
def opened_regular(path: Path) -> Iterator[BufferedReader]:
    """Open an ordinary file without following a link at the end of its path.

    Raises:
        WrongUsage: If it is something else, such as a link, a folder or a pipe; or does not exist, or may not be read.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except PermissionError:
        raise WrongUsage(f"{_name(path)} cannot be read: permission denied") from None
    except OSError as error:
        if error.errno == errno.ELOOP or path.is_symlink():
            raise WrongUsage(f"{_name(path)} is not a file but a link: name the file that it leads to") from None
        raise _no_file(path) from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode) or _is_made_up(_real_path(descriptor, path)):
            raise _no_file(path)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)


@contextmanager
def opened_received(path: Path, intake: Intake) -> Iterator[Iterator[bytes]]:
    """Open a file that somebody delivers, to be read piece by piece.

    Args:
        path: The file.
        intake: What may be received.

    Yields:
        Its content. Reading raises Refused when it becomes longer than the limit, takes too long, or fails.

    Raises:
        WrongUsage: If it is no ordinary file that can be read.
        Refused: If it is in a closed place or too large, or if it holds a key.
    """
    with opened_regular(path) as file:
        if _is_closed(file, path, intake.closed):
            raise Refused(f"{_name(path)} belongs to the home and is no delivery: deliver the file of the supplier")
        if os.fstat(file.fileno()).st_size > intake.size_limit:
            raise _too_large(path, intake)
        yield _pieces(file, path, intake)


def _pieces(file: BufferedReader, path: Path, intake: Intake) -> Iterator[bytes]:
    deadline, size, before = time.monotonic() + intake.seconds, 0, b""
    while True:
        try:
            piece = file.read(_CHUNK)
        except OSError as error:
            raise Refused(f"the file cannot be read: {os.strerror(error.errno or errno.EIO)}") from None
        if not piece:
            return
        # A key may lie across two pieces.
        seen, before = before + piece, piece[-_KEY_SIZE:]
        if any(not _NO_KEY.fullmatch(each) for each in _KEY.findall(seen)):
            raise Refused(f"{_name(path)} holds what looks like a secret key and is no delivery: nothing was kept")
        size += len(piece)
        # The file may grow while it is read.
        if size > intake.size_limit:
            raise _too_large(path, intake)
        if time.monotonic() > deadline:
            raise Refused(
                f"{_name(path)} could not be read within {intake.seconds:g} seconds: copy it to this computer "
                "first, or raise DAKL_DELIVERY_TIMEOUT"
            )
        yield piece


def _is_closed(file: BufferedReader, path: Path, closed: tuple[Path, ...]) -> bool:
    """Whether an open file is one of the closed ones, or lies in a closed folder, by path or as a hard link."""
    real, status = _real_path(file.fileno(), path), os.fstat(file.fileno())
    places = [Path(os.path.realpath(place)) for place in closed]
    if any(real.is_relative_to(place) for place in places):
        return True
    identity = status.st_dev, status.st_ino
    return status.st_nlink > 1 and any(identity == each for place in places for each in _identities(place))


def _identities(place: Path) -> Iterator[tuple[int, int]]:
    """Device and inode of a file, or of every file in a folder."""
    for path in (place, *place.rglob("*")) if place.is_dir() else (place,):
        try:
            status = path.stat()
        except OSError:
            continue
        yield status.st_dev, status.st_ino


def _real_path(descriptor: int, path: Path) -> Path:
    """The path of an open file without links; that of its descriptor, where the system tells it."""
    return Path(os.path.realpath(f"/proc/self/fd/{descriptor}" if os.path.exists("/proc/self/fd") else path))  # noqa: PTH110


def _is_made_up(real: Path) -> bool:
    return any(real.is_relative_to(place) for place in _MADE_UP) and not real.is_relative_to(_MEMORY)


def _no_file(path: Path) -> WrongUsage:
    return WrongUsage(f"{_name(path)} does not exist or is not a file")


def _too_large(path: Path, intake: Intake) -> Refused:
    return Refused(
        f"{_name(path)} is larger than {intake.size_limit / 1e6:g} MB and is no delivery: nothing was kept. "
        "Deliver less, or raise DAKL_DELIVERY_LIMIT"
    )


def _name(path: Path) -> str:
    return mask_typed_numbers(mask_unprintable(path.name))

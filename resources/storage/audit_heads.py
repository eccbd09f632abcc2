"""The heads of the audit log that are kept outside the home: one line per entry in a file that only grows.

Whoever can write in the home can write its whole audit log again, but then it is not the one of this file. Its folder
is ``DAKL_AUDIT_HEADS``, else that of the user's state; on a server it belongs to root.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from dakl_pipeline.errors import Missing
from resources.config.home import Home
from resources.storage.files import give_to_owner
from resources.storage.links import Head

FOLDER_VARIABLE = "DAKL_AUDIT_HEADS"
_NAME_DIGITS = 16
# So many characters of four bytes fit in the name of a file, with the digest.
_LONGEST_NAME = 50
# More than the longest line.
_TAIL = 256


class AuditHeads:
    """The file of one home.

    Args:
        home: The home. The file is named after its path, so that it is found again when the home is replaced.

    Raises:
        Missing: If the account has no folder for its state, and no other is named.
    """

    def __init__(self, home: Home) -> None:
        self._root = root = home.root.resolve()
        digest = hashlib.sha256(os.fsencode(root)).hexdigest()[:_NAME_DIGITS]
        self.path = _folder(root) / f"{root.name[:_LONGEST_NAME]}-{digest}.heads"
        self.is_in_home = root in self.path.resolve().parents

    def last(self) -> Head | None:
        """The last head; None when there is none, or the file cannot be read."""
        with suppress(OSError), self.path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL))
            return next(reversed(list(_heads(file.read()))), None)
        return None

    def digests(self) -> dict[int, str]:
        """Every head since the log was last started, by place in the log; none when the file cannot be read."""
        found: dict[int, str] = {}
        with suppress(OSError):
            for head in _heads(self.path.read_bytes()):
                if head.sequence == 1:
                    found = {}
                # What was recorded first was recorded when the entry was made.
                found.setdefault(head.sequence, head.digest)
        return found

    def record(self, head: Head, at: datetime) -> bool:
        """Add a head.

        Returns:
            Whether it could be written. A folder that is lost or full stops nothing; the verification reports it.
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(self._descriptor(), "r+b", buffering=0) as file:
                # Root writes here when it restores or upgrades; from then on the account of the home must.
                with suppress(FileNotFoundError):
                    give_to_owner(self._root, self.path)
                # A crash may have cut the last line short.
                start = b"" if _ends_a_line(file.fileno()) else b"\n"
                line = f"{at.isoformat(timespec='seconds')} {head.sequence} {head.digest}\n"
                file.write(start + line.encode("ascii"))
                os.fsync(file.fileno())
        except OSError:
            return False
        return True

    def _descriptor(self) -> int:
        flags = os.O_RDWR | os.O_APPEND
        with suppress(FileNotFoundError):
            # In a sticky folder the kernel lets not even root open the file of another account to create it.
            return os.open(self.path, flags)
        return os.open(self.path, flags | os.O_CREAT, 0o600)


def _folder(root: Path) -> Path:
    if named := os.environ.get(FOLDER_VARIABLE):
        return Path(named).absolute()
    named = os.environ.get("XDG_STATE_HOME", "")
    try:
        # A relative value is not valid (XDG Base Directory Specification).
        state = Path(named) if Path(named).is_absolute() else Path("~/.local/state").expanduser()
    except RuntimeError:
        raise Missing(
            f"this account has no home folder, so name a folder outside {root} for the heads of the audit log in "
            f"{FOLDER_VARIABLE}"
        ) from None
    return state / "dakl" / "audit-heads"


def _heads(content: bytes) -> Iterator[Head]:
    for line in content.split(b"\n"):
        with suppress(ValueError):
            _, sequence, digest = line.decode("ascii").split(" ")
            yield Head(sequence=int(sequence), digest=digest)


def _ends_a_line(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"

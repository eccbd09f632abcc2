"""Encryption of a backup to recipients, in the format of age (https://age-encryption.org/v1), piece by piece.

The library reads and writes files itself, so it works in a thread at the other end of a pipe: neither the archive nor
its content is ever whole in memory or, unencrypted, on a disk.
"""

import io
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

import pyrage
from pyrage.x25519 import Identity, Recipient

from dakl_pipeline.errors import Missing, Refused, WrongUsage

# How an encrypted file begins, whatever its name.
HEADER = b"age-encryption.org/v1"
_IDENTITY = "AGE-SECRET-KEY-"
_OF_OTHERS = "none of the identities can decrypt this backup: name the file of one of its recipients"


def recipients_of(texts: Iterable[str]) -> list[Recipient]:
    """The recipients with these public keys.

    Args:
        texts: Public keys, such as ``age1...``; several in one text are separated by spaces or commas.

    Raises:
        WrongUsage: If one is none. It is not repeated: it could be a secret that was put in the wrong place.
    """
    found = []
    for text in " ".join(texts).replace(",", " ").split():
        try:
            found.append(Recipient.from_str(text))
        except pyrage.RecipientError:
            raise WrongUsage(
                "a recipient of backups is not a public key of age: write age1... as `age-keygen` prints it"
            ) from None
    return found


def identities_of(path: Path) -> list[Identity]:
    """The identities in a file that ``age-keygen`` made.

    Args:
        path: The file: an identity a line; empty lines and those that start with ``#`` are skipped.

    Raises:
        Missing: If it cannot be read, or holds no identity. Its content is never repeated.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="ascii").splitlines()]
        found = [Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (OSError, UnicodeDecodeError, pyrage.IdentityError):
        found = []
    if not found:
        raise Missing(f"{path} cannot be read as a file with identities of age: one {_IDENTITY}... on a line")
    return found


@contextmanager
def encrypting(target: BinaryIO, recipients: Sequence[Recipient]) -> Iterator[BinaryIO]:
    """Encrypt what is written.

    Args:
        target: Where the encrypted bytes go.
        recipients: Who can decrypt them; at least one.

    Yields:
        Where to write.

    Raises:
        OSError: If the target cannot be written.
    """
    to = _Faulty(target)
    reading, writing = os.pipe()
    source = os.fdopen(reading, "rb")
    # At the first fault the pipe is closed, so that whoever writes stops too.
    work = _Work(lambda: pyrage.encrypt_io(source, to, recipients), source)
    try:
        with suppress(BrokenPipeError), os.fdopen(writing, "wb") as pipe:
            yield pipe
    finally:
        work.join()
        if to.fault is not None:
            raise to.fault
    if work.fault is not None:
        raise OSError("the backup could not be encrypted")


@contextmanager
def decrypting(source: io.BufferedIOBase, identities: Sequence[Identity], *, refusal: str) -> Iterator[BinaryIO]:
    """Decrypt a file.

    Args:
        source: The encrypted bytes.
        identities: Of whom at least one must be a recipient.
        refusal: Message when the file is damaged.

    Yields:
        Where to read.

    Raises:
        Refused: If it is damaged, or meant for others. What was read until then is not to be trusted.
    """
    reading, writing = os.pipe()
    pipe = os.fdopen(writing, "wb")
    to = _Faulty(pipe)
    work = _Work(lambda: pyrage.decrypt_io(source, to, identities), pipe)
    with os.fdopen(reading, "rb") as content:
        try:
            yield content
        finally:
            # Whoever reads no further stops the work; any other fault of it says more than what follows from it.
            content.close()
            work.join()
            if work.fault is not None and to.fault is None:
                is_of_others = isinstance(work.fault, pyrage.DecryptError) and "keys" in str(work.fault)
                raise Refused(_OF_OTHERS if is_of_others else refusal)


class _Work:
    """A call in a thread, after which a pipe is closed.

    Args:
        call: The call.
        pipe: The end of the pipe that the call uses.
    """

    def __init__(self, call: Callable[[], object], pipe: BinaryIO) -> None:
        self.fault: Exception | None = None
        self._call = call
        self._pipe = pipe
        self._thread = threading.Thread(target=self._run, name="dakl-age", daemon=True)
        self._thread.start()

    def join(self) -> None:
        """Wait for the end."""
        self._thread.join()

    def _run(self) -> None:
        try:
            self._call()
        except Exception as error:
            self.fault = error
        finally:
            with suppress(OSError):
                self._pipe.close()


class _Faulty(io.BufferedIOBase):
    """A file that remembers why it could not be written; the library gives another error.

    Args:
        target: The file.
    """

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self.fault: OSError | None = None

    def write(self, content: Any) -> int:
        """Write."""
        try:
            return self._target.write(content)
        except OSError as error:
            self.fault = error
            raise

    def flush(self) -> None:
        """Leave it to the owner of the file."""

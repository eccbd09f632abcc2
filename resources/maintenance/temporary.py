"""A temporary folder beside a home, in which its replacement is made before it takes its place in one move."""

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dakl_pipeline.errors import Refused
from resources.storage.files import locked_at_once

_FOLDER_OF_OWNER = 0o700


@contextmanager
def temporary_beside(root: Path, prefix: str, *, busy: str) -> Iterator[Path]:
    """A new folder beside the home that no other account can enter, removed at the end.

    Args:
        root: The home.
        prefix: Prefix of the name of the folder.
        busy: Message when another process holds it.

    Yields:
        The folder; it stays if it is moved.

    Raises:
        Refused: If another process holds it, or somebody else made it. A refusal within is passed on with the path of
            the home.
        OSError: If it cannot be made.
    """
    temporary = root.with_name(f"{prefix}{root.name}")
    _remove_leftover(temporary, root, busy)
    try:
        temporary.mkdir(mode=_FOLDER_OF_OWNER)
    except FileExistsError:
        raise Refused(busy) from None
    descriptor = os.open(temporary, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if not locked_at_once(descriptor):
            raise Refused(busy)
        yield temporary
    except Refused as error:
        # The folder is gone by the time somebody reads it.
        raise Refused(str(error).replace(str(temporary), str(root))) from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        os.close(descriptor)


def _remove_leftover(temporary: Path, root: Path, busy: str) -> None:
    """Remove the folder that a killed process left; it is never used, whatever is in it.

    Raises:
        Refused: If another process holds it, or it is a link or of another account.
    """
    with suppress(FileNotFoundError):
        found = temporary.lstat()
        # An upgrade by root gives its folder to the owner of the home before it takes its place.
        owners = {os.geteuid(), *([root.stat().st_uid] if root.exists() else [])}
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners:
            raise Refused(f"{temporary} was made by somebody else: see what it is, and remove it")
        descriptor = os.open(temporary, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            if not locked_at_once(descriptor):
                raise Refused(busy)
            shutil.rmtree(temporary)
        finally:
            os.close(descriptor)

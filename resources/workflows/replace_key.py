"""Replacing and destroying the secret key of a home.

The tables with old pseudonyms go first and the key after them. So whenever the process ends there is the old key with
old tables, or a key with fewer tables, which the next run makes again with the key that is there.
"""

import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dakl_pipeline.errors import Refused
from resources.config.environment import load_environment
from resources.config.home import Home
from resources.config.secret_key import find_key, key_file_of
from resources.storage.files import sync, whole_file
from resources.storage.stage_store import StageStore

# Seconds to wait for a busy run.
_TIMEOUT = 60.0


def require_own_key_file(home: Home, *, is_any_key: bool = False) -> Path:
    """The file with the key, if this account may replace it.

    Args:
        home: The home.
        is_any_key: Whether a key that the program refuses to use will do.

    Raises:
        Missing: If there is no key.
        Refused: If the key comes from the environment, or its file may not be replaced; says what to do there.
    """
    environment = load_environment()
    file = key_file_of(home, environment)
    if not (is_any_key and file is not None and file.exists()):
        find_key(home, environment)
    by_hand = "then count every year again with `dakl run --all`, which makes every table with pseudonyms anew"
    if file is None:
        raise Refused(
            f"the key is in DAKL_PSEUDONYM_KEY, which dakl cannot change: put another key (`openssl rand -hex 32`) "
            f"there, or remove it, where that variable is set; {by_hand}"
        )
    # The file that is meant, not a link to it, is replaced.
    file = file.resolve()
    if not os.access(file.parent, os.W_OK):
        raise Refused(
            f"this account may not replace {file}: put another key (`openssl rand -hex 32`) into it, or remove it, as "
            f"the account that owns {file.parent}, with the same owner and mode; {by_hand}"
        )
    return file


def replace_key(home: Home, years: Iterable[int]) -> None:
    """Destroy every table with pseudonyms, and replace the key by a new one.

    Args:
        home: The home.
        years: The reporting years.

    Raises:
        Missing: If there is no key.
        Refused: If the key cannot be replaced, or a run is busy.
    """
    file = require_own_key_file(home)
    with _no_run(home, years) as stages, _writing(file):
        before = file.stat()
        # The new key takes its place when all of it is written, and the tables are gone.
        with whole_file(file) as new:
            os.fchmod(new.fileno(), stat.S_IMODE(before.st_mode))
            os.fchown(new.fileno(), before.st_uid, before.st_gid)
            new.write(f"{secrets.token_hex(32)}\n".encode("ascii"))
            stages.destroy_tables()


def destroy_key(home: Home, years: Iterable[int]) -> Path:
    """Destroy the key. Tables with its pseudonyms stay, and nobody can make or trace one any more.

    Args:
        home: The home.
        years: The reporting years.

    Returns:
        The file that is gone.

    Raises:
        Missing: If there is no key.
        Refused: If it cannot be destroyed, or a run is busy.
    """
    file = require_own_key_file(home, is_any_key=True)
    with _no_run(home, years), _writing(file):
        file.unlink()
        sync(file.parent)
    return file


@contextmanager
def _no_run(home: Home, years: Iterable[int]) -> Iterator[StageStore]:
    """Lock out the runs of every year; one that waits loads the key that is there afterwards."""
    stages = StageStore(home.stages)
    with ExitStack() as stack:
        for year in sorted({*years, *stages.years()}):
            stack.enter_context(stages.locked(year, timeout=_TIMEOUT))
        yield stages


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Refused(
            f"{error.filename or file} cannot be written ({error.strerror}): the key was not changed"
        ) from None

"""The secret key: where it comes from and how one is made.

The key never appears in a text.
"""

import os
import secrets
import shlex
from pathlib import Path

from dakl_pipeline.errors import Missing, Refused
from dakl_pipeline.privacy.pseudonyms import PseudonymKey, is_trivial
from resources.config.environment import Environment
from resources.config.home import Home
from resources.config.protection import close_home, hide_memory

_OWNER_ONLY = 0o600
_FOLDER_OF_OWNER = 0o700


def load_key(home: Home, environment: Environment) -> PseudonymKey:
    """Load the key: from ``DAKL_PSEUDONYM_KEY``, else the file of ``DAKL_PSEUDONYM_KEY_FILE``, else the home.

    Raises:
        Missing: If there is no key or it is malformed.
        Refused: If it is trivial, or in a file that others may read or write.
    """
    file = key_file_of(home, environment)
    if file is not None and is_open_to_others(file, home):
        raise Refused(
            f"other accounts can read or write the pseudonym key at {file}, so it may be known to them: close it with "
            f"`chmod {'600' if file == home.key_file else 'o=,g-w'} {shlex.quote(str(file))}`, and replace it if "
            "somebody may have read it"
        )
    return find_key(home, environment)


def find_key(home: Home, environment: Environment) -> PseudonymKey:
    """Load the key as :func:`load_key` does, whoever can read its file. Its memory is kept out of dumps.

    Raises:
        Missing: If there is no key or it is malformed.
        Refused: If it is trivial.
    """
    hide_memory()
    if environment.pseudonym_key is not None:
        text = environment.pseudonym_key.get_secret_value().strip()
    else:
        text = _read(environment.pseudonym_key_file or home.key_file)
    key = PseudonymKey(text)
    if is_trivial(text):
        raise Refused(
            "the pseudonym key is not random, so it can be guessed: remove it with `dakl key destroy` and make "
            "one with `dakl key create`"
        )
    return key


def is_open_to_others(file: Path, home: Home) -> bool:
    """Whether accounts that should not can read or write a key file; false if it does not exist.

    The key in a home belongs to one account. A mounted secret may belong to a group, which may read it.
    """
    try:
        is_in_home = home.key_file.exists() and file.samefile(home.key_file)
        return bool(file.stat().st_mode & (0o077 if is_in_home else 0o027))
    except OSError:
        return False


def key_file_of(home: Home, environment: Environment) -> Path | None:
    """The file that the key comes from; None when the environment holds the key itself."""
    if environment.pseudonym_key is not None:
        return None
    return environment.pseudonym_key_file or home.key_file


def create_key(home: Home) -> Path:
    """Make a random key of 32 bytes in the home, and the home itself if it does not exist.

    Returns:
        The file, readable by its owner only.

    Raises:
        Refused: If there is a key already. A key is never overwritten: without it nobody is recognised across years.
    """
    # It will hold BSNs, so it is closed to every other account.
    home.root.mkdir(mode=_FOLDER_OF_OWNER, parents=True, exist_ok=True)
    close_home(home)
    try:
        descriptor = os.open(home.key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError:
        raise Refused(f"{home.key_file} already exists: a key is never overwritten") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return home.key_file


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise Missing(
            f"there is no pseudonym key: set DAKL_PSEUDONYM_KEY or DAKL_PSEUDONYM_KEY_FILE, or make {path} with "
            "`dakl key create`"
        ) from None
    except (OSError, UnicodeDecodeError):
        raise Missing(f"the pseudonym key at {path} cannot be read") from None

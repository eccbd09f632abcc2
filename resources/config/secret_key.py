"""The secret key: where it comes from and how one is made.

The key never appears in a text.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from dakl_pipeline.errors import Missing, Refused
from dakl_pipeline.privacy.pseudonyms import PseudonymKey
from resources.config.environment import Environment
from resources.config.home import Home

_OWNER_ONLY = 0o600
_FOLDER_OF_OWNER = 0o700


def load_key(home: Home, environment: Environment) -> PseudonymKey:
    """Load the key: from ``DAKL_PSEUDONYM_KEY``, else the file of ``DAKL_PSEUDONYM_KEY_FILE``, else the home.

    Raises:
        Missing: If there is no key or it is malformed.
    """
    if key_file_of(home, environment) == home.key_file and home.key_file.exists():
        _close_to_others(home.key_file)
    return find_key(home, environment)


def find_key(home: Home, environment: Environment) -> PseudonymKey:
    """Load the key as :func:`load_key` does, but change nothing.

    Raises:
        Missing: If there is no key or it is malformed.
    """
    if environment.pseudonym_key is not None:
        return PseudonymKey(environment.pseudonym_key.get_secret_value().strip())
    return PseudonymKey(_read(environment.pseudonym_key_file or home.key_file))


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


def _close_to_others(path: Path) -> None:
    """Remove other accounts' rights to the key file, which a copy or an archive may have granted."""
    # On a read-only disk it stays as it is, and `dakl doctor` reports it.
    with suppress(OSError):
        if path.stat().st_mode & 0o077 and path.stat().st_uid == os.getuid():
            path.chmod(_OWNER_ONLY)

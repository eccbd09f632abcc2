"""The account that this process runs as, and who used ``sudo`` to get there."""

import os
import pwd
from contextlib import suppress

from dakl_pipeline.deliveries.log import Actor
from dakl_pipeline.privacy.redaction import mask_line

# The shells of an account that nobody logs in to: a process of such an account was started by a service or by sudo.
_NO_LOGIN = ("nologin", "false")
_LONGEST_NAME = 64


def account_of_process() -> Actor:
    """The account by the user id of this process: variables such as ``LOGNAME`` are not believed.

    ``sudo`` names its user in ``SUDO_UID`` and ``SUDO_USER``. These are certain only for root and for an account that
    nobody logs in to; elsewhere anybody can set them, and they are kept as a claim.
    """
    own = os.getuid()
    named = _sudo_account()
    if named is None:
        return Actor(_name_of(own))
    if own == 0 or _is_service(own):
        return Actor(_name_of(own), sudo_account=named)
    return Actor(_name_of(own), sudo_claim=named)


def _sudo_account() -> str | None:
    number, name = os.environ.get("SUDO_UID", ""), os.environ.get("SUDO_USER", "")
    if number.isdecimal() and number.isascii() and len(number) < len(str(2**32)):
        return _name_of(int(number))
    return mask_line(name[:_LONGEST_NAME]) or None


def _name_of(number: int) -> str:
    with suppress(KeyError, OverflowError):
        return pwd.getpwuid(number).pw_name
    return f"user {number}"


def _is_service(number: int) -> bool:
    with suppress(KeyError):
        return pwd.getpwuid(number).pw_shell.endswith(_NO_LOGIN)
    return False

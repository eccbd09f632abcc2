"""The machine that the tests run on: what it has, and waiting for what other processes do."""

import os
import shutil
import socket
import time
from collections.abc import Callable
from typing import TypeVar

import pytest

# A busy machine with two cores takes minutes for what else takes seconds.
DEADLINE_SECONDS = 300
_LOOK_AGAIN_SECONDS = 0.2
_T = TypeVar("_T")


def installed(find: Callable[[], _T]) -> _T:
    """What a test needs that ``make test`` does not install: without it the test is skipped, but never in CI.

    Args:
        find: Finds it.

    Raises:
        FileNotFoundError: In CI, if it is not there; says what to install.
    """
    try:
        return find()
    except FileNotFoundError as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


def find_program(name: str, *, package: str) -> str:
    """A program of the machine, also one that only administrators have on their path.

    Args:
        name: Name of the program.
        package: The package of Debian with it.

    Raises:
        FileNotFoundError: If it is not installed; says how to.
    """
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        raise FileNotFoundError(f"no {name}: apt-get install {package}")
    return found


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], _T | None], *, seconds: float = DEADLINE_SECONDS) -> _T:
    """Look until something holds.

    Args:
        condition: What must hold; a problem that it raises goes on.
        seconds: For how long.

    Returns:
        What was found.

    Raises:
        TimeoutError: If it does not in time.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if outcome := condition():
            return outcome
        time.sleep(_LOOK_AGAIN_SECONDS)
    raise TimeoutError(f"not within {seconds:.0f} seconds")

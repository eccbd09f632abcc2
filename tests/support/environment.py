"""The machine that the tests run on: its programs and ports, and waiting for other processes."""

import os
import shutil
import socket
import time
from collections.abc import Callable
from typing import TypeVar

import pytest

# A busy machine with two cores may need minutes instead of seconds.
DEADLINE_SECONDS = 300
_LOOK_AGAIN_SECONDS = 0.2
_T = TypeVar("_T")


def installed(find: Callable[[], _T]) -> _T:
    """A requirement that ``make test`` does not install: without it the test is skipped, but never in CI.

    Args:
        find: Finds it.

    Raises:
        FileNotFoundError: In CI, if it is missing; says what to install.
    """
    try:
        return find()
    except FileNotFoundError as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


def find_program(name: str, *, package: str) -> str:
    """A program of the machine, even one that is only on the path of administrators.

    Args:
        name: Name of the program.
        package: Its Debian package.

    Raises:
        FileNotFoundError: If it is not installed; says how to install it.
    """
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        raise FileNotFoundError(f"no {name}: apt-get install {package}")
    return found


def free_port() -> int:
    """A TCP port on 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(condition: Callable[[], _T | None], *, seconds: float = DEADLINE_SECONDS) -> _T:
    """Wait until a condition holds.

    Args:
        condition: Returns a value once it holds, else None; its exceptions propagate.
        seconds: How long to wait.

    Returns:
        The value.

    Raises:
        TimeoutError: If it does not hold in time.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if outcome := condition():
            return outcome
        time.sleep(_LOOK_AGAIN_SECONDS)
    raise TimeoutError(f"not within {seconds:.0f} seconds")

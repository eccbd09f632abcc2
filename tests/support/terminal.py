"""A real terminal that runs a program: what a person types and sees."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyte

from tests.support.environment import DEADLINE_SECONDS

_BIN = Path(sys.executable).parent
CTRL_C = b"\x03"
_ROWS = 24
# More than a command may print, so that nothing scrolls out of sight.
_KEPT_LINES = 2_000
# The terminal becomes the program's own, so that Ctrl-C reaches it and its child processes.
_TAKE_THE_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
)
_ESCAPE_CODE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_PROGRESS = re.compile(r"(\d+)/(\d+) ")


@dataclass
class Terminal:
    """A program that runs in a terminal.

    Attributes:
        process: The program.
        columns: Width of the terminal.
        output: Everything that it has printed so far.
    """

    process: subprocess.Popen[bytes]
    master: int
    columns: int
    output: bytearray = field(default_factory=bytearray)

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.master, keys)

    def read_until(self, text: str, *, seconds: float = DEADLINE_SECONDS) -> None:
        """Read until a text is printed.

        Raises:
            TimeoutError: If it is not printed in time.
            AssertionError: If the program ends first.
        """
        until = time.monotonic() + seconds
        while text not in self.text:
            if not self._read(until):
                raise AssertionError(f"the program ended without printing {text!r}:\n{self.text}")

    def forget(self) -> None:
        """Discard the output so far."""
        self.output.clear()

    def wait(self, *, seconds: float = DEADLINE_SECONDS) -> int:
        """Read until the program ends.

        Returns:
            Its exit code.

        Raises:
            TimeoutError: If it does not end in time.
        """
        until = time.monotonic() + seconds
        while self._read(until):
            pass
        return self.process.wait(max(0.1, until - time.monotonic()))

    @property
    def text(self) -> str:
        """The output without escape codes; a redrawn line appears every time, after a ``\\r``."""
        return _ESCAPE_CODE.sub("", self.output.decode("utf-8", "replace"))

    @property
    def lines(self) -> list[str]:
        """The lines that remain on the screen, at its width, without empty ones."""
        screen = pyte.Screen(self.columns, _KEPT_LINES)
        pyte.ByteStream(screen).feed(bytes(self.output))
        return [line.rstrip() for line in screen.display if line.strip()]

    @property
    def progress(self) -> list[tuple[int, int]]:
        """Every state of the progress bar: number done and total."""
        return [(int(done), int(of)) for done, of in _PROGRESS.findall(self.text)]

    def _read(self, until: float) -> bool:
        left = until - time.monotonic()
        if left <= 0 or not select.select([self.master], [], [], left)[0]:
            raise TimeoutError(f"not in time; so far {len(self.output)} bytes, at the end:\n{self.text[-2_000:]}")
        try:
            read = os.read(self.master, 65_536)
        except OSError:
            # On Linux this error means that the other end is closed.
            return False
        self.output += read
        return bool(read)


@contextmanager
def running(
    command: Sequence[str], *, columns: int, cwd: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """Run a program in a terminal; remaining processes are killed at the end.

    Args:
        command: Program and arguments; ``dakl`` is the one of this environment.
        columns: Width of the terminal.
        cwd: Folder in which it is started.
        environment: Additional variables.

    Yields:
        The terminal.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, columns, 0, 0))
    # A width would override that of the terminal, and a make that runs the tests must not affect the program.
    unwanted = ("COLUMNS", "LINES", "MAKELEVEL", "MAKEFLAGS", "MFLAGS")
    variables = {name: value for name, value in os.environ.items() if name not in unwanted}
    variables |= {"PATH": f"{_BIN}:{os.environ['PATH']}", "TERM": "xterm-256color", **(environment or {})}
    process = subprocess.Popen(
        [sys.executable, "-c", _TAKE_THE_TERMINAL, *command],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=cwd,
        env=variables,
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield Terminal(process, master, columns)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(master)

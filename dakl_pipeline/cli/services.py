"""Several services that are one command: started in order, printed together, ended together."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from dakl_pipeline.errors import Refused

# Time for the services to write their state; a hard kill does no harm either.
_SECONDS_TO_END = 2.0
_LOOK_AGAIN_SECONDS = 0.2


@dataclass(frozen=True)
class Service:
    """A program that runs until it is stopped.

    Attributes:
        name: Its name in a message.
        program: The program and its arguments.
        is_ready: Whether the next service can start.
    """

    name: str
    program: Sequence[str]
    is_ready: Callable[[], bool] = lambda: True


def serve_together(services: Sequence[Service]) -> None:
    """Run services until SIGINT or SIGTERM.

    Args:
        services: The services, in the order in which they start.

    Raises:
        Refused: If one of them ends by itself; the others are ended then.
    """
    # A command that a shell starts in the background ignores SIGINT, and the services would inherit that.
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, signal.default_int_handler)
    running: list[subprocess.Popen[bytes]] = []
    with _forwarded() as (writing, is_over):
        try:
            for service in services:
                # A process group of their own, so that all can be killed if they do not end by themselves.
                group = running[0].pid if running else 0
                running.append(
                    subprocess.Popen(  # noqa: S603 - no shell, fixed program
                        service.program, process_group=group, stdout=writing, stderr=writing
                    )
                )
                while not service.is_ready():
                    _require_running(services, running)
                    time.sleep(_LOOK_AGAIN_SECONDS)
            while True:
                _require_running(services, running)
                # Not a wait for a process, which a signal that arrives just before it does not end.
                time.sleep(_LOOK_AGAIN_SECONDS)
        except KeyboardInterrupt:
            # A service that outlives another prints tracebacks.
            is_over.set()
        finally:
            _end(running)


def _require_running(services: Sequence[Service], running: Sequence["subprocess.Popen[bytes]"]) -> None:
    for service, process in zip(services, running, strict=False):
        if (code := process.poll()) is not None:
            raise Refused(f"the {service.name} stopped with exit code {code}: see its output above")


def _end(running: Sequence["subprocess.Popen[bytes]"]) -> None:
    if not running:
        return
    group, until = running[0].pid, time.monotonic() + _SECONDS_TO_END
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGINT)
    for process in running:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, until - time.monotonic()))
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    for process in running:
        process.wait()


@contextmanager
def _forwarded() -> Iterator[tuple[int, threading.Event]]:
    """Print what is written to a file descriptor, until an event is set."""
    reading, writing = os.pipe()
    is_over = threading.Event()

    def forward() -> None:
        while said := os.read(reading, 1 << 16):
            if not is_over.is_set():
                sys.stdout.buffer.write(said)
                sys.stdout.buffer.flush()

    forwarding = threading.Thread(target=forward, daemon=True)
    forwarding.start()
    try:
        yield writing, is_over
    finally:
        os.close(writing)
        if not is_over.is_set():
            forwarding.join(_SECONDS_TO_END)

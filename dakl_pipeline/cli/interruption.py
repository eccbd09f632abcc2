"""Ctrl-C: every command ends within seconds, even during a long library call.

Python handles a signal only between bytecode instructions, so a join or sort that takes a minute would delay Ctrl-C.
A watching thread sees the signal at once, gives the command a few seconds to end by itself, and then ends the process.
"""

import logging
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_CODE = 130
MESSAGE = "interrupted; what was finished before is kept"
# The longest that somebody should wait after pressing Ctrl-C.
GRACE_SECONDS = 3.5
_STOPPING = {signal.SIGINT, signal.SIGTERM}
# The file descriptor itself, because a run replaces ``sys.stderr``.
_STANDARD_ERROR = 2
# Clears the line of a progress bar and shows the cursor again.
_RESET = "\r\x1b[2K\x1b[?25h"


@contextmanager
def ends_when_interrupted(grace: float = GRACE_SECONDS) -> Iterator[None]:
    """End the process if it is interrupted in this block and does not end by itself; a second Ctrl-C ends it at once.

    Only the main thread receives signals; in any other thread this does nothing.

    Args:
        grace: Seconds the process gets to end by itself.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    interrupted = threading.Event()
    with _without_traceback(interrupted), _remembered(interrupted):
        yield from _watched(grace, interrupted)


@contextmanager
def _remembered(interrupted: threading.Event) -> Iterator[None]:
    """Record Ctrl-C before ``KeyboardInterrupt`` is raised."""
    former = signal.getsignal(signal.SIGINT)
    if not callable(former):
        yield
        return

    def remember(number: int, frame: FrameType | None) -> object:
        interrupted.set()
        return former(number, frame)

    signal.signal(signal.SIGINT, remember)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is remember:
            signal.signal(signal.SIGINT, former)


def _watched(grace: float, interrupted: threading.Event) -> Iterator[None]:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    former = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    watcher = threading.Thread(target=_watch, args=(reading, grace, interrupted), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(former)
        os.close(writing)
        watcher.join()
        os.close(reading)


@contextmanager
def _without_traceback(interrupted: threading.Event) -> Iterator[None]:
    """Suppress tracebacks of the interruption and of its consequences.

    The interruption can be raised anywhere: where a library logs it and raises it again (SQLAlchemy, when it closes a
    connection), where Python can only report it (a destructor), or where it leaves an object half made, whose
    destructor then fails.
    """
    last_resort, hook = logging.lastResort, sys.unraisablehook

    def is_of_others(record: logging.LogRecord) -> bool:
        return not (record.exc_info and _is_interruption(record.exc_info[0]))

    def show_others(unraisable: "sys.UnraisableHookArgs") -> None:
        if not interrupted.is_set() and not _is_interruption(unraisable.exc_type):
            hook(unraisable)

    sys.unraisablehook = show_others
    if last_resort is not None:
        last_resort.addFilter(is_of_others)
    try:
        yield
    finally:
        sys.unraisablehook = hook
        if last_resort is not None:
            last_resort.removeFilter(is_of_others)


def _is_interruption(kind: type[BaseException] | None) -> bool:
    # Libraries have their own exceptions for it; none derives from `Exception`, so that it is not caught by accident.
    return kind is not None and not issubclass(kind, Exception)


def _watch(reading: int, grace: float, interrupted: threading.Event) -> None:
    if not _is_stopped(reading, None):
        return
    interrupted.set()
    until = time.monotonic() + grace
    if _is_stopped(reading, until):
        _end()


def _is_stopped(reading: int, until: float | None) -> bool:
    """Return True on a stop signal or when ``until`` passes; False if the command is done first."""
    while select.select([reading], [], [], None if until is None else max(0.0, until - time.monotonic()))[0]:
        received = os.read(reading, 1)
        if not received:
            return False
        if received[0] in _STOPPING:
            return True
    return True


def _end() -> None:
    text = f"dakl: {MESSAGE}\n"
    if os.isatty(_STANDARD_ERROR):
        text = _RESET + text
    os.write(_STANDARD_ERROR, text.encode("ascii"))
    os._exit(EXIT_CODE)

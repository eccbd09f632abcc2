"""Services that are one command, in a process of their own, because they take its signals and its group."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.environment import wait_until

_PROGRAM = """
import os, sys
from dakl_pipeline.cli.services import Service, serve_together
from dakl_pipeline.errors import Refused
def service(name, code, **others):
    return Service(name, [sys.executable, "-c", "import os, signal, sys, time; " + code], **others)
try:
    serve_together([{services}])
except Refused as error:
    sys.exit(str(error))
"""
# In one write, as two services share the output.
_SAYS_PID = "os.write(1, f'{os.getpid()}{os.linesep}'.encode()); "
_LASTS = _SAYS_PID + "time.sleep(600)"
_IGNORES_SIGINT = "signal.signal(signal.SIGINT, lambda *_: print('no', flush=True)); " + _LASTS
_FAILS = "print('what went wrong', flush=True); sys.exit(3)"


@contextmanager
def _started(*services: str) -> Iterator["subprocess.Popen[str]"]:
    program = _PROGRAM.replace("{services}", ", ".join(services))
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_one_that_ends_is_named_and_ends_the_others(tmp_path: Path) -> None:
    lasts = f"{_SAYS_PID} open({str(tmp_path / 'ready')!r}, 'w').close(); time.sleep(600)"
    first = f"service('first', {lasts!r}, is_ready=lambda: os.path.exists({str(tmp_path / 'ready')!r}))"
    with _started(first, f"service('second', {_FAILS!r})") as process:
        said, error = process.communicate(timeout=60)
    assert process.returncode == 1
    assert error == "the second stopped with exit code 3: see its output above\n"
    assert "what went wrong" in said
    wait_until(lambda: _is_gone(int(said.split()[0])))


def test_the_next_is_not_started_before_one_is_ready() -> None:
    waits = f"service('first', {_FAILS!r}, is_ready=lambda: False)"
    with _started(waits, "service('second', 'print(\"too soon\")')") as process:
        said, error = process.communicate(timeout=60)
    assert (said, error) == ("what went wrong\n", "the first stopped with exit code 3: see its output above\n")


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_of_them_silently(stop: signal.Signals) -> None:
    with _started(f"service('first', {_IGNORES_SIGINT!r})", f"service('second', {_LASTS!r})") as process:
        assert process.stdout is not None
        pids = [int(process.stdout.readline()) for _ in range(2)]
        asked = time.monotonic()
        process.send_signal(stop)
        said, error = process.communicate(timeout=60)
    assert (process.returncode, said, error) == (0, "", "")
    assert time.monotonic() - asked < 5
    wait_until(lambda: all(map(_is_gone, pids)))

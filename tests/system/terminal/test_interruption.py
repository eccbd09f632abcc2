"""Ctrl-C in a terminal: every longer command ends within seconds, and says what is kept."""

import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.cli.interruption import EXIT_CODE, GRACE_SECONDS
from tests.support.environment import free_port
from tests.support.small_home import ANNA, BRAM, deliver, delivery, make_home, row, run
from tests.support.terminal import CTRL_C, Terminal, running

SECONDS = 5.0


def _interrupt(terminal: Terminal) -> tuple[int, float]:
    started = time.monotonic()
    terminal.type(CTRL_C)
    return terminal.wait(seconds=60), time.monotonic() - started


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("interrupted")
    home = make_home(folder)
    for year in (2023, 2024):
        file = delivery(folder, f"DAKL_J{year}_a.csv", row(ANNA, start=f"{year}-02-01", end=f"{year}-03-01"), row(BRAM))
        assert deliver(home, file, "gemeente-almelo") == 0
    return home


@pytest.mark.parametrize(
    ("command", "when"),
    [
        (["run", "--year", "2024", "--force"], "0/1 "),
        (["run", "--year", "2024", "--force"], "counting: 2024 "),
        (["run", "--year", "2024", "--year", "2023", "--force", "--jobs", "2"], "0/2 "),
        (["run", "--year", "2024", "--year", "2023", "--force", "--jobs", "2"], "counting: 202"),
        (["run", "--year", "2024", "--year", "2023", "--force", "--jobs", "1"], "counting: 2023 "),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_run_ends_within_seconds(command: list[str], when: str, home: Path) -> None:
    with running(["dakl", *command, "--home", str(home)], columns=80) as terminal:
        terminal.read_until(when)
        code, seconds = _interrupt(terminal)
    assert code == EXIT_CODE
    assert seconds < SECONDS
    assert terminal.lines[-1] == "dakl: interrupted; what was finished before is kept"
    assert "Traceback" not in terminal.text


def test_an_interrupted_run_is_cancelled_and_the_next_one_counts(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from dagster import DagsterInstance, DagsterRunStatus

    with running(["dakl", "run", "--year", "2024", "--force", "--home", str(home)], columns=80) as terminal:
        terminal.read_until("counting: 2024 ")
        assert _interrupt(terminal)[0] == EXIT_CODE
    with DagsterInstance.from_config(str(home / "dagster")) as instance:
        assert instance.get_runs(limit=1)[0].status is DagsterRunStatus.CANCELED
    assert run(home, 2024) == 0
    assert "2024: 2 unique persons in 1 region," in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "when"),
    [
        (["demo", "--home", "{folder}/demo"], "delivering"),
        (
            ["generate", "--out", "{folder}/made", "--persons=20000", "--suppliers=100", "--year=2024", "--seed=1"],
            "writing",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_other_long_commands_end_within_seconds(command: list[str], when: str, tmp_path: Path) -> None:
    with running(["dakl", *(argument.format(folder=tmp_path) for argument in command)], columns=80) as terminal:
        terminal.read_until(when)
        code, seconds = _interrupt(terminal)
    assert code == EXIT_CODE
    assert seconds < SECONDS
    assert "Traceback" not in terminal.text


def test_the_ui_ends_within_seconds(home: Path) -> None:
    with running(["dakl", "ui", "--port", str(free_port()), "--home", str(home)], columns=80) as terminal:
        terminal.read_until("Serving dagster-webserver")
        code, seconds = _interrupt(terminal)
    assert code == 0
    assert seconds < SECONDS


_IMPORT = "from dakl_pipeline.cli.interruption import ends_when_interrupted\n"


def _ends(program: str, *, is_repeated: bool = False) -> tuple[int, str, float]:
    command = [sys.executable, "-c", _IMPORT + program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        while is_repeated and process.poll() is None:
            # A signal that arrives before the previous one was handled is merged with it.
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
            process.send_signal(signal.SIGINT)
        said = process.stderr.read()
        return process.wait(60), said, time.monotonic() - started


# Library calls that take minutes, during which Python handles no signal; one sent before them is ignored.
_LONG_CALL = """
    while True:
        try:
            import hashlib
            print(flush=True)
            hashlib.pbkdf2_hmac('sha256', b'', b'', 500_000_000)
        except KeyboardInterrupt:
            pass
"""


_NO_FILE = "import io, sys\nsys.stderr = io.StringIO()\n"


@pytest.mark.parametrize(
    ("program", "is_repeated", "code", "said"),
    [
        (f"with ends_when_interrupted(1):{_LONG_CALL}", False, EXIT_CODE, True),
        (f"with ends_when_interrupted(600):{_LONG_CALL}", True, EXIT_CODE, True),
        (
            f"import io, sys\nsys.stderr = io.StringIO()\nwith ends_when_interrupted(1):{_LONG_CALL}",
            False,
            EXIT_CODE,
            True,
        ),
        # A program that ends by itself within the grace period is left alone, whatever its exit code.
        (
            "import time\nwith ends_when_interrupted(600):\n    try:\n        print(flush=True); time.sleep(600)\n"
            "    except KeyboardInterrupt:\n        pass\nraise SystemExit(7)",
            False,
            7,
            False,
        ),
    ],
    ids=["a long call", "twice", "another object for standard error", "by itself"],
)
def test_a_process_that_is_interrupted(program: str, is_repeated: bool, code: int, said: bool) -> None:
    ended, error, seconds = _ends(program, is_repeated=is_repeated)
    assert ended == code
    assert ("interrupted; what was finished before is kept" in error) is said
    assert seconds < SECONDS


_INSIDE_A_LIBRARY = """
import logging, time
class Connection:
    def __del__(self):
        print(flush=True)
        time.sleep(600)
class HalfMade:
    def __init__(self):
        print(flush=True)
        time.sleep(600)
        self.name = "made"
    def __del__(self):
        self.name.upper()
with ends_when_interrupted(600):
    {}
    logging.getLogger("pool").error("told")
"""


@pytest.mark.parametrize(
    "interrupted",
    [
        """
    try:
        print(flush=True); time.sleep(600)
    except BaseException:
        logging.getLogger("pool").exception("Exception closing connection")""",
        "Connection()",
        """
    try:
        HalfMade()
    except BaseException:
        pass""",
    ],
    ids=["logged", "in a destructor", "leaving an object half made"],
)
def test_an_interruption_inside_a_library_prints_no_traceback(interrupted: str) -> None:
    ended, said, _ = _ends(_INSIDE_A_LIBRARY.format(interrupted))
    assert (ended, said) == (0, "told\n")


def test_signals_of_others_and_other_threads_are_left_alone(tmp_path: Path) -> None:
    program = (
        "import os, signal, threading\n"
        "signal.signal(signal.SIGUSR1, lambda *_: None)\n"
        "with ends_when_interrupted(1):\n"
        "    os.kill(os.getpid(), signal.SIGUSR1)\n"
        "    def inner():\n"
        "        with ends_when_interrupted(0): pass\n"
        "    t = threading.Thread(target=inner); t.start(); t.join()\n"
        "print(signal.set_wakeup_fd(-1))\n"
    )
    ended = subprocess.run([sys.executable, "-c", _IMPORT + program], capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("-1\n", "")
    assert GRACE_SECONDS < SECONDS
    # Inside another program, as in these tests, the handler is removed afterwards.
    assert main(["deliveries", "--home", str(tmp_path / "none")]) == 3

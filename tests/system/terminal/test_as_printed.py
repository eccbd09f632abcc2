"""``make demo``, then every command in the README and in the output of the demo, typed literally in a terminal."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.environment import DEADLINE_SECONDS, free_port
from tests.support.paths import ROOT
from tests.support.smtp import MailServerForTests
from tests.support.terminal import CTRL_C, Terminal, running
from tests.system.terminal.test_every_command import MOST_BYTES

_SECONDS_AFTER_CTRL_C = 5.0
_READY = "Serving dagster-webserver"


def _commands_of_readme() -> list[str]:
    """The commands of the block that makes and uses a home, without their comments."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = [each for each in re.findall(r"```sh\n(.*?)```", text, re.DOTALL) if "dakl key create" in each]
    return [re.sub(r"\s+#.*", "", line) for line in block.splitlines() if line.strip()]


@contextmanager
def _shell(columns: int, cwd: Path, environment: dict[str, str]) -> Iterator[Terminal]:
    # Typed keys are not echoed, so that the output is that of the program alone.
    bash = ["bash", "--norc", "--noprofile", "--noediting"]
    with running(bash, columns=columns, cwd=cwd, environment=environment) as terminal:
        terminal.type(b"stty -echo; PS1=; PS2=; echo rea''dy\n")
        terminal.read_until("ready\r\n")
        terminal.forget()
        yield terminal


def _type(terminal: Terminal, command: str) -> None:
    """Type a command in a shell and wait for its end; it must succeed and print little."""
    is_serving = command.endswith("dakl ui")
    terminal.type(f"{command}{f' --port {free_port()}' if is_serving else ''}\n".encode())
    if is_serving:
        terminal.read_until(_READY)
        terminal.type(CTRL_C)
    # Typed after Ctrl-C, which discards earlier input.
    terminal.type(b"echo exit-code=$?=\n")
    terminal.read_until("exit-code=", seconds=_SECONDS_AFTER_CTRL_C if is_serving else DEADLINE_SECONDS)
    terminal.read_until("=\r\n")
    said, _, code = terminal.text.partition("exit-code=")
    assert code == "0=\r\n", f"{command} ended with {code}:\n{said}"
    assert len(terminal.output) <= MOST_BYTES, command
    assert "Traceback" not in said
    terminal.forget()


@pytest.mark.parametrize("columns", [80, 200])
def test_every_command_of_the_readme(columns: int, tmp_path: Path) -> None:
    commands = _commands_of_readme()
    assert len(commands) > 15
    shutil.copytree(ROOT / "data_samples", tmp_path / "data_samples")
    with MailServerForTests() as server:
        server.authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
        environment = {
            "DAKL_SMTP_HOST": "127.0.0.1",
            "DAKL_SMTP_PORT": str(server.port),
            "DAKL_SMTP_CA_FILE": str(tmp_path / "authority.pem"),
            "DAKL_MAIL_CONTACT": "monitor@cbs.nl",
        }
        with _shell(columns, tmp_path, environment) as terminal:
            for command in commands:
                _type(terminal, command.replace("/data/monitor", str(tmp_path / "monitor")))
    assert len(server.received) == 1


def test_make_demo_and_what_it_says_to_do_next(tmp_path: Path) -> None:
    # As in a shell without the activated environment of the checkout.
    environment = {"DAKL_HOME": str(tmp_path / "demo"), "PATH": os.environ["PATH"]}
    with running(["make", "demo"], columns=80, cwd=ROOT, environment=environment) as terminal:
        assert terminal.wait() == 0
        assert len(terminal.output) <= MOST_BYTES
        assert len({done for done, of in terminal.progress if of > 3}) > 20
        lines = [line.rstrip("\r") for line in terminal.text.split("\n")]
    assert lines[-2] == f"Demo done: figures of 3 years are in {tmp_path / 'demo'}"
    next_lines = lines[lines.index("What next:") + 1 : -2]
    commands = [re.sub(r"^ +.*?  +", "", line) for line in next_lines]
    assert len(commands) == 5
    with _shell(80, ROOT, environment) as terminal:
        for command in commands:
            _type(terminal, command.replace("FILE", "data_samples/DAKL_J2024_bevindingen.csv"))

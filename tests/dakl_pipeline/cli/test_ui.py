"""``dakl ui`` where it cannot start. What it shows is in ``tests/browser``."""

import socket
from pathlib import Path

import pytest

from dakl_pipeline.cli import main


def test_port_in_use_is_told_in_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["ui", "--home", str(tmp_path), "--port", str(port)]) == 1
    told = capfd.readouterr().err
    assert told == f"dakl: port {port} cannot be used (Address already in use): name another with --port\n"
    assert not list(tmp_path.iterdir())


def test_home_that_is_not_there(tmp_path: Path) -> None:
    assert main(["ui", "--home", str(tmp_path / "nowhere")]) == 3

"""``dakl run`` without the database of the history of runs: one plain line, and nothing is run."""

import socket
from pathlib import Path

import pytest

from dakl_pipeline.cli import main
from tests.support.services import DEPLOY
from tests.support.small_home import make_home

PASSWORD = "geheim-woord-7Q"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = make_home(tmp_path)
    (home / "dagster").mkdir()
    (home / "dagster" / "dagster.yaml").write_bytes((DEPLOY / "dagster.yaml").read_bytes())
    return home


def _told(home: Path, capfd: pytest.CaptureFixture[str]) -> str:
    capfd.readouterr()
    assert main(["run", "--year", "2024", "--home", str(home)]) == 3
    told = capfd.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert not (home / "warehouse.duckdb").exists()
    return told.err


def test_variables_that_are_not_set(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert _told(home, capfd).startswith("dakl: the Dagster settings are invalid: correct ")


def test_a_database_that_does_not_answer(
    home: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Bound but not listening, so that no other process can answer on it.
    with socket.socket() as locked:
        locked.bind(("127.0.0.1", 0))
        port = str(locked.getsockname()[1])
        for name, value in {"HOST": "127.0.0.1", "PORT": port, "DB": "d", "USER": "u", "PASSWORD": PASSWORD}.items():
            monkeypatch.setenv(f"DAKL_POSTGRES_{name}", value)
        told = _told(home, capfd)
    assert told.startswith("dakl: the history of runs cannot be opened (DagsterPostgresException): start its database")
    assert PASSWORD not in told

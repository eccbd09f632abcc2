"""Copies and spilled data lie in the home, closed to others, and nothing stays after a crash."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.contracts.statistics import UNIQUE_PERSON_COUNTS
from resources.storage import private_folder as module
from resources.storage import warehouse as warehouse_module
from resources.storage.private_folder import private_folder, remove_leftovers
from resources.storage.warehouse import Warehouse
from tests.support.small_home import deliver, delivery, make_home, row, run


@contextmanager
def _other_process(parent: Path) -> Iterator["tuple[subprocess.Popen[str], Path]"]:
    """A process that holds a private folder with something in it."""
    code = f"""
from pathlib import Path
from resources.storage.private_folder import private_folder
with private_folder(Path({str(parent)!r})) as folder:
    (folder / "copy").write_text("persons")
    print(folder, flush=True)
    input()
"""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_a_private_folder_is_hidden_closed_and_gone_afterwards(tmp_path: Path) -> None:
    with private_folder(tmp_path) as folder:
        assert folder.parent == tmp_path
        assert folder.name.startswith(".")
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "copy").touch()
        remove_leftovers(tmp_path)
        assert (folder / "copy").exists()
    assert list(tmp_path.iterdir()) == []


def test_what_another_process_holds_stays_and_what_a_killed_one_left_goes(tmp_path: Path) -> None:
    with _other_process(tmp_path) as (process, folder):
        remove_leftovers(tmp_path)
        assert (folder / "copy").exists()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert (folder / "copy").exists()
        remove_leftovers(tmp_path)
        assert list(tmp_path.iterdir()) == []


def test_a_folder_that_another_process_removed_before_it_was_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really, made = tempfile.mkdtemp, list[str]()

    def mkdtemp(prefix: str, dir: Path) -> str:  # noqa: A002 - as the library has it
        made.append(really(prefix=prefix, dir=dir))
        if len(made) == 1:
            remove_leftovers(tmp_path)
        return made[-1]

    monkeypatch.setattr(tempfile, "mkdtemp", mkdtemp)
    with private_folder(tmp_path) as folder:
        assert folder.is_dir()
        assert len(made) == 2


def test_a_leftover_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").touch()
    (tmp_path / f"{module.PREFIX}x").symlink_to(tmp_path / "precious")
    remove_leftovers(tmp_path)
    assert (tmp_path / "precious" / "file").exists()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("private")
    made = make_home(folder)
    assert deliver(made, delivery(folder, "DAKL_J2024_a.csv", row()), "mo-a") == 0
    assert run(made, 2024) == 0
    return made


@pytest.mark.parametrize("command", [["deliveries"], ["figures", "--year", "2024"]])
def test_the_next_command_removes_what_a_killed_process_left(command: list[str], home: Path) -> None:
    with _other_process(home) as (process, folder):
        process.kill()
        process.wait()
        assert folder.exists()
        assert main([*command, "--home", str(home)]) == 0
        assert not folder.exists()


def test_copies_and_spilled_data_of_the_warehouse_lie_in_the_home(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen: list[list[str]] = []
    really = warehouse_module._connect

    def connect(path: Path, spill: Path | None) -> object:
        connection = really(path, spill)
        seen.append([str(path), str(connection.execute("select current_setting('temp_directory')").fetchone())])
        return connection

    monkeypatch.setattr(warehouse_module, "_connect", connect)
    assert Warehouse(home / "warehouse.duckdb").read(UNIQUE_PERSON_COUNTS, 2024).height
    ((path, spill),) = seen
    assert Path(path).parent.parent == home
    assert f"{Path(path).parent}/" in spill
    assert list(tmp_path.iterdir()) == []
    assert not list(home.glob(f"{module.PREFIX}*"))


def test_on_a_read_only_disk_the_copy_lies_in_the_folder_of_temporary_files(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    really = tempfile.mkdtemp

    # An administrator may write everywhere: the refusal is acted.
    def mkdtemp(prefix: str, dir: Path | None = None) -> str:  # noqa: A002 - as the library has it
        if dir is not None:
            raise OSError(30, "Read-only file system")
        return really(prefix=prefix)

    monkeypatch.setattr(tempfile, "mkdtemp", mkdtemp)
    assert Warehouse(home / "warehouse.duckdb").read(UNIQUE_PERSON_COUNTS, 2024).height
    assert list(tmp_path.iterdir()) == []

"""What a home holds is closed to other accounts, whatever modes and umask it had; the key is in no core dump."""

import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.definitions import build_defs
from resources.config.home import Home
from resources.config.protection import close_home
from tests.support.small_home import deliver, delivery, make_home, row, run

_GET_DUMPABLE = 3


@pytest.fixture(autouse=True)
def _umask() -> Iterator[None]:
    """The usual umask, which lets everybody read."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def _open(folder: Path) -> list[str]:
    paths = [folder, *folder.rglob("*")]
    return [str(path) for path in paths if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & 0o077]


def _open_up(home: Path) -> None:
    for path in (home, *home.rglob("*")):
        if path.name != "pseudonym.key":
            path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.mark.parametrize("had", ["as it was made", "opened before each command"])
def test_everything_in_a_home_is_closed_to_others(had: str, tmp_path: Path) -> None:
    home = make_home(tmp_path)
    file = delivery(tmp_path / "in", "DAKL_J2024_a.csv", row())
    commands: list[Callable[[], int]] = [
        lambda: deliver(home, file, "mo-a"),
        lambda: run(home, 2024),
        lambda: main(["export", "statistics.coverage", "--out", str(home / "exports" / "c.csv"), "--home", str(home)]),
        lambda: main(["report", "--supplier", "mo-a", "--year", "2024", "--home", str(home)]),
        lambda: main(["figures", "--year", "2024", "--home", str(home)]),
    ]
    for command in commands:
        if had != "as it was made":
            _open_up(home)
        os.umask(0)
        assert command() == 0
        assert _open(home) == []


@pytest.mark.parametrize("mode", [0o700, 0o755, 0o777])
def test_a_key_made_in_an_existing_folder_closes_it(mode: int, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(mode)
    assert main(["key", "create", "--home", str(home)]) == 0
    assert _open(home) == []


def test_a_folder_that_everybody_shares_is_no_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    assert main(["key", "create", "--home", str(shared)]) == 1
    assert "everybody shares" in capsys.readouterr().err
    assert list(shared.iterdir()) == []
    assert shared.stat().st_mode & 0o7777 == 0o1777


def test_what_is_beside_a_new_key_keeps_its_mode(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "page.html").touch(mode=0o644)
    assert main(["key", "create", "--home", str(home)]) == 0
    assert (home / "page.html").stat().st_mode & 0o777 == 0o644


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_files_of_another_account_and_behind_deeper_links_keep_their_mode(tmp_path: Path) -> None:
    home = Home(make_home(tmp_path))
    outside = tmp_path / "outside"
    outside.mkdir()
    outside.chmod(0o755)
    home.dagster.mkdir()
    settings = home.dagster / "dagster.yaml"
    settings.touch()
    settings.chmod(0o644)
    os.chown(settings, 12345, 12345)
    home.mails.mkdir()
    (home.mails / "link").symlink_to(outside)
    close_home(home)
    assert settings.stat().st_mode & 0o777 == 0o644
    assert outside.stat().st_mode & 0o777 == 0o755


def test_a_folder_on_another_disk_is_closed_too(tmp_path: Path) -> None:
    home = Home(make_home(tmp_path))
    disk = tmp_path / "disk"
    home.registers.rename(disk)
    home.registers.symlink_to(disk)
    _open_up(disk)
    close_home(home)
    assert _open(disk) == []


def test_the_code_server_closes_the_home_and_what_it_will_write(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    _open_up(home)
    assert isinstance(build_defs(Home(home)), dg.Definitions)
    assert _open(home) == []
    assert os.umask(0o022) == 0o077


def test_whoever_loads_the_key_is_not_dumped(tmp_path: Path) -> None:
    """In a process of its own: a limit is never raised again."""
    code = f"""
import ctypes, resource
from pathlib import Path
from resources.config.environment import load_environment
from resources.config.home import Home
from resources.config.secret_key import load_key
load_key(Home(Path({str(make_home(tmp_path))!r})), load_environment())
print(ctypes.CDLL(None).prctl({_GET_DUMPABLE}), resource.getrlimit(resource.RLIMIT_CORE))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "(0,", "0)"]


def test_every_command_forbids_dumps() -> None:
    main(["--version"])
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def test_services_reach_the_folder_of_the_ui_by_its_number(tmp_path: Path) -> None:
    """For them a home with a strange name is ``/proc/<number>/cwd``, which a process that hides itself forbids."""
    code = f"""
import ctypes
from dakl_pipeline.cli import main
main(["deliveries", "--home", {str(make_home(tmp_path))!r}])
print("dumpable", ctypes.CDLL(None).prctl({_GET_DUMPABLE}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "dumpable 1" in done.stdout

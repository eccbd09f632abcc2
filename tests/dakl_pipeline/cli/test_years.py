"""Years side by side, through the command line: one that is busy is waited for, one that dies is told."""

import os
import signal
import threading
from pathlib import Path

import pytest

from dakl_pipeline.cli import main, years
from dakl_pipeline.errors import DaklError
from resources.home import Home
from resources.stage_store import StageStore
from tests.machine import wait_until
from tests.small_world import deliver, delivery, figures_home, row


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = figures_home(tmp_path)
    assert deliver(made, delivery(tmp_path / "in", "DAKL_J2024_a.csv", row()), "gemeente-almelo") == 0
    return made


def test_a_run_waits_for_another_of_its_year_and_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    codes: list[int] = []
    run = threading.Thread(
        target=lambda: codes.append(main(["run", "--year=2024", "--year=2023", "--jobs=1", "--home", str(home)]))
    )
    with StageStore(home / "stages").held(2024, patience=0):
        run.start()
        said = wait_until(lambda: capsys.readouterr().err)
        assert codes == []
    run.join()
    assert said == "2024: another run is busy with it; this one waits for its end\n"
    assert codes == [0]


def _dies(root: Path, year: int, force: bool) -> years.Done:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def test_a_run_whose_process_is_killed_is_told_for_its_year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(years, "_run", _dies)
    done = list(years.run_years(Home(tmp_path), [2023, 2024], jobs=2))
    assert [each.year for each in done] == [2023, 2024]
    for each in done:
        assert isinstance(each.error, DaklError)
        assert f"run of {each.year}: it was stopped from outside" in str(each.error)

"""Parallel years through the command line: a busy one is waited for, a killed one is reported."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Generator
from pathlib import Path

import pytest

from dakl_pipeline.cli import main, years
from dakl_pipeline.errors import DaklError
from resources.config.home import Home
from resources.storage.stage_store import StageStore
from tests.support.environment import wait_until
from tests.support.small_home import deliver, delivery, figures_home, row


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
    with StageStore(home / "stages").locked(2024, timeout=0):
        run.start()
        said = wait_until(lambda: capsys.readouterr().err)
        assert codes == []
    run.join()
    assert said == "2024: another run is busy with this year; waiting for it to end\n"
    assert codes == [0]


def _one_dies(root: Path, year: int, force: bool, report: years.Report) -> years.Done:
    report(years.RunProgress(year, "stage", 0, 1))
    if year == 2023:
        os.kill(os.getpid(), signal.SIGKILL)
    return years.Done(year, True)


def test_a_run_whose_process_is_killed_is_told_for_its_year_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(years, "_run", _one_dies)
    told: list[years.RunProgress] = []
    done = {
        each.year: each
        for each in years.run_years(Home(tmp_path), [2022, 2023, 2024, 2025], jobs=2, report=told.append)
    }
    assert sorted(done) == sorted(progress.year for progress in told) == [2022, 2023, 2024, 2025]
    assert [done[year].error for year in (2022, 2024, 2025)] == [None, None, None]
    assert isinstance(done[2023].error, DaklError)
    assert "run of 2023: it was stopped from outside" in str(done[2023].error)


def test_runs_end_when_nobody_waits_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(years, "_run", _lasts)
    outcomes = years.run_years(Home(tmp_path), [2022, 2023, 2024], jobs=2)
    assert next(outcomes).year == 2022
    assert len(multiprocessing.active_children()) == 1
    assert isinstance(outcomes, Generator)
    outcomes.close()
    assert multiprocessing.active_children() == []


def _lasts(root: Path, year: int, force: bool, report: years.Report) -> years.Done:
    if year != 2022:
        threading.Event().wait()
    return years.Done(year, True)

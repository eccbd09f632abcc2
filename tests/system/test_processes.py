"""Processes that deliver at the same time and processes that are killed: the short form of the soak test."""

from pathlib import Path

import pytest

from tests.support.processes import assert_kills_do_no_harm, assert_nothing_is_lost


def test_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    assert_nothing_is_lost(tmp_path, processes=3, times=3)


def test_kills_do_no_harm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_kills_do_no_harm(tmp_path, kills=5, seed=1, capsys=capsys)

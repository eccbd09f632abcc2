"""Processes that deliver at the same time and processes that are killed: the long form."""

from pathlib import Path

import pytest

from tests.support.processes import assert_kills_do_no_harm, assert_nothing_is_lost

pytestmark = pytest.mark.soak


def test_eight_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    assert_nothing_is_lost(tmp_path, processes=8, times=25)


@pytest.mark.parametrize("seed", range(4))
def test_a_hundred_kills_do_no_harm(seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_kills_do_no_harm(tmp_path, kills=25, seed=seed, capsys=capsys)

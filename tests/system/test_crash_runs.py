"""Runs and deliveries that are killed: the short form; `make soak` runs the long one."""

from pathlib import Path

from tests.support.crash_runs import assert_kills_leave_the_figures_of_a_clean_run


def test_kills_leave_the_figures_of_a_clean_run(tmp_path: Path) -> None:
    assert_kills_leave_the_figures_of_a_clean_run(tmp_path, kills=2, seed=0, variants=2)

"""A home in long use: crashes, concurrent users, and a collection round; the short forms are in ``make test``.

The assertions are in ``tests.support``.
"""

import statistics
from pathlib import Path

import pytest

from tests.support.collection_round import TABLES, assert_a_collection_round_ends_well
from tests.support.concurrent_users import READERS, WRITERS, all_users, assert_every_run_ended_well
from tests.support.crash_runs import assert_kills_leave_the_figures_of_a_clean_run
from tests.support.dagster_ui import running_ui
from tests.support.small_home import deliver, delivery, export, make_home, row, run

pytestmark = pytest.mark.soak
HALF_AN_HOUR = 1800.0


@pytest.mark.parametrize("seed", range(4))
def test_two_hundred_kills_leave_the_figures_of_a_clean_run(seed: int, tmp_path: Path) -> None:
    assert_kills_leave_the_figures_of_a_clean_run(tmp_path, kills=50, seed=seed)


def test_half_an_hour_of_many_hands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = make_home(tmp_path)
    for year in (2023, 2024):
        file = delivery(tmp_path / "in", f"DAKL_J{year}_a.csv", row(start=f"{year}-02-01", end=f"{year}-02-03"))
        assert deliver(home, file, "mo-first") == 0
    assert run(home, 2023, 2024) == 0
    with running_ui(home) as ui:
        reports = all_users(home, (*WRITERS, *READERS), HALF_AN_HOUR, ui.port)
    with capsys.disabled():
        for report in reports:
            waits = sorted(report["waits"])
            print(
                f"\n{report['role']:8} {len(waits):5} times, median {statistics.median(waits):.2f} s, "
                f"95% {waits[int(len(waits) * 0.95)]:.2f} s, longest {waits[-1]:.2f} s, errors {len(report['errors'])}",
                end="",
            )
    assert [error for report in reports for error in report["errors"]] == []
    assert_every_run_ended_well(home)
    assert run(home, 2023, 2024) == 0
    after = {table: export(home, table) for table in TABLES}
    assert run(home, 2023, 2024, force=True) == 0
    assert {table: export(home, table) for table in TABLES} == after


def test_a_season_of_120_suppliers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert_a_collection_round_ends_well(
        tmp_path, monkeypatch, suppliers=120, persons=4000, bursts=12, years=(2022, 2023, 2024)
    )

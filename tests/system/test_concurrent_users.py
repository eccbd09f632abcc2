"""Concurrent users of one home, briefly: nobody sees an error or half a rerun; `make soak` runs half an hour."""

from pathlib import Path

from tests.support.concurrent_users import all_users, assert_every_run_ended_well
from tests.support.small_home import deliver, delivery, export, make_home, row, run

ROLES = ("deliver", "run", "figures", "query", "shell")
TABLES = ("statistics.unique_person_counts", "statistics.coverage", "statistics.supplier_overlap")


def test_nobody_sees_an_error_and_the_figures_are_those_of_the_last_files(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    for year in (2023, 2024):
        file = delivery(tmp_path / "in", f"DAKL_J{year}_a.csv", row(start=f"{year}-02-01", end=f"{year}-02-03"))
        assert deliver(home, file, "mo-first") == 0
    assert run(home, 2023, 2024) == 0
    reports = all_users(home, ROLES, seconds=5)
    assert [error for report in reports for error in report["errors"]] == []
    assert {report["role"] for report in reports if report["waits"]} == set(ROLES)
    assert_every_run_ended_well(home)
    assert run(home, 2023, 2024) == 0
    after = {table: export(home, table) for table in TABLES}
    assert run(home, 2023, 2024, force=True) == 0
    assert {table: export(home, table) for table in TABLES} == after

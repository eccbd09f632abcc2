"""Concurrent users of one home: processes that deliver, run, read and view as users would, and their waiting times.

python -m tests.support.concurrent_users ROLE HOME NUMBER    works until its input ends, prints waits as JSON
"""

import contextlib
import io
import json
import random
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from dakl_pipeline.cli import main
from tests.support.paths import ROOT
from tests.support.small_home import ANNA, BRAM, CEES, DORA, IN_WINDOW, delivery, row

# Each process repeats one of these: four write, six read.
WRITERS = ("deliver", "deliver", "run", "run")
READERS = ("figures", "export", "explain", "query", "query", "shell")
YEARS = (2023, 2024)


def _call(*arguments: str, allowed: tuple[int, ...] = (0,)) -> None:
    """Run a command of ``dakl``; if it fails, its standard error is what the user sees."""
    said, wrong = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(wrong):
        code = main(list(arguments))
    if code not in allowed:
        raise RuntimeError(f"dakl {arguments[0]} ended with {code}: {wrong.getvalue().strip()}")


def _deliver(home: Path, number: int, turn: int) -> None:
    year, draw = YEARS[turn % 2], random.Random(number * 1_000_003 + turn)
    people = draw.sample([ANNA, BRAM, CEES, DORA], k=draw.randint(1, 4))
    rows = [row(bsn, start=f"{year}-02-01", end=f"{year}-03-{draw.randint(1, 28):02d}") for bsn in people]
    file = delivery(home.parent / f"hand-{number}", f"DAKL_J{year}_{turn}.csv", *rows)
    where = ["--home", str(home)]
    _call("deliver", str(file), f"--supplier=mo-{number}", "--received-at", IN_WINDOW[year], *where)


def _run(home: Path, number: int, turn: int) -> None:
    force = ["--force"] if turn % 3 == 2 else []
    _call("run", f"--year={YEARS[(number + turn) % 2]}", *force, "--home", str(home))


def _figures(home: Path, number: int, turn: int) -> None:
    _call("figures", f"--year={YEARS[turn % 2]}", "--region=NL", "--home", str(home))


def _export(home: Path, number: int, turn: int) -> None:
    out = home.parent / f"hand-{number}.csv"
    _call("export", "statistics.coverage", "--out", str(out), "--home", str(home))


def _explain(home: Path, number: int, turn: int) -> None:
    _call("explain-figure", f"--year={YEARS[turn % 2]}", "--region=NL", "--home", str(home))


def _query(home: Path, number: int, turn: int) -> None:
    """A notebook of an analyst: the counts of the country by sex add up to the total, in every year that it reads."""
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        for dimension in ("geslacht", "leeftijd"):
            wrong = connection.execute(
                "select year, sum(persons) filter (dimension = 'totaal') as total, "
                "sum(persons) filter (dimension = $dimension) as parts from statistics.unique_person_counts "
                "where region_code = 'NL' group by year having total <> parts",
                {"dimension": dimension},
            ).fetchall()
            if wrong:
                raise RuntimeError(f"half a rerun was seen: {wrong}")


def _shell(home: Path, number: int, turn: int) -> None:
    """A shell of an analyst that stays open: it keeps its view, and the others must not notice."""
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1], read_only=True); "
        "ask = lambda: c.execute('select * from statistics.coverage order by all').fetchall(); "
        "saw = ask(); sys.stdin.read(); assert ask() == saw"
    )
    program = [sys.executable, "-c", code, str(home / "warehouse.duckdb")]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as shell:
        with contextlib.suppress(subprocess.TimeoutExpired):
            shell.wait(timeout=random.Random(turn).uniform(2, 6))
        wrong = shell.communicate()[1]
    if shell.returncode:
        raise RuntimeError(f"the shell ended: {wrong.splitlines()[-1]}")


ROLES: dict[str, Callable[[Path, int, int], None]] = {
    "deliver": _deliver,
    "run": _run,
    "figures": _figures,
    "export": _export,
    "explain": _explain,
    "query": _query,
    "shell": _shell,
}


def work(role: str, home: Path, number: int, is_over: threading.Event) -> dict[str, Any]:
    """Perform a role until the end, at least once.

    Returns:
        The role, the seconds of every turn, and the problems in words.
    """
    waits: list[float] = []
    errors: list[str] = []
    while not is_over.is_set() or not waits:
        began = time.perf_counter()
        try:
            ROLES[role](home, number, len(waits))
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
        waits.append(time.perf_counter() - began)
        # People pause between two commands; without pauses the readers would only measure each other.
        is_over.wait(0.2)
    return {"role": role, "waits": waits, "errors": errors}


def look_at_ui(port: int, is_over: threading.Event) -> dict[str, Any]:
    """Repeat the queries of a page with runs to the UI."""
    query = "{runsOrError(limit: 20) {__typename ... on Runs {results {runId status tags {key value}}}}}"
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        data=json.dumps({"query": query}).encode(),
        headers={"Content-Type": "application/json"},
    )
    waits, errors = [], []
    while not is_over.is_set():
        began = time.perf_counter()
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                if json.load(answer)["data"]["runsOrError"]["__typename"] != "Runs":
                    raise RuntimeError("the UI answered with an error")
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
        waits.append(time.perf_counter() - began)
        is_over.wait(1)
    return {"role": "ui", "waits": waits, "errors": errors}


def all_users(home: Path, roles: tuple[str, ...], seconds: float, port: int | None = None) -> list[dict[str, Any]]:
    """Let several users work in a home at the same time.

    Args:
        home: The home; both years have been counted.
        roles: The role of each user.
        seconds: How long.
        port: Port of the UI that is queried meanwhile; None without one.

    Returns:
        The report of each user.
    """
    program = [sys.executable, "-m", "tests.support.concurrent_users"]
    users = [
        subprocess.Popen(
            [*program, role, str(home), str(number)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number, role in enumerate(roles)
    ]
    is_over, reports = threading.Event(), []
    looker = threading.Thread(target=lambda: reports.append(look_at_ui(port or 0, is_over)))
    if port is not None:
        looker.start()
    is_over.wait(seconds)
    is_over.set()
    if port is not None:
        looker.join()
    # All are stopped before the first is waited for.
    for hand in users:
        assert hand.stdin is not None
        hand.stdin.close()
    for hand in users:
        assert hand.stdout is not None
        with hand:
            reports.append(json.loads(hand.stdout.read()))
    assert [hand.returncode for hand in users] == [0] * len(users)
    return reports


def assert_every_run_ended_well(home: Path) -> None:
    """No run that commands, sensor or schedules started has failed, and no mail was made about one."""
    # Imported here, so that the many user processes start without it.
    import dagster as dg

    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        outcomes = Counter(run.status for run in instance.get_runs())
    assert outcomes.keys() == {dg.DagsterRunStatus.SUCCESS}, outcomes
    assert list((home / "mails").glob("failed-run-*")) == []


if __name__ == "__main__":
    over = threading.Event()

    def wait_for_the_end() -> None:
        sys.stdin.read()
        over.set()

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    print(json.dumps(work(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), over)))

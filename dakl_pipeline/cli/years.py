"""Runs years in parallel: each year in its own process, as many at a time as there are processors."""

import multiprocessing
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from dakl_pipeline.cli.interruption import ends_when_interrupted
from dakl_pipeline.cli.progress import Bar
from dakl_pipeline.errors import DaklError, Refused
from resources.config.home import Home

_STOPPED = (
    "it was stopped from outside, perhaps because memory ran out; the last good figures stay. Run again, with --jobs 1 "
    "to count one year at a time"
)
# After Ctrl-C, which every process receives: time to end by itself, and again after it is terminated.
_SECONDS_TO_END = 1.5


@dataclass(frozen=True)
class RunProgress:
    """The progress of the run of a year.

    Attributes:
        year: Reporting year.
        stage: The current stage; empty when a stage has just ended.
        done: Number of stages done.
        of: Total number of stages.
    """

    year: int
    stage: str
    done: int
    of: int


@dataclass(frozen=True)
class Done:
    """The outcome of a year.

    Attributes:
        year: Reporting year.
        is_changed: Whether any table was made again; None if the run failed.
        error: Why the run failed; None if it did not.
    """

    year: int
    is_changed: bool | None
    error: DaklError | None = None


Report = Callable[[RunProgress], None]
_Run = Callable[[Path, int, bool, Report], Done]


def run_years(
    home: Home,
    years: list[int],
    *,
    force: bool = False,
    jobs: int | None = None,
    report: Report = lambda progress: None,
) -> Iterator[Done]:
    """Materialise the whole chain for some years, one run per year; a year that fails does not stop the others.

    Args:
        home: The home.
        years: Reporting years.
        force: Whether to make every table again, even if its input is unchanged.
        jobs: Number of years at a time; the number of processors when None.
        report: Called with the progress of each run.

    Yields:
        The outcome of each year, as soon as it is known.
    """
    workers = min(len(years), jobs or os.cpu_count() or 1)
    if workers == 1:
        yield from (_run(home.root, year, force, report) for year in years)
        return
    waiting, busy = deque(years), dict[Connection, tuple[int, SpawnProcess]]()
    try:
        while waiting or busy:
            while waiting and len(busy) < workers:
                connection, process = _start(home.root, waiting[0], force)
                busy[connection] = waiting.popleft(), process
            ready = wait(list(busy))
            for connection in [each for each in busy if each in ready]:
                year, process = busy[connection]
                said = _said(connection) or Done(year, None, Refused(f"run of {year}: {_STOPPED}"))
                if isinstance(said, RunProgress):
                    report(said)
                else:
                    del busy[connection]
                    process.join()
                    yield said
    finally:
        _end([process for _, process in busy.values()])


def report_to(bar: Bar, years: int, *, before: int = 0) -> Report:
    """Return a callback that shows the combined progress of all runs on a bar.

    Args:
        bar: The bar.
        years: Number of years that are counted.
        before: Number of them that were counted before these runs.
    """
    done: dict[int, int] = {}

    def report(progress: RunProgress) -> None:
        done[progress.year] = progress.done
        bar.set(
            before * progress.of + sum(done.values()),
            years * progress.of,
            f"{progress.year} {progress.stage}" if progress.stage else "",
        )

    return report


def _start(root: Path, year: int, force: bool) -> tuple[Connection, SpawnProcess]:
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(sending, _run, root, year, force))
    process.start()
    # The child then holds the only sending end, so that its exit is seen here.
    sending.close()
    return receiving, process


def _said(connection: Connection) -> RunProgress | Done | None:
    """Return the next message of a run; None if its process is gone."""
    try:
        said: RunProgress | Done = connection.recv()
    except (EOFError, OSError):
        return None
    return said


def _work(connection: Connection, run: _Run, root: Path, year: int, force: bool) -> None:
    """Run one year in this process and send its progress and outcome."""

    def report(progress: RunProgress) -> None:
        # The parent process may be gone; the run goes on all the same.
        with suppress(OSError):
            connection.send(progress)

    with suppress(KeyboardInterrupt, OSError), ends_when_interrupted():
        connection.send(run(root, year, force, report))


def _run(root: Path, year: int, force: bool, report: Report) -> Done:
    from dakl_pipeline.cli.runs import run_year

    try:
        return Done(year, run_year(Home(root), year, force=force, report=report))
    except DaklError as error:
        return Done(year, None, error)


def _end(processes: Sequence[SpawnProcess]) -> None:
    """End the processes: wait, then terminate, then kill."""
    _wait_for(processes)
    for process in processes:
        process.terminate()
    _wait_for(processes)
    for process in processes:
        process.kill()
        process.join()


def _wait_for(processes: Sequence[SpawnProcess]) -> None:
    until = time.monotonic() + _SECONDS_TO_END
    for process in processes:
        process.join(max(0.0, until - time.monotonic()))

"""Years side by side: each run of a year in a process of its own, as many at a time as there are processors."""

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
    "it was stopped from outside, perhaps for want of memory; the last good figures stay. Run again, with --jobs 1 to "
    "count one year at a time"
)
# After Ctrl-C, which each of them gets too: to end by itself, and after that to end when it is asked to.
_SECONDS_TO_END = 1.5


@dataclass(frozen=True)
class RunProgress:
    """How far a run of a year is.

    Attributes:
        year: Reporting year.
        stage: The stage that is being made; empty after the last.
        done: Stages that are done.
        of: Stages in all.
    """

    year: int
    stage: str
    done: int
    of: int


@dataclass(frozen=True)
class Done:
    """What became of a year.

    Attributes:
        year: Reporting year.
        is_changed: Whether a table was made again; None if the run failed.
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
    """Materialise the whole chain for some years, one run a year; a year that fails does not stop the others.

    Args:
        home: The home.
        years: Reporting years.
        force: Whether to make every table again, also of the same input.
        jobs: How many years at a time; the number of processors when None.
        report: Is told how far each run is.

    Yields:
        What became of each year, as soon as it is known.
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


def report_to(bar: Bar, years: int) -> Report:
    """Let a bar show how far all runs are together.

    Args:
        bar: The bar.
        years: How many years are counted.
    """
    done: dict[int, int] = {}

    def report(progress: RunProgress) -> None:
        done[progress.year] = progress.done
        bar.set(sum(done.values()), years * progress.of, f"{progress.year} {progress.stage}" if progress.stage else "")

    return report


def _start(root: Path, year: int, force: bool) -> tuple[Connection, SpawnProcess]:
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(sending, _run, root, year, force))
    process.start()
    # Its own end is the only one, so that the end of the process is seen here.
    sending.close()
    return receiving, process


def _said(connection: Connection) -> RunProgress | Done | None:
    """What a run says next; None when its process is gone."""
    try:
        said: RunProgress | Done = connection.recv()
    except (EOFError, OSError):
        return None
    return said


def _work(connection: Connection, run: _Run, root: Path, year: int, force: bool) -> None:
    """The life of a process: a run of one year."""

    def report(progress: RunProgress) -> None:
        # Who asked for the run may be gone; the figures are none the less right.
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
    """See to it that runs end that nobody waits for any more."""
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

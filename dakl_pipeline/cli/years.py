"""Years side by side: each run of a year in a process of its own, as many at a time as there are processors.

Belongs here: sharing out years over processes. Does not belong here: the run of a year (``runs``), which only those
processes load.
"""

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from dakl_pipeline.errors import DaklError, Refused
from resources.home import Home

_STOPPED = (
    "it was stopped from outside, perhaps for want of memory; the last good figures stay. Run again, with --jobs 1 to "
    "count one year at a time"
)


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


def run_years(home: Home, years: list[int], *, force: bool = False, jobs: int | None = None) -> Iterator[Done]:
    """Materialise the whole chain for some years, one run a year; a year that fails does not stop the others.

    Args:
        home: The home.
        years: Reporting years.
        force: Whether to make every table again, also of the same input.
        jobs: How many years at a time; the number of processors when None.

    Yields:
        What became of each year, in their order.
    """
    workers = min(len(years), jobs or os.cpu_count() or 1)
    if workers == 1:
        yield from (_run(home.root, year, force) for year in years)
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        running = [(year, pool.submit(_run, home.root, year, force)) for year in years]
        for year, run in running:
            try:
                yield run.result()
            except BrokenProcessPool:
                yield Done(year, None, Refused(f"run of {year}: {_STOPPED}"))


def _run(root: Path, year: int, force: bool) -> Done:
    from dakl_pipeline.cli.runs import run_year

    try:
        return Done(year, run_year(Home(root), year, force=force))
    except DaklError as error:
        return Done(year, None, error)

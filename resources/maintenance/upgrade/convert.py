"""Converting a copy of a home step by step, and comparing its figures before and after."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError
from polars.testing import assert_frame_equal

from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.contracts.statistics import COVERAGE, SUPPLIER_OVERLAP, UNIQUE_PERSON_COUNTS
from dakl_pipeline.deliveries.log import Actor
from dakl_pipeline.errors import DaklError, Refused
from dakl_pipeline.operation.audit import Upgraded
from resources.config.home import Home
from resources.maintenance.upgrade.format_1 import to_format_1
from resources.maintenance.upgrade.format_2 import to_format_2
from resources.storage.audit_store import AuditStore
from resources.storage.history_store import HistoryStore
from resources.storage.home_format import FORMAT, write_format
from resources.storage.warehouse import Warehouse

# The step to each format, from the one before it: the first leads to format 1.
STEPS: tuple[Callable[[Path], list[str]], ...] = (to_format_1, to_format_2)
# The published figures, which no step may change.
COMPARED = (UNIQUE_PERSON_COUNTS, COVERAGE, SUPPLIER_OVERLAP)
_Figures = dict[tuple[str, int], pl.DataFrame]


@dataclass(frozen=True)
class Converted:
    """The result of a conversion.

    Attributes:
        done: The steps that were done, one line each.
        figures_problem: Why not all figures can be read; None if they can.
    """

    done: tuple[str, ...]
    figures_problem: str | None


def convert(home: Home, found: int, audit: AuditStore, actor: Actor) -> Converted:
    """Upgrade a copy of a home to the present format. No key is needed: nothing is counted again.

    Args:
        home: The copy.
        found: Its format.
        audit: The audit log of the copy.
        actor: Who upgrades it.

    Raises:
        Refused: If a vintage is damaged, or the figures differ afterwards.
        OSError: If something cannot be read or written.
    """
    before = dict(_newest_figures(home))
    sound = audit.sound_vintages()
    done = [line for step in STEPS[found:] for line in step(home.root)]
    history = HistoryStore(home.history)
    for year in history.years():
        history.verify(year)
    home.warehouse.unlink(missing_ok=True)
    problem = show_figures(home)
    _require_same(before, dict(_newest_figures(home)), "the history")
    if problem is None and before:
        warehouse = Warehouse(home.warehouse)
        shown = {(table.name, year): warehouse.read(table, year) for table in COMPARED for year in warehouse.years()}
        _require_same(before, shown, "the warehouse")
    cells = sum(frame.height for frame in before.values())
    years = len({year for _, year in before})
    done.append(f"{cells} cells of the newest figures of {years} years compared: all the same")
    write_format(home)
    # A vintage that was changed before stays one that is not as recorded.
    taken_over = {
        year: {number: digest for number, digest in digests.items() if number in sound.get(year, ())}
        for year, digests in history.digests().items()
    }
    audit.log(actor, Upgraded(before=found, after=FORMAT, vintages=taken_over))
    return Converted(tuple(done), problem)


def show_figures(home: Home) -> str | None:
    """Make the warehouse of a home.

    Returns:
        Why not all figures can be read; None if they can.
    """
    history = HistoryStore(home.history)
    try:
        if history.years():
            Warehouse(home.warehouse).refresh(history)
        for year in history.years():
            history.newest(year)
    except DaklError as error:
        return str(error)
    return None


def _newest_figures(home: Home) -> Iterator[tuple[tuple[str, int], pl.DataFrame]]:
    """The newest statistics of every year, as kept with its newest vintage."""
    for year in sorted(path for path in home.history.glob("[0-9][0-9][0-9][0-9]") if path.is_dir()):
        vintages = sorted(path for path in year.glob("[0-9]*") if path.name.isdigit())
        for table in COMPARED if vintages else ():
            path = vintages[-1] / f"{table.name}_history.parquet"
            try:
                yield (table.name, int(year.name)), pl.read_parquet(path, columns=table.column_names, glob=False)
            except (PolarsError, OSError):
                raise Refused(
                    f"vintage {int(path.parent.name)} of {year.name} is damaged: put its folder in history/ back from "
                    "a backup, or remove it and lose that part of the history; then upgrade again"
                ) from None


def _require_same(before: _Figures, after: _Figures, place: str) -> None:
    by_name: dict[str, Table] = {table.name: table for table in COMPARED}
    for (name, year), expected in before.items():
        found = after.get((name, year), expected.clear())
        keys = by_name[name].sort_by
        try:
            assert_frame_equal(expected.sort(keys), found.sort(keys), check_dtypes=False, check_column_order=False)
        except AssertionError:
            # The library's own message shows rows.
            raise Refused(
                f"{name} of {year} would differ in {place} afterwards: nothing was changed. Keep using the version "
                "that made the home, and report this"
            ) from None

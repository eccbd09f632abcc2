"""Writes a synthetic population to a folder and delivers it to a home."""

import csv
from io import StringIO
from pathlib import Path

import polars as pl

from dakl_pipeline.cli.progress import progress
from dakl_pipeline.deliveries.log import Actor
from dakl_pipeline.errors import Refused
from dakl_pipeline.presentation.exports import to_parquet
from dakl_pipeline.synthetic import Event, Population, PopulationPlan
from resources.storage.files import write_atomically
from resources.workflows.deliver import FollowUp, deliver, withdraw
from resources.workflows.opened_home import OpenedHome

_ACTOR = Actor("synthetic")


def plan_of(*, seed: int, years: tuple[int, ...], persons: int, suppliers: int) -> PopulationPlan:
    """Return the plan for the arguments of ``dakl generate``."""
    return PopulationPlan(seed=seed, years=years, persons=persons, suppliers=suppliers)


def write_registers(registers: dict[int, dict[str, pl.DataFrame]], folder: Path) -> None:
    """Write registers as ``<year>/<name>.parquet``."""
    for year, by_name in registers.items():
        for name, frame in by_name.items():
            write_atomically(folder / str(year) / f"{name}.parquet", to_parquet(frame))


def write_population(population: Population, folder: Path) -> None:
    """Write the delivered files, the registers and a timeline of all deliveries and withdrawals.

    Args:
        population: The population.
        folder: Receives ``deliveries/<place in time>/<file name>``, ``registers/`` and, last, ``timeline.csv``.
    """
    write_registers(population.registers, folder / "registers")
    timeline = StringIO()
    writer = csv.writer(timeline, lineterminator="\n")
    writer.writerow(("kind", "supplier_id", "reporting_year", "received_at", "file", "is_expected_approved"))
    with progress("writing", len(population.events)) as bar:
        for place, event in enumerate(population.events, start=1):
            file = Path("deliveries") / f"{place:06d}" / event.file_name if event.file_name else None
            if file is not None and event.content is not None:
                write_atomically(folder / file, event.content)
            writer.writerow(
                (
                    event.kind,
                    event.supplier_id,
                    event.reporting_year,
                    event.received_at.isoformat(),
                    file.as_posix() if file else "",
                    event.is_expected_approved,
                )
            )
            bar.advance()
    write_atomically(folder / "timeline.csv", timeline.getvalue().encode("utf-8"))


def deliver_population(population: Population, opened: OpenedHome, scratch: Path) -> None:
    """Replay the events of a population through the workflows of ``dakl deliver`` and ``dakl withdraw``, with mails.

    Args:
        population: The population.
        opened: The home.
        scratch: An empty folder for the suppliers' files.

    Raises:
        Refused: If an event is refused, or its mail cannot be made.
    """
    with progress("delivering", len(population.events)) as bar:
        for event in population.events:
            said = _play(event, opened, scratch)
            if said.problems:
                raise Refused("; ".join(said.problems))
            bar.advance()


def _play(event: Event, opened: OpenedHome, scratch: Path) -> FollowUp:
    at = event.received_at
    if event.file_name is None or event.content is None:
        year, supplier = event.reporting_year, event.supplier_id
        return withdraw(opened, supplier_id=supplier, year=year, at=at, now=at, actor=_ACTOR)[1]
    file = scratch / event.file_name
    file.write_bytes(event.content)
    delivered = deliver(
        opened, file, supplier_id=event.supplier_id, received_at=at, now=at, actor=_ACTOR, writes_report=False
    )
    file.unlink()
    return delivered.follow_up

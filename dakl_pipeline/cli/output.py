"""How things look on a terminal and as JSON."""

import csv
import json
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import typer

from dakl_pipeline.cli import tables

if TYPE_CHECKING:
    from dakl_pipeline.reference.methodology import Methodology

INTERNAL_USE = "Exact counts, for internal use only: not rounded, not protected."


def say(text: str = "") -> None:
    """Print a line."""
    typer.echo(text)


def say_wrapped(text: str) -> None:
    """Print a long line, on a terminal over lines of whole words."""
    for line in tables.wrapped(text, terminal_width()):
        say(line)


def terminal_width() -> int | None:
    """Columns of the terminal on which the outcome is printed; None if that is a pipe or a file, which have none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def echo_error(text: str) -> None:
    """Print a line that is no outcome, on standard error."""
    typer.echo(text, err=True)


def print_json(data: Any) -> None:
    """Print JSON for programs."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def print_csv(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Print CSV for programs: comma, header, LF; None is an empty cell."""
    text = StringIO()
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    typer.echo(text.getvalue(), nl=False)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, numeric: Iterable[str] = ()) -> None:
    """Print a table, on a terminal in its width; a pipe has none, and what a program reads is never folded or cut.

    Args:
        columns: Headings.
        rows: Cells; integers get a thousands separator in a numeric column, None an empty cell.
        numeric: Headings of the columns that are aligned to the right.
    """
    numeric = set(numeric)
    table = [[_cell(value, name in numeric) for name, value in zip(columns, row, strict=True)] for row in rows]
    width = terminal_width()
    headings, lines = tables.lines(
        [tables.Column(name, [row[i] for row in table], name in numeric) for i, name in enumerate(columns)],
        width,
    )
    for line in headings:
        say(typer.style(line, bold=True) if width else line)
    for line in lines:
        say(line)


def quantity(number: int, singular: str, plural: str) -> str:
    """A number with its noun: ``1 region`` or ``2 regions``."""
    return f"{number} {singular if number == 1 else plural}"


@dataclass(frozen=True)
class Clock:
    """The clock of the analysts: every moment on a terminal is by it. Programs get moments with their offset.

    Attributes:
        zone: Name of the time zone.
    """

    zone: str

    @classmethod
    def of(cls, methodology: "Methodology") -> "Clock":
        """The clock of a home."""
        return cls(methodology.time_zone)

    def minute(self, moment: datetime) -> str:
        """A moment to the minute, without its zone; that is said once, beside a table (:attr:`note`)."""
        return f"{moment.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M}"

    def moment(self, moment: datetime) -> str:
        """A moment that stands alone, with its zone."""
        return f"{self.minute(moment)} ({self.zone})"

    @property
    def note(self) -> str:
        """The line that says in which zone the moments are."""
        return f"Times: {self.zone}."


def _cell(value: Any, is_numeric: bool) -> str:
    if value is None:
        return ""
    # A line break in a text would be a row of its own.
    return (
        f"{value:,}".replace(",", ".") if is_numeric and isinstance(value, int) else " ".join(str(value).splitlines())
    )

"""Prints text, tables, JSON and CSV."""

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
from dakl_pipeline.privacy.redaction import mask_line

if TYPE_CHECKING:
    from dakl_pipeline.operation.health import HealthFinding
    from dakl_pipeline.reference.methodology import Methodology

INTERNAL_USE = "Exact counts, for internal use only: not rounded, not protected."


def say(text: str = "") -> None:
    """Print a line."""
    typer.echo(text)


def say_wrapped(text: str) -> None:
    """Print a long line; on a terminal it wraps between words."""
    for line in tables.wrapped(text, terminal_width()):
        say(line)


def terminal_width() -> int | None:
    """Return the number of columns of the terminal; None if standard output is a pipe or a file."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def echo_error(text: str) -> None:
    """Print a line that is not part of the result, on standard error."""
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
    """Print a table, fitted to the width of the terminal; output to a pipe or file is never wrapped or cut.

    Args:
        columns: Headings.
        rows: Cells; integers in a numeric column get a thousands separator, None becomes an empty cell.
        numeric: Headings of the right-aligned columns.
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


def finding_line(finding: "HealthFinding") -> dict[str, str]:
    """Return a finding about a home as a row for programs, masked."""
    return {
        "check": finding.check,
        "status": finding.status,
        "found": mask_line(finding.found),
        "to_do": mask_line(finding.to_do),
    }


def print_findings(lines: Sequence[Mapping[str, str]]) -> None:
    """Print findings about a home, one line each."""
    width = max(len(line["check"]) for line in lines)
    for line in lines:
        what = f"{line['found']}. To do: {line['to_do']}" if line["to_do"] else line["found"]
        say(f"{line['status']:<8} {line['check']:<{width}}  {what}")


def quantity(number: int, singular: str, plural: str) -> str:
    """Return a number with its noun: ``1 region`` or ``2 regions``."""
    return f"{number} {singular if number == 1 else plural}"


@dataclass(frozen=True)
class Clock:
    """The analysts' clock, used for every time shown on a terminal. Programs get times with their offset.

    Attributes:
        zone: Name of the time zone.
    """

    zone: str

    @classmethod
    def of(cls, methodology: "Methodology") -> "Clock":
        """Return the clock of a home."""
        return cls(methodology.time_zone)

    def minute(self, moment: datetime) -> str:
        """Return a time to the minute, without its zone; :attr:`note` gives the zone once, beside a table."""
        return f"{moment.astimezone(ZoneInfo(self.zone)):%Y-%m-%d %H:%M}"

    def moment(self, moment: datetime) -> str:
        """Return a time with its zone, for use outside a table."""
        return f"{self.minute(moment)} ({self.zone})"

    @property
    def note(self) -> str:
        """The line that names the time zone."""
        return f"Times: {self.zone}."


def _cell(value: Any, is_numeric: bool) -> str:
    if value is None:
        return ""
    # A line break in a text would start a new row.
    return (
        f"{value:,}".replace(",", ".") if is_numeric and isinstance(value, int) else " ".join(str(value).splitlines())
    )

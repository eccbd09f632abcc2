"""How things look on a terminal and as JSON.

Belongs here: tables and lines. Does not belong here: what is in them.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import typer

INTERNAL_USE = "Exact counts, for internal use only: not rounded, not protected."


def say(text: str = "") -> None:
    """Print a line."""
    typer.echo(text)


def say_aside(text: str) -> None:
    """Print a line that is no outcome, on standard error."""
    typer.echo(text, err=True)


def print_json(data: Any) -> None:
    """Print JSON for programs."""
    typer.echo(json.dumps(data, ensure_ascii=False, indent=2, default=str))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, numeric: Iterable[str] = ()) -> None:
    """Print a table.

    Args:
        columns: Headings.
        rows: Cells; integers get a thousands separator in a numeric column, None an empty cell.
        numeric: Headings of the columns that are aligned to the right.
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    numeric = set(numeric)
    for column in columns:
        table.add_column(column, justify="right" if column in numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value, column in numeric) for column, value in zip(columns, row, strict=True)))
    # A pipe has no width: never fold or cut what a program reads.
    console = Console(markup=False, highlight=False, emoji=False)
    if not console.is_terminal:
        console = Console(markup=False, highlight=False, emoji=False, width=200)
    # Written as every other line is: by itself Rich ends the program with 1 when the reader (head, grep) has gone.
    with console.capture() as drawn:
        console.print(table)
    typer.echo(drawn.get(), nl=False)


def _cell(value: Any, is_numeric: bool) -> str:
    if value is None:
        return ""
    return f"{value:,}".replace(",", ".") if is_numeric and isinstance(value, int) else str(value)

"""How things look on a terminal and as JSON.

Belongs here: tables and lines. Does not belong here: what is in them.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from rich.progress import Progress

    from dakl_pipeline.intake.check import Verdict

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


@contextmanager
def progress(label: str, total: int) -> "Iterator[Progress]":
    """A progress bar on a terminal; nothing elsewhere.

    Yields:
        The bar, with one task (id 0).
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        bar.add_task(label, total=total)
        yield bar


def verdict_json(verdict: "Verdict") -> dict[str, Any]:
    """The verdict in the shape of the contract."""
    from dakl_pipeline.intake.findings import with_totals

    return {
        "approved": verdict.approved,
        "reporting_year": verdict.reporting_year,
        "registrations": verdict.registrations,
        "findings": [
            {
                "rule": f.rule,
                "severity": f.severity,
                "row": f.row,
                "column": f.column,
                "message": f.message,
            }
            for f in with_totals(verdict.findings, verdict.counts_by_rule())
        ],
        "counts": verdict.counts_by_rule(),
    }


_SHOWN = 30
_SEVERITY = {"error": "fout", "warning": "waarschuwing", "notice": "aandachtspunt"}


def _why_rejected(verdict: "Verdict") -> str:
    from dakl_pipeline.intake.refusal import refusal_of

    refusal = refusal_of(verdict.counts_by_rule())
    if not refusal.is_outside_window:
        return "het hele bestand is geweigerd"
    if refusal.is_faulty:
        return "het hele bestand is geweigerd, om fouten en omdat het buiten de aanleverperiode is ontvangen"
    return "ontvangen buiten de aanleverperiode; in het bestand zelf zijn geen fouten gevonden"


def print_verdict(verdict: "Verdict") -> None:
    """Print a verdict with its first findings and what to do about each rule, in Dutch, for the coordinator."""
    from dakl_pipeline.intake.catalogue import rules_by_id
    from dakl_pipeline.intake.findings import MAX_FINDINGS_PER_RULE

    say("GOEDGEKEURD" if verdict.approved else f"AFGEKEURD: {_why_rejected(verdict)}")
    rows = [
        ("heel bestand" if f.row is None else f"regel {f.row}", f.column, _SEVERITY[f.severity], f.message)
        for f in verdict.findings[:_SHOWN]
    ]
    if rows:
        print_table(("waar", "kolom", "ernst", "bevinding"), rows)
    counts = verdict.counts_by_rule()
    if (more := sum(counts.values()) - len(rows)) > 0:
        is_all = max(counts.values()) <= MAX_FINDINGS_PER_RULE
        listed = "alle" if is_all else f"de eerste {MAX_FINDINGS_PER_RULE} van elke soort"
        say(f"... en nog {more} bevindingen; {listed} met --json")
    if rows:
        say("Wat te doen:")
    for rule in dict.fromkeys(f.rule for f in verdict.findings):
        action = rules_by_id()[rule].action.format(year=verdict.reporting_year or "<verslagjaar>")
        say(f"- {rules_by_id()[rule].title} ({counts[rule]} keer): {action}")

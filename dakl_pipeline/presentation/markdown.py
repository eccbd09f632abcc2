"""Markdown for the Dagster UI: tables and a bar chart, with all foreign text escaped.

File names and supplier ids come from suppliers: they may not end a cell, create a link or be parsed as HTML.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from dakl_pipeline.presentation.dutch import number
from dakl_pipeline.privacy.redaction import mask_unprintable

_PUNCTUATION = re.compile(r"([!-,./:-@\[-`{-~])")
_BAR_WIDTH = 24


def escaped(text: str) -> str:
    """Return the text escaped, so that Markdown shows it literally on one line."""
    return _PUNCTUATION.sub(r"\\\1", mask_unprintable(text))


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table.

    Args:
        headings: Headings, not escaped.
        rows: Cells: numbers are formatted in Dutch, times as given to the minute, None as empty, texts escaped.
    """
    cells = [list(row) for row in rows]
    is_number = [any(isinstance(row[i], int | float) for row in cells) for i in range(len(headings))]
    lines = [headings, ["---:" if right else "---" for right in is_number], *(map(_cell, row) for row in cells)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bars(rows: Sequence[tuple[str, int]]) -> str:
    """Return a text bar chart, scaled to the largest value.

    Args:
        rows: Names, not escaped, and values of zero or more.
    """
    largest = max((value for _, value in rows), default=0) or 1
    names, numbers = [name for name, _ in rows], [number(value) for _, value in rows]
    wide, wide_number = max(map(len, names), default=0), max(map(len, numbers), default=0)
    lines = [
        f"{name:<{wide}} {text:>{wide_number}} {'█' * round(_BAR_WIDTH * value / largest)}".rstrip()
        for (name, value), text in zip(rows, numbers, strict=True)
    ]
    return "\n".join(["```", *lines, "```"])


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return number(value) if isinstance(value, int | float) else escaped(str(value))

"""Markdown for the Dagster UI: tables and a bar chart, with everything that others wrote escaped.

File names and supplier ids are made by suppliers: they may not end a cell, make a link or be taken for HTML.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from dakl_pipeline.presentation.dutch import number
from dakl_pipeline.privacy.redaction import mask_unprintable

_PUNCTUATION = re.compile(r"([!-,./:-@\[-`{-~])")
_BAR_WIDTH = 24


def escaped(text: str) -> str:
    """A text that Markdown shows as it is, on one line."""
    return _PUNCTUATION.sub(r"\\\1", mask_unprintable(text))


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table.

    Args:
        headings: Own words, which stay as they are.
        rows: Cells: numbers are written in Dutch, moments in UTC to the minute, None as nothing, texts escaped.
    """
    cells = [list(row) for row in rows]
    is_number = [any(isinstance(row[i], int | float) for row in cells) for i in range(len(headings))]
    lines = [headings, ["---:" if right else "---" for right in is_number], *(map(_cell, row) for row in cells)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def bars(rows: Sequence[tuple[str, int]]) -> str:
    """A bar chart of text, the longest bar for the largest value.

    Args:
        rows: Names of this project, which stay as they are, and values of zero or more.
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

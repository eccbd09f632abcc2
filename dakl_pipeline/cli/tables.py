"""Lays out a table as lines of text within a width, without breaking words, numbers or ids."""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

_GAP = 2
# A row wrapped over more lines is harder to read than one whose last columns are on lines of their own.
_MOST_WRAPPED_LINES = 2
_INDENT = 4


@dataclass(frozen=True)
class Column:
    """A column of text.

    Attributes:
        heading: Its heading.
        cells: Its cells, from the first row to the last.
        is_numeric: Whether it is right-aligned.
    """

    heading: str
    cells: Sequence[str]
    is_numeric: bool = False

    @property
    def width(self) -> int:
        """Width of the widest cell or the heading."""
        return max(map(len, (self.heading, *self.cells)))

    @property
    def least_width(self) -> int:
        """Width of the longest word, which is never cut. Headings may also break after a hyphen."""
        words = _parts(self.heading, 1)
        return max((len(word) for text in (*words, *self.cells) for word in text.split()), default=0)


def lines(columns: Sequence[Column], width: int | None) -> tuple[list[str], list[str]]:
    """Lay out a table.

    If the table fits, it has its natural width. Otherwise cells wrap between words. If that takes too many lines, or
    words are too long, the columns that do not fit go below the others, indented.

    Args:
        columns: The columns, all with the same number of cells.
        width: Maximum width; unlimited when None. Only a single word that is wider may exceed it.

    Returns:
        The lines of the headings, and the lines of the rows.
    """
    widths = [column.width for column in columns]
    if width is None or _total(widths) <= width:
        return _drawn(columns, widths)
    shrunk = _shrunk(columns, width)
    if shrunk is not None and _most_lines(columns, shrunk) <= _MOST_WRAPPED_LINES:
        return _drawn(columns, shrunk)
    return _stacked(columns, width)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _shrunk(columns: Sequence[Column], width: int) -> list[int] | None:
    """Return column widths that fit, shrinking the widest first; None if the words are too long."""
    least = [column.least_width for column in columns]
    widths = [column.width for column in columns]
    if _total(least) > width:
        return None
    while _total(widths) > width:
        place = max((i for i in range(len(widths)) if widths[i] > least[i]), key=lambda i: widths[i])
        widths[place] -= 1
    return widths


def _most_lines(columns: Sequence[Column], widths: Sequence[int]) -> int:
    cells = [(cell, width) for column, width in zip(columns, widths, strict=True) for cell in column.cells]
    return max((len(wrapped(cell, width)) for cell, width in cells), default=1)


def _stacked(columns: Sequence[Column], width: int) -> tuple[list[str], list[str]]:
    """Lay out groups of columns on lines of their own; groups after the first are indented, and skipped if empty."""
    groups: list[list[Column]] = [[]]
    for column in columns:
        room = width - (_INDENT if len(groups) > 1 else 0)
        if groups[-1] and _total([min(each.width, room) for each in (*groups[-1], column)]) > room:
            groups.append([])
        groups[-1].append(column)
    headings: list[str] = []
    rows: list[list[str]] = [[] for _ in columns[0].cells]
    for place, group in enumerate(groups):
        indent = " " * _INDENT if place else ""
        widths = [min(column.width, width - len(indent)) for column in group]
        headings += [f"{indent}{line}" for line in _headings(group, widths)]
        for row, cells in zip(rows, zip(*(column.cells for column in group), strict=True), strict=True):
            if not place or any(cells):
                row += [f"{indent}{line}" for line in _row(group, cells, widths)]
    return headings, [line for row in rows for line in row]


def _drawn(columns: Sequence[Column], widths: Sequence[int]) -> tuple[list[str], list[str]]:
    headings = _headings(columns, widths)
    rows = zip(*(column.cells for column in columns), strict=True)
    return headings, [line for cells in rows for line in _row(columns, cells, widths)]


def _headings(columns: Sequence[Column], widths: Sequence[int]) -> list[str]:
    return _joined(columns, [_parts(column.heading, w) for column, w in zip(columns, widths, strict=True)], widths)


def _row(columns: Sequence[Column], cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    return _joined(columns, [wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)], widths)


def _parts(heading: str, width: int) -> list[str]:
    return textwrap.wrap(heading, width, break_long_words=False) or [""]


def _joined(columns: Sequence[Column], parts: Sequence[Sequence[str]], widths: Sequence[int]) -> list[str]:
    return [
        (" " * _GAP)
        .join(
            part.rjust(width) if column.is_numeric else part.ljust(width)
            for column, part, width in zip(columns, line, widths, strict=True)
        )
        .rstrip()
        for line in zip_longest(*parts, fillvalue="")
    ]


def wrapped(text: str, width: int | None) -> list[str]:
    """Wrap a text between words; a word wider than the width stays whole. Indentation is kept."""
    if width is None or len(text) <= width:
        return [text]
    indent = " " * (len(text) - len(text.lstrip()))
    return textwrap.wrap(
        text.lstrip(),
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]

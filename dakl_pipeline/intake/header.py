"""The header line of a delivery: which columns a file has, and the faults in them.

A message never repeats an unknown header text: the header may be a data row.
"""

import csv
import re
from collections import Counter
from dataclasses import dataclass

from dakl_pipeline.intake.catalogue import ColumnSet, catalogue
from dakl_pipeline.intake.findings import Collector

_OTHER_SEPARATORS = {",": "komma's", "\t": "tabs", "|": "verticale strepen"}
_COLUMN_SETS: tuple[ColumnSet, ...] = ("basic", "optional")
# Maximum length of a title or note above the header. It always fits in the first block, however small blocks are.
_SEARCHED_BYTES = 2_000
_IGNORED = re.compile(r"[ _-]")


@dataclass(frozen=True, slots=True)
class Header:
    """A header line.

    Attributes:
        column_set: the set whose columns are present in the right order; None if the header is wrong.
        columns: the columns by which rows can be read, also if only names are unknown, so that the rows of a file
            with a misspelt or forgotten header are checked too; None if the positions are uncertain.
        other_separator: the separator in the file if it is not the one of the catalogue; None if it is, or if the
            columns are uncertain.
    """

    column_set: ColumnSet | None
    columns: tuple[str, ...] | None
    other_separator: str | None = None


def _normal(name: str) -> str:
    return _IGNORED.sub("", name.lower())


def lines_above_header(data: bytes) -> int:
    r"""Count the lines above the header, if the first line names no column and a later line is a header.

    Args:
        data: the first lines of the file, each ended by ``\n``.

    Returns:
        The number of lines; zero also if the first lines contain no header.
    """
    # The text after the last line end may be half a line.
    first, *others = [_known(line) for line in data[:_SEARCHED_BYTES].split(b"\n")[:-1]] or [[]]
    if any(first):
        return 0
    headers = [list(catalogue().columns(column_set)) for column_set in _COLUMN_SETS]
    return next((place for place, names in enumerate(others, start=1) if names in headers), 0)


def _known(line: bytes) -> list[str | None]:
    """Return the delivered columns that a line names, with None for any other text."""
    try:
        texts = next(csv.reader([line.decode("ascii")], delimiter=catalogue().separator, strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        return []
    return _columns_of(texts)


def _columns_of(texts: list[str]) -> list[str | None]:
    by_normal_name = {_normal(name): name for name in catalogue().columns("optional")}
    return [by_normal_name.get(_normal(text)) for text in texts]


def read_header(line: bytes, collector: Collector) -> Header:
    """Read the header line (assumption A1) and collect its faults.

    Args:
        line: the header line, without line end and byte order mark.
        collector: receives the findings.

    Returns:
        The columns, as far as the header is usable.
    """
    if b"\r" in line:
        collector.add("line_ends", (1,))
        return Header(None, None)
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        collector.add("not_utf8", (1,))
        text = line.decode("latin-1")
    else:
        # A tab is reported as a wrong separator below.
        if not text.replace("\t", "").isprintable() or not text.isascii():
            collector.add("special_characters", (1,))
    try:
        delivered = next(csv.reader([text], delimiter=catalogue().separator, strict=True), [])
    except csv.Error:
        collector.add("quotes", (1,))
        return Header(None, None)
    return _match(delivered, text, collector)


def _match(delivered: list[str], text: str, collector: Collector) -> Header:
    columns = catalogue().columns("optional")
    known = _columns_of(delivered)
    for column_set in _COLUMN_SETS:
        if tuple(known) == catalogue().columns(column_set):
            return Header(column_set, catalogue().columns(column_set))
    separator = _other_separator(text) if len(delivered) == 1 else None
    if separator:
        collector.add("separator", (1,), separator=_OTHER_SEPARATORS[separator])
        return _header_with(separator, text)
    _collect_faults(known, columns, collector)
    for column_set in _COLUMN_SETS:
        expected = catalogue().columns(column_set)
        if len(known) == len(expected) and all(k in (None, e) for k, e in zip(known, expected, strict=True)):
            return Header(None, expected)
    return Header(None, None)


def _other_separator(text: str) -> str | None:
    counts = {character: text.count(character) for character in _OTHER_SEPARATORS}
    character = max(counts, key=lambda c: counts[c])
    return character if counts[character] else None


def _header_with(separator: str, text: str) -> Header:
    """Return the columns of a header with another separator, so that the rows can still be checked."""
    try:
        delivered = next(csv.reader([text], delimiter=separator, strict=True), [])
    except csv.Error:
        return Header(None, None)
    known = tuple(_columns_of(delivered))
    columns = next((c for c in map(catalogue().columns, _COLUMN_SETS) if c == known), None)
    return Header(None, columns, separator if columns else None)


def _collect_faults(known: list[str | None], columns: tuple[str, ...], collector: Collector) -> None:
    found = [name for name in known if name is not None]
    if not found:
        collector.add("header_absent", (1,), names=";".join(columns))
        return
    unknown = [place for place, name in enumerate(known, start=1) if name is None]
    if unknown:
        collector.add("header_unknown_column", (1,), found=len(unknown), position=unknown[0])
    # Any optional column implies that the optional set was meant.
    basic = catalogue().columns("basic")
    wanted = basic if set(found) <= set(basic) else columns
    if missing := [name for name in wanted if name not in found]:
        collector.add("header_missing_column", (1,), names=", ".join(missing))
    if repeated := [name for name, count in Counter(found).items() if count > 1]:
        collector.add("header_duplicate_column", (1,), names=", ".join(repeated))
    once = list(dict.fromkeys(found))
    in_order = [name for name in columns if name in once]
    if misplaced := [name for name, expected in zip(once, in_order, strict=True) if name != expected]:
        collector.add("header_order", (1,), names=", ".join(misplaced))

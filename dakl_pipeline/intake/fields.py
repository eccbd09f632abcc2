r"""Splits lines into fields, vectorised, and collects the faults of lines.

A regular block (the right number of separators on every line, printable ASCII, no quotes or only clean ones) is
recognised from its bytes alone and parsed at once. Only irregular blocks are examined line by line. In the frames, an
empty string is an empty field, and null is a value that already has a finding.
"""

import csv
import re
from functools import cache

import polars as pl

from dakl_pipeline.intake.catalogue import catalogue
from dakl_pipeline.intake.diagnoses import Symptoms
from dakl_pipeline.intake.findings import MAX_FINDINGS_PER_RULE, Collector
from dakl_pipeline.intake.lines import PIECE_BYTES, Block

ROW = "line_number"

# A spreadsheet leaves the separators of a cleared row; lines.py uses the same characters.
_EMPTY = r'^[; \t"\x{c2}\x{a0}]*$'
_SPECIAL = r"[^\x20-\x7e]"
_PRINTABLE = bytes(range(0x20, 0x7F))


def split_block(block: Block, columns: tuple[str, ...], collector: Collector, symptoms: Symptoms) -> pl.DataFrame:
    """Split the lines of a block into fields.

    Args:
        block: lines below the header; no line that is too long.
        columns: the delivered columns.
        collector: receives the faults of the lines.
        symptoms: counts the forms of lines with a wrong number of fields.

    Returns:
        ``line_number`` (UInt32) and the columns (String) of every registration with the right number of fields, in
        order.
    """
    data = _without_clean_quotes(block.data)
    if _is_regular(data, block.rows, columns):
        frame = _parse(data, columns, _row_numbers(block))
        if not _holds_another_line(frame):
            return frame
    # Separate lines take far more memory than their bytes.
    if len(block.data) > PIECE_BYTES:
        return pl.concat([split_block(piece, columns, collector, symptoms) for piece in block.pieces()])
    return _split_irregular(block, columns, collector, symptoms)


def check_lines(block: Block, collector: Collector) -> None:
    """Collect the faults of lines that cannot be split because the header is unusable.

    Args:
        block: lines below the header; no line that is too long.
        collector: receives the faults.
    """
    for piece in block.pieces():
        _, special = _look_at_lines(piece, collector)
        if collector.has("separator"):
            # Tabs used as separator are reported once, for the header.
            special = special.filter(pl.col("line").str.replace_all("\t", " ").str.contains(_SPECIAL))
        _collect_special(collector, special, None)


def _holds_another_line(frame: pl.DataFrame) -> bool:
    """Return whether any line with the right number of fields is no registration."""
    first, *others = frame.columns[1:]
    # Nearly all lines begin with a date in some notation; only the others need the patterns.
    suspects = frame.filter(~pl.col(first).str.contains("^ *[0-9]{1,8}(?:[-/.]|$)")).lazy()
    line = pl.concat_str(first, *others, separator=catalogue().separator)
    is_other = line.str.contains(_EMPTY) | line.str.contains(_header_pattern()) | line.str.contains(_closing_pattern())
    return bool(suspects.select(is_other.any()).collect().item())


@cache
def _header_pattern() -> str:
    first, *_ = catalogue().columns("basic")
    # Concatenated files bring their byte order mark along.
    return rf'(?i)^(?:\x{{ef}}\x{{bb}}\x{{bf}})?[ "]*{"[ _-]*".join(first)}[ _"-]*[;,\t|]'


@cache
def _closing_pattern() -> str:
    words = "|".join(re.escape(word) for word in catalogue().closing_words)
    return rf'(?i)^[ ;"-]*(?:[0-9.]+ )?(?:{words})(?:[^a-z]|$)'


def _row_numbers(block: Block) -> pl.Series:
    return pl.int_range(block.first_row, block.first_row + block.rows, dtype=pl.UInt32, eager=True).alias(ROW)


def _is_regular(data: bytes, rows: int, columns: tuple[str, ...]) -> bool:
    separator = catalogue().separator.encode()
    plain = _PRINTABLE.replace(separator, b"").replace(b'"', b"")
    return data.translate(None, plain) == (separator * (len(columns) - 1) + b"\n") * rows


def _without_clean_quotes(data: bytes) -> bytes:
    """Remove the quotes if every quoted field is quoted as a whole and contains no quote or separator."""
    if b'"' not in data:
        return data
    separator = catalogue().separator.encode()
    plain = _PRINTABLE.replace(separator, b"").replace(b'"', b"")
    # Every field has an even number of quotes ...
    if b'"' in data.translate(None, plain).replace(b'""', b""):
        return data
    # ... and every quote opens or closes a field. So a field has none, or one at each end.
    lines = b"\n" + data
    sides = (separator, b"\n")
    opening = sum(lines.count(side + b'"') for side in sides)
    closing = sum(lines.count(b'"' + side) for side in sides)
    alone = any(left + b'"' + right in lines for left in sides for right in sides)
    if alone or opening != closing or opening + closing != lines.count(b'"'):
        return data
    return data.replace(b'"', b"")


def _parse(data: bytes, columns: tuple[str, ...], rows: pl.Series) -> pl.DataFrame:
    if not rows.len():
        return pl.DataFrame(schema={ROW: pl.UInt32, **dict.fromkeys(columns, pl.String)})
    frame = pl.read_csv(
        data,
        has_header=False,
        separator=catalogue().separator,
        quote_char=None,
        schema=dict.fromkeys(columns, pl.String),
        empty_string_is_null=False,
        low_memory=True,
    )
    # If the parser counted lines differently, every finding would have a wrong row: better to stop.
    if frame.height != rows.len():
        raise RuntimeError("the lines of a block were not parsed one to one")
    return frame.with_columns(rows).select(ROW, *columns)


def _look_at_lines(block: Block, collector: Collector) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the registration lines, and those with special characters: ``line_number, line``, a character per byte."""
    # Latin-1 gives one character per byte and cannot fail; whether a line is UTF-8 is tested later.
    text = block.data.decode("latin-1").removesuffix("\n").split("\n")
    lines = pl.DataFrame({ROW: _row_numbers(block), "line": text}).with_columns(
        # The first kind that matches; null for a registration.
        kind=pl.coalesce(
            pl.when(pl.col("line").str.contains(pattern)).then(pl.lit(rule_id))
            for rule_id, pattern in (
                ("blank_line", _EMPTY),
                ("line_ends", "\r"),
                ("header_repeated", _header_pattern()),
                ("closing_line", _closing_pattern()),
            )
        )
    )
    for (rule_id,), others in lines.filter(pl.col("kind").is_not_null()).group_by("kind", maintain_order=True):
        _collect_rows(collector, str(rule_id), others)
    registrations = lines.filter(pl.col("kind").is_null()).select(ROW, "line")
    return registrations, registrations.filter(pl.col("line").str.contains(_SPECIAL))


def _split_irregular(block: Block, columns: tuple[str, ...], collector: Collector, symptoms: Symptoms) -> pl.DataFrame:
    whole, special = _look_at_lines(block, collector)
    frame = _split_lines(whole, columns, collector, symptoms)
    if not special.height:
        return frame
    _collect_special(collector, special, frame)
    return frame.with_columns(
        pl.when(~pl.col(column).str.contains(_SPECIAL)).then(pl.col(column)) for column in columns
    )


def _split_lines(
    lines: pl.DataFrame, columns: tuple[str, ...], collector: Collector, symptoms: Symptoms
) -> pl.DataFrame:
    separator = catalogue().separator
    has_quote = pl.col("line").str.contains('"', literal=True)
    plain = lines.filter(~has_quote).with_columns(
        found=pl.col("line").str.count_matches(separator, literal=True) + 1,
    )
    ragged = plain.filter(pl.col("found") != len(columns))
    _collect_field_counts(collector, ragged, len(columns))
    symptoms.examine("field_count", None, ragged["line"], columns=len(columns))
    plain = plain.filter(pl.col("found") == len(columns))
    data = "".join(f"{line}\n" for line in plain["line"]).encode()
    frame = _parse(data, columns, plain[ROW])
    quoted = lines.filter(has_quote)
    if not quoted.height:
        return frame
    return pl.concat([frame, _split_quoted(quoted, columns, collector, symptoms)]).sort(ROW)


def _split_quoted(
    lines: pl.DataFrame, columns: tuple[str, ...], collector: Collector, symptoms: Symptoms
) -> pl.DataFrame:
    good: list[tuple[int | str, ...]] = []
    unclosed: list[int] = []
    ragged: list[tuple[int, int, str]] = []
    for row, line in lines.iter_rows():
        try:
            values = next(csv.reader([line], delimiter=catalogue().separator, strict=True))
        except csv.Error:
            unclosed.append(row)
            continue
        if len(values) == len(columns):
            good.append((row, *values))
        else:
            ragged.append((row, len(values), line))
    _collect_rows(collector, "quotes", pl.DataFrame({ROW: unclosed}))
    others = pl.DataFrame(ragged, schema={ROW: pl.UInt32, "found": pl.UInt32, "line": pl.String}, orient="row")
    _collect_field_counts(collector, others, len(columns))
    symptoms.examine("field_count", None, others["line"], columns=len(columns))
    schema = {ROW: pl.UInt32, **dict.fromkeys(columns, pl.String)}
    return pl.DataFrame(good, schema=schema, orient="row")


def _collect_rows(collector: Collector, rule_id: str, frame: pl.DataFrame, column: str | None = None) -> None:
    if frame.height:
        rows = frame[ROW].head(MAX_FINDINGS_PER_RULE).to_list()
        collector.add(rule_id, rows, count=frame.height, column=column)


def _collect_field_counts(collector: Collector, ragged: pl.DataFrame, expected: int) -> None:
    for row, found in ragged.head(MAX_FINDINGS_PER_RULE).select(ROW, "found").iter_rows():
        collector.add("field_count", (row,), expected=expected, found=found)
    if (more := ragged.height - MAX_FINDINGS_PER_RULE) > 0:
        collector.add("field_count", (), count=more)


def _collect_special(collector: Collector, special: pl.DataFrame, frame: pl.DataFrame | None) -> None:
    """Report special characters by row, and by column where the line could be split."""
    is_utf8 = pl.Series([_is_utf8(line) for line in special["line"]], dtype=pl.Boolean)
    for rule_id, lines in (("not_utf8", special.filter(~is_utf8)), ("special_characters", special.filter(is_utf8))):
        rest = lines.select(ROW)
        if frame is not None:
            split = frame.join(rest, on=ROW, how="semi", maintain_order="left")
            rest = rest.join(split, on=ROW, how="anti", maintain_order="left")
            for column in split.columns[1:]:
                _collect_rows(collector, rule_id, split.filter(pl.col(column).str.contains(_SPECIAL)), column)
        _collect_rows(collector, rule_id, rest)


def _is_utf8(line: str) -> bool:
    try:
        line.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True

"""One pass over a delivered file: every technical fault, and the typed registrations as long as there is none.

Belongs here: the order of the work on a file. Does not belong here: the file name, the content findings (``check.py``)
and the shape in which registrations leave the intake (``registrations.py``).
"""

from dataclasses import dataclass
from functools import cache
from typing import BinaryIO

import polars as pl

from dakl_pipeline.intake.catalogue import ColumnSet, catalogue
from dakl_pipeline.intake.fields import ROW, split_block
from dakl_pipeline.intake.findings import MAX_FINDINGS_PER_RULE, Collector
from dakl_pipeline.intake.header import Header, read_header
from dakl_pipeline.intake.lines import BLOCK_BYTES, MAX_LINE_LENGTH, Block, NotText, open_text
from dakl_pipeline.intake.rules import VALUE_RULES
from dakl_pipeline.intake.values import Context, typed_expressions


@dataclass(frozen=True, slots=True)
class Scan:
    """What one pass over a file gave.

    Attributes:
        collector: the faults and notices.
        rows: number of lines below the header.
        column_set: the delivered columns, or None when the header is not right.
        registrations: ``line_number`` (UInt32) and the columns of ``values.typed_expressions``; None when the file has
            an error.
    """

    collector: Collector
    rows: int
    column_set: ColumnSet | None
    registrations: pl.DataFrame | None


def scan(source: BinaryIO, context: Context, *, block_bytes: int = BLOCK_BYTES) -> Scan:
    """Read a file once, in blocks, and test every rule on its format and its values (monitor rule 3.1).

    Args:
        source: a binary stream at its start.
        context: the delivery; without a reporting year the lists of all years are used.
        block_bytes: about how many bytes are held at a time.

    Returns:
        Faults and notices, and the typed registrations of a file without errors.
    """
    collector = Collector()
    blocks = open_text(source, block_bytes)
    if isinstance(blocks, NotText):
        collector.add(blocks.rule_id, kind=blocks.kind)
        return Scan(collector, 0, None, None)
    header = Header(None, None)
    rows = 0
    parts: list[pl.DataFrame] = []
    for whole_block in blocks:
        block = whole_block
        if block.first_row == 1:
            header, block = _take_header(block, collector)
        rows += block.rows
        if block.is_too_long:
            collector.add("line_too_long", (block.first_row,), limit=MAX_LINE_LENGTH)
        elif block.rows:
            part = _check_block(block, header, context, collector)
            parts = [*parts, part] if part is not None else []
    if not rows:
        collector.add("no_rows")
    registrations = pl.concat(parts) if parts and not collector.has_errors else None
    return Scan(collector, rows, header.column_set, registrations)


def _take_header(block: Block, collector: Collector) -> tuple[Header, Block]:
    if block.is_too_long:
        collector.add("line_too_long", (1,), limit=MAX_LINE_LENGTH)
        return Header(None, None), Block(2, b"", 0)
    line, _, data = block.data.partition(b"\n")
    return read_header(line, collector), Block(2, data, block.rows - 1)


def _check_block(block: Block, header: Header, context: Context, collector: Collector) -> pl.DataFrame | None:
    """Test the value rules on a block; its typed registrations while the file has no error."""
    frame = split_block(block, header.columns, collector)
    if frame is None or header.columns is None:
        return None
    column_set: ColumnSet = "optional" if header.columns == catalogue().columns("optional") else "basic"
    tests = _value_tests(column_set, context)
    # One select for verdicts and values: what they share is computed once.
    typed = {} if collector.has_errors else typed_expressions(header.columns, context)
    verdicts = {name: test for name, (_, _, test) in tests.items()}
    result = frame.lazy().select(pl.col(ROW), **verdicts, **typed).collect()
    counts = result.select(pl.col(*tests).sum()).row(0, named=True)
    for name, (rule_id, column, _) in tests.items():
        if counts[name]:
            rows = result.lazy().filter(pl.col(name)).select(ROW).head(MAX_FINDINGS_PER_RULE).collect()[ROW]
            year = context.year if context.year is not None else "<verslagjaar>"
            collector.add(rule_id, rows.to_list(), count=counts[name], column=column, year=year)
    return None if collector.has_errors else result.select(ROW, *typed)


@cache
def _value_tests(column_set: ColumnSet, context: Context) -> dict[str, tuple[str, str, pl.Expr]]:
    columns = catalogue().columns(column_set)
    return {
        f"{rule.id}:{column}": (rule.id, column, VALUE_RULES[rule.id](column, context))
        for rule in catalogue().rule
        if rule.id in VALUE_RULES and rule.applies_to(context.year)
        for column in rule.columns
        if column in columns
    }

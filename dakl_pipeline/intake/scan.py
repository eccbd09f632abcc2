"""One pass over a delivered file: finds every technical fault, and passes on typed registrations until the first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import BinaryIO

import polars as pl

from dakl_pipeline.intake.catalogue import UNKNOWN_YEAR, ColumnSet, catalogue
from dakl_pipeline.intake.diagnoses import Symptoms, has_forms
from dakl_pipeline.intake.fields import ROW, check_lines, split_block
from dakl_pipeline.intake.findings import MAX_FINDINGS_PER_RULE, Collector
from dakl_pipeline.intake.header import Header, lines_above_header, read_header
from dakl_pipeline.intake.lines import BLOCK_BYTES, MAX_LINE_LENGTH, Block, NotText, open_text
from dakl_pipeline.intake.rules import VALUE_RULES, meant_end_reasons
from dakl_pipeline.intake.values import Context, typed_expressions

# Twice the size of a normal block; a block of very short lines is checked in pieces to save memory.
_MAX_BLOCK_ROWS = 500_000


@dataclass(frozen=True, slots=True)
class Scan:
    """The result of one pass over a file.

    Attributes:
        collector: the faults and notices.
        rows: number of lines below the header.
        column_set: the delivered columns, or None if the header is wrong.
        symptoms: the forms of the wrong values and lines.
    """

    collector: Collector
    rows: int
    column_set: ColumnSet | None
    symptoms: Symptoms


# Receives the typed registrations of a block: ``line_number`` (UInt32) and the columns of ``values.typed_expressions``.
Receiver = Callable[[pl.DataFrame, ColumnSet], None]


@dataclass(frozen=True, slots=True)
class Test:
    """One test on each row.

    Attributes:
        rule_id: the rule.
        column: delivered column, or None.
        is_broken: expression that is true where the rule is broken (null: not).
        values: placeholders of the message that belong to this test.
    """

    rule_id: str
    column: str | None
    is_broken: pl.Expr
    values: Mapping[str, int | str] = field(default_factory=dict)


# By name of the column with verdicts.
Tests = Mapping[str, Test]


def scan(
    source: BinaryIO, context: Context, receive: Receiver | None = None, *, block_bytes: int = BLOCK_BYTES
) -> Scan:
    """Read a file once, in blocks, and test every rule on its format and its values (monitor rule 3.1).

    Args:
        source: a binary stream at its start.
        context: the delivery; without a reporting year the lists of all years are used.
        receive: receives the typed registrations, block by block in file order, as long as the file has no error.
        block_bytes: approximate number of bytes held at a time.

    Returns:
        Faults and notices.
    """
    collector, symptoms = Collector(), Symptoms()
    blocks = open_text(source, block_bytes)
    if isinstance(blocks, NotText):
        kind = blocks.kind
        if kind is None:
            collector.add(blocks.rule_id)
        else:
            collector.add(blocks.rule_id, kind=kind.kind, how_to=kind.how_to)
        return Scan(collector, 0, None, symptoms)
    header = Header(None, None)
    rows = 0
    for whole_block in blocks:
        block = whole_block
        if block.first_row == 1:
            header, block = _take_header(block, collector)
        rows += block.rows
        if block.is_too_long:
            collector.add("line_too_long", (block.first_row,), limit=MAX_LINE_LENGTH)
        elif block.rows > _MAX_BLOCK_ROWS:
            for piece in block.pieces():
                _check_block(piece, header, context, collector, symptoms, receive)
        elif block.rows:
            _check_block(block, header, context, collector, symptoms, receive)
    if not rows:
        collector.add("no_rows")
    return Scan(collector, rows, header.column_set, symptoms)


def add_hits(collector: Collector, verdicts: pl.DataFrame, tests: Tests, **values: int | str) -> Tests:
    """Collect the findings of tests in a block.

    Args:
        collector: receives the findings.
        verdicts: ``line_number`` and, for each test, a column that is true where the rule is broken (null: not).
        tests: the tests by column name.
        **values: the placeholders of the messages of all tests.

    Returns:
        The tests that found something, by column name.
    """
    counts = verdicts.select(pl.col(*tests).sum()).row(0, named=True)
    hits = {name: test for name, test in tests.items() if counts[name]}
    for name, test in hits.items():
        rows = verdicts.lazy().filter(pl.col(name)).select(ROW).head(MAX_FINDINGS_PER_RULE).collect()[ROW]
        collector.add(test.rule_id, rows.to_list(), count=counts[name], column=test.column, **{**values, **test.values})
    return hits


def _take_header(block: Block, collector: Collector) -> tuple[Header, Block]:
    if block.is_too_long:
        collector.add("line_too_long", (1,), limit=MAX_LINE_LENGTH)
        return Header(None, None), Block(2, b"", 0)
    above = lines_above_header(block.data)
    if above:
        collector.add("header_not_first", (1,), found=above + 1)
    line, data = block.data.split(b"\n", above + 1)[-2:]
    return read_header(line, collector), Block(above + 2, data, block.rows - above - 1)


def _check_block(
    block: Block,
    header: Header,
    context: Context,
    collector: Collector,
    symptoms: Symptoms,
    receive: Receiver | None,
) -> None:
    """Test the value rules on a block, and pass its typed registrations on while the file has no error."""
    if header.other_separator is not None:
        block = _with_separator(block, header.other_separator)
    if header.columns is None:
        check_lines(block, collector)
        return
    column_set: ColumnSet = "optional" if header.columns == catalogue().columns("optional") else "basic"
    typed = typed_expressions(header.columns, context)
    frame = split_block(block, header.columns, collector, symptoms)
    symptoms.count(block.rows, frame)
    tests = _value_tests(column_set, context)
    # One select for verdicts and values, so that shared expressions are computed once.
    verdicts = {name: test.is_broken for name, test in tests.items()}
    values = {} if receive is None or collector.has_errors else typed
    result = frame.lazy().select(pl.col(ROW), **verdicts, **values).collect()
    year = context.year if context.year is not None else UNKNOWN_YEAR
    hits = add_hits(collector, result, tests, year=year)
    _look_at_values(symptoms, frame, result, hits)
    if receive is not None and not collector.has_errors:
        receive(result.select(ROW, *typed), column_set)


def _with_separator(block: Block, delivered: str) -> Block:
    """Replace the delivered separator by that of the catalogue; one that is already in a line separates too."""
    return replace(block, data=block.data.replace(delivered.encode(), catalogue().separator.encode()))


def _look_at_values(symptoms: Symptoms, frame: pl.DataFrame, verdicts: pl.DataFrame, hits: Tests) -> None:
    """Count the forms of the values that tests found wrong."""
    telling = {name: test.column for name, test in hits.items() if test.column and has_forms(test.rule_id, test.column)}
    for name, column in telling.items():
        wrong = frame[column].filter(verdicts[name].fill_null(False))
        symptoms.examine(hits[name].rule_id, column, wrong, columns=frame.width - 1)


@cache
def _value_tests(column_set: ColumnSet, context: Context) -> Tests:
    columns = catalogue().columns(column_set)
    tests = {
        f"{rule.id}:{column}": Test(rule.id, column, VALUE_RULES[rule.id](column, context))
        for rule in catalogue().rule
        if rule.id in VALUE_RULES and rule.applies_to(context.year)
        for column in rule.columns
        if column in columns
    }
    # The message names the intended reason, so each code has its own test.
    for name, test in list(tests.items()):
        if test.rule_id == "end_reason_other_standard":
            del tests[name]
            for code, meant in meant_end_reasons().items():
                is_code = pl.col(str(test.column)) == code
                tests[f"{name}:{code}"] = Test(test.rule_id, test.column, is_code, {"meant": meant})
    return tests

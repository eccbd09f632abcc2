"""Blocks that are recognised as clean, and blocks looked at piece by piece: the same verdict as rule by rule."""

from unittest import mock

import pytest

from dakl_pipeline.intake import fields, scan
from dakl_pipeline.intake import lines as lines_of_a_file
from dakl_pipeline.intake.clean import RULES_OF_A_CLEAN_LINE, is_clean
from dakl_pipeline.intake.rules import VALUE_RULES
from dakl_pipeline.intake.values import Context
from tests.support.delivery_files import (
    CANARIES,
    COLUMNS,
    GOOD_ROWS,
    HEADER,
    METHODOLOGY,
    basic,
    check,
    lines,
    with_field,
)
from tests.unit.intake.test_rules import LINE_FAULTS, VALUE_FAULTS

CONTEXT = Context(year=2024, methodology=METHODOLOGY)
BODY = lines(*GOOD_ROWS).partition(b"\n")[2]


def test_rules_of_a_clean_line_exist() -> None:
    assert set(VALUE_RULES) >= RULES_OF_A_CLEAN_LINE


def test_good_lines_are_clean() -> None:
    assert is_clean(BODY, tuple(COLUMNS), CONTEXT)
    assert is_clean(b"", tuple(COLUMNS), CONTEXT)
    body = "".join(f"{basic(row)}\n" for row in GOOD_ROWS).encode()
    assert is_clean(body, tuple(COLUMNS[:6]), CONTEXT)
    assert not is_clean(body, tuple(COLUMNS), CONTEXT)


@pytest.mark.parametrize(
    "data",
    [
        lines(*GOOD_ROWS),
        lines(*GOOD_ROWS, end="\r\n"),
        lines(*(f'"{row}"'.replace(";", '";"') for row in GOOD_ROWS)),
        lines(*(basic(row) for row in GOOD_ROWS), header=basic(HEADER)),
    ],
    ids=["plain", "CRLF", "quoted", "basic"],
)
def test_a_clean_file_is_not_split_line_by_line(data: bytes) -> None:
    with mock.patch.object(scan, "split_block", side_effect=AssertionError):
        assert check(data).approved


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *((column, value) for column, value, rule in VALUE_FAULTS if rule != "date_nonexistent"),
        ("bsn", CANARIES[2][1:]),
        ("gemeentecode", "141"),
        ("type_opvang", "201"),
        *((column, "2024-31-12") for column in COLUMNS if "datum" in column),
        ("bsn", "1\n2"),
        ("bsn", "é"),
    ],
)
def test_a_line_that_breaks_a_rule_is_not_clean(column: str, value: str) -> None:
    row = with_field(column, value)
    data = BODY + f"{row}\n".encode() + BODY
    assert not is_clean(data, tuple(COLUMNS), CONTEXT)


@pytest.mark.parametrize("date", ["2024-02-30", "2023-02-29", "0000-01-01", "2024-04-31"])
@pytest.mark.parametrize("column", [column for column in COLUMNS if "datum" in column])
def test_a_date_that_does_not_exist_is_seen_when_it_is_read(column: str, date: str) -> None:
    row = with_field(column, date)
    assert is_clean(f"{row}\n".encode(), tuple(COLUMNS), CONTEXT)
    verdict = check(lines(GOOD_ROWS[1], row))
    assert [(f.rule, f.row, f.column) for f in verdict.findings] == [("date_nonexistent", 3, column)]


def test_a_rule_that_the_pattern_does_not_know_is_tested_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "RULES_OF_A_CLEAN_LINE", RULES_OF_A_CLEAN_LINE - {"year_end_swapped"})
    with mock.patch.object(fields, "is_clean", return_value=True):
        verdict = check(lines(with_field("einddatum", "2024-31-12")))
    assert [f.rule for f in verdict.findings] == ["year_end_swapped"]


@pytest.mark.parametrize("header", [HEADER, "naam"], ids=["header", "unusable header"])
def test_pieces_of_a_block_give_the_same_findings(header: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bodies = [data.partition(b"\n")[2] for _, data, _ in LINE_FAULTS]
    long = ("y" * 9_000 + "\n").encode()
    data = header.encode() + b"\n" + long.join(body + BODY for body in bodies) + long
    whole = check(data)
    monkeypatch.setattr(fields, "PIECE_BYTES", 10_001)
    monkeypatch.setattr(lines_of_a_file, "PIECE_BYTES", 10_001)
    assert check(data) == whole
    monkeypatch.setattr(scan, "_MAX_BLOCK_ROWS", 1)
    assert check(data) == whole
    assert len({finding.rule for finding in whole.findings}) > 5

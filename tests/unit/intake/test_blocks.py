"""Blocks of lines: a regular one is parsed as a whole, and reading it piece by piece gives the same verdict."""

from unittest import mock

import pytest

from dakl_pipeline.intake import fields, scan
from dakl_pipeline.intake import lines as lines_of_a_file
from tests.support.delivery_files import COLUMNS, GOOD_ROWS, HEADER, basic, check, lines, with_field
from tests.unit.intake.test_rules import LINE_FAULTS

BODY = lines(*GOOD_ROWS).partition(b"\n")[2]


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
def test_a_regular_file_is_not_split_line_by_line(data: bytes) -> None:
    with mock.patch.object(fields, "_split_irregular", side_effect=AssertionError):
        assert check(data).approved


@pytest.mark.parametrize("date", ["2024-02-30", "2023-02-29", "0000-01-01", "2024-04-31"])
@pytest.mark.parametrize("column", [column for column in COLUMNS if "datum" in column])
def test_a_date_that_does_not_exist_is_seen_in_any_column(column: str, date: str) -> None:
    verdict = check(lines(GOOD_ROWS[1], with_field(column, date)))
    assert [(f.rule, f.row, f.column) for f in verdict.findings] == [("date_nonexistent", 3, column)]


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

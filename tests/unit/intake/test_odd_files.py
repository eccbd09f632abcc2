"""Any bytes give a verdict, the same for every block size, and never with a person's number in it."""

import io
import re
from datetime import date
from typing import BinaryIO, cast

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dakl_pipeline.intake.check import Verdict, check_delivery
from tests.support.delivery_files import (
    CANARIES,
    GOOD_ROWS,
    HEADER,
    METHODOLOGY,
    NAME,
    V_CANARY,
    check,
    lines,
    short,
    with_field,
)

QUOTED = [f'"{row}"'.replace(";", '";"') for row in GOOD_ROWS]


@pytest.mark.parametrize(
    "data",
    [
        lines(*GOOD_ROWS, end="\r\n"),
        b"\xef\xbb\xbf" + lines(*GOOD_ROWS),
        lines(*GOOD_ROWS)[:-1],
        lines(*GOOD_ROWS, end="\r\n")[:-2],
        lines(*GOOD_ROWS, "", "", ""),
        lines(*GOOD_ROWS, "", "", end="\r\n"),
        lines(*GOOD_ROWS, *[";;;;;;;;"] * 50),
        lines(*GOOD_ROWS, ";;;;;;;;", ";;", ";" * 40, end="\r\n"),
        lines(*GOOD_ROWS, "  ", "\t", "", ' ; "";', '"";"";"";"";"";"";"";"";""', "\u00a0;"),
        lines(*GOOD_ROWS, ";;;;;;;;")[:-1],
        lines(*QUOTED),
        lines(*QUOTED, end="\r\n"),
        lines(QUOTED[0], GOOD_ROWS[1]),
        lines(with_field("bsn", '"123456782"'), GOOD_ROWS[1]),
    ],
)
@pytest.mark.parametrize("block_bytes", [1, 7, 100, 10_000])
def test_ways_to_write_a_good_file(data: bytes, block_bytes: int) -> None:
    verdict = check(data, block_bytes=block_bytes)
    assert (verdict.approved, verdict.findings) == (True, ())


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (f'"{GOOD_ROWS[0]}', [("quotes", 3, None)]),
        (with_field("bsn", '"'), [("quotes", 3, None)]),
        (with_field("bsn", '"123456782'), [("quotes", 3, None)]),
        (with_field("bsn", '"1234"56782'), [("quotes", 3, None)]),
        (with_field("bsn", '123456782"'), [("bsn_format", 3, "bsn")]),
        (with_field("bsn", '1234"567"82'), [("bsn_format", 3, "bsn")]),
        (with_field("bsn", '""""'), [("bsn_format", 3, "bsn")]),
        (with_field("bsn", '"123456782;0201"'), [("bsn_format", 3, "bsn")]),
        (with_field("bsn", '"1234""56782"'), [("bsn_format", 3, "bsn")]),
        (with_field("bsn", '"12345\n6782"'), [("quotes", 3, None), ("field_count", 4, None)]),
    ],
)
@pytest.mark.parametrize("around", [GOOD_ROWS, QUOTED])
def test_odd_quotes_touch_only_their_own_line(
    row: str, expected: list[tuple[str, int, str | None]], around: list[str]
) -> None:
    assert short(check(lines(around[0], row, *around[1:])).findings) == expected


def test_quotes_that_balance_only_over_two_fields_are_a_fault() -> None:
    # As many opening as closing quotes, and an even number of them.
    row = with_field("gemeentecode", '"0141', with_field("startdatum", '2024-01-05"'))
    assert [f.row for f in check(lines(GOOD_ROWS[0], row)).findings] == [3]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xef\xbb\xbf",
        b"x",
        b"\n",
        b"\r",
        b"\x00",
        bytes(range(256)) * 50,
        b"\n" * 100_000,
        b"\r\n" * 5_000 + b"x",
        b'"' * 20_000,
        b";" * 2_000_000,
        lines(*GOOD_ROWS) + b"x" * 10_000_000 + b"\n" + GOOD_ROWS[0].encode(),
        ("kolom;" * 1_000_000).encode() + b"\n" + GOOD_ROWS[0].encode(),
        lines(*GOOD_ROWS).decode().encode("utf-16-le"),
        lines(*GOOD_ROWS).replace(b"0141", b"\xe9\xe8"),
    ],
    ids=range(15),
)
def test_odd_files_are_rejected(data: bytes) -> None:
    verdict = check(data)
    assert not verdict.approved
    assert verdict.findings


def test_rows_keep_their_true_number_after_a_line_that_is_too_long() -> None:
    data = lines(GOOD_ROWS[0], "x" * 50_000, GOOD_ROWS[1], with_field("bsn", "x"))
    for block_bytes in (10, 4_096, 2**20):
        found = short(check(data, block_bytes=block_bytes).findings)
        assert found == [("line_too_long", 3, None), ("bsn_format", 5, "bsn")]


@pytest.mark.parametrize(("length", "rules"), [(10_000, ["field_count"]), (10_001, ["line_too_long"])])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("is_last", [True, False])
@pytest.mark.parametrize("block_bytes", [999, 2**20])
def test_limit_of_a_line(length: int, rules: list[str], end: str, is_last: bool, block_bytes: int) -> None:
    data = lines("x" * length, *(() if is_last else GOOD_ROWS), end=end)
    for ending in (data, data.removesuffix(end.encode())):
        assert [f.rule for f in check(ending, block_bytes=block_bytes).findings] == rules


class Trickle(io.RawIOBase):
    """A stream that cannot seek and gives a few bytes at a time, like a pipe."""

    def __init__(self, data: bytes) -> None:
        self._inner = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._inner.read(min(size, 13))


def test_a_stream_that_gives_a_few_bytes_at_a_time() -> None:
    source = cast(BinaryIO, Trickle(lines(*GOOD_ROWS)))
    verdict = check_delivery(source, NAME, methodology=METHODOLOGY, today=date(2025, 5, 2))
    assert (verdict.approved, verdict.registrations) == (True, 4)


def _leaks(verdict: Verdict) -> list[str]:
    texts = [f.message for f in verdict.findings]
    return [t for t in texts if re.search("[0-9]{8}", t) or any(c in t for c in (*CANARIES, V_CANARY))]


_PIECES = st.sampled_from(
    [
        *CANARIES,
        V_CANARY,
        *GOOD_ROWS,
        HEADER,
        "10464554",
        "999999999",
        ";",
        ";;;;;;;;",
        "\n",
        "\r\n",
        "\r",
        '"',
        '""',
        ",",
        "2024-31-12",
        "2024-02-30",
        "0201",
        "201",
        "é",
        "\x00",
        "\ufeff",
        " ",
        "x",
        "\t",
        "\udce9",
        "bsn",
        "01",
    ]
)
_TEXTS = st.lists(_PIECES, max_size=40).map(lambda parts: "".join(parts).encode("utf-8", "surrogateescape"))
_UNDER_HEADER = _TEXTS.map(lambda data: HEADER.encode() + b"\n" + data)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.binary(max_size=400) | _TEXTS | _UNDER_HEADER, block_bytes=st.integers(1, 90), name=st.text(max_size=30))
@example(data=lines(*GOOD_ROWS, *GOOD_ROWS), block_bytes=1, name="DAKL_J2024_123456782.csv")
def test_any_bytes_give_the_same_verdict_in_any_blocks_and_no_leak(data: bytes, block_bytes: int, name: str) -> None:
    verdict = check(data)
    assert check(data, block_bytes=block_bytes) == verdict
    assert not _leaks(verdict)
    assert not _leaks(check(data, name))
    assert not _leaks(check(data, CANARIES[0], reporting_year=2024))

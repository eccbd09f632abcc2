"""Registrations as the rest of the pipeline reads them; a file that would be rejected gives none."""

import io
from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dakl_pipeline.errors import Refused
from dakl_pipeline.intake.registrations import read_registrations
from tests.support.delivery_files import (
    CANARIES,
    COLUMNS,
    GOOD_ROWS,
    HEADER,
    METHODOLOGY,
    V_CANARY,
    basic,
    check,
    lines,
    with_field,
)

SCHEMA = {
    "line_number": pl.UInt32(),
    "creation_date": pl.Date(),
    "gemeente_code": pl.String(),
    "bsn": pl.String(),
    "bsn_status": pl.String(),
    "shelter_type_code": pl.String(),
    "start_date": pl.Date(),
    "end_date": pl.Date(),
    "request_date": pl.Date(),
    "end_reason_code": pl.String(),
    "v_number": pl.String(),
}


def read(data: bytes, year: int = 2024, block_bytes: int = 2**20) -> pl.DataFrame:
    return read_registrations(io.BytesIO(data), year, methodology=METHODOLOGY, block_bytes=block_bytes)


@pytest.mark.parametrize("block_bytes", [10, 2**20])
def test_typed_rows(block_bytes: int) -> None:
    rows = [
        GOOD_ROWS[0],
        "2025-05-01;34;10464554;201;2024-01-05;2024-31-12;;;",
        "2025-05-01;0034;123456789;0201;2024-01-05;;;;",
        f"2025-05-01;0034;999999999;0201;2024-01-05;;;05;{V_CANARY}",
        "2025-05-01;0034;;0201;2024-01-05;;;;0000000001",
    ]
    frame = read(lines(*rows, end="\r\n"), block_bytes=block_bytes)
    assert dict(frame.schema) == SCHEMA
    made, start = date(2025, 5, 1), date(2024, 1, 5)
    year_end = date(2024, 12, 31)
    assert frame.rows() == [
        (2, made, "0141", CANARIES[0], "usable", "0201", start, date(2024, 2, 3), date(2024, 1, 1), "01", None),
        (3, made, "0034", "010464554", "usable", "0201", start, year_end, None, None, None),
        (4, made, "0034", "123456789", "fails_eleven_test", "0201", start, None, None, None, None),
        (5, made, "0034", None, "missing", "0201", start, None, None, "05", V_CANARY),
        (6, made, "0034", None, "missing", "0201", start, None, None, None, "0000000001"),
    ]


def test_basic_file_has_the_same_columns() -> None:
    frame = read(lines(basic(GOOD_ROWS[0]), header=basic(HEADER)))
    assert dict(frame.schema) == SCHEMA
    assert frame.row(0)[-3:] == (None, None, None)


@pytest.mark.parametrize("data", [b"", lines(), lines(GOOD_ROWS[0], with_field("bsn", "123456782x")), b"PK\x03\x04"])
def test_a_file_that_would_be_rejected_is_refused_without_values(data: bytes) -> None:
    with pytest.raises(Refused) as caught:
        read(data)
    assert not any(number in str(caught.value) for number in CANARIES)


def test_the_reporting_year_decides_which_codes_are_good() -> None:
    with pytest.raises(Refused):
        read(lines(with_field("type_opvang", "0305")), year=2023)


_VALUES = {
    "aanmaakdatum": ["2025-05-01", "", "2024-31-12"],
    "gemeentecode": ["0141", "141", "9999", "x"],
    "bsn": ["", "123456782", "10464554", "999999999", "1234567"],
    "type_opvang": ["0201", "201", "0305", "0306"],
    "startdatum": ["2024-01-01", "2024-12-31", "2024-31-12", "2024-02-30"],
    "einddatum": ["", "2024-01-01", "2024-31-12", "2023-31-12"],
    "meldingsdatum": ["", "2024-01-01", "1-1-2024"],
    "reden_einde": ["", "01", "1"],
    "v_nummer": ["", "0000000001", "1"],
}
_MOSTLY_GOOD = st.lists(
    st.tuples(*(st.sampled_from([*_VALUES[c][:2]] * 8 + _VALUES[c][2:]) for c in COLUMNS)).map(";".join), max_size=3
)


@settings(max_examples=150, deadline=None)
@given(rows=_MOSTLY_GOOD, year=st.sampled_from([2023, 2024]))
def test_a_file_is_read_if_and_only_if_the_check_approves_it(rows: list[str], year: int) -> None:
    data = lines(*rows)
    verdict = check(data, f"DAKL_J{year}_x.csv")
    if verdict.approved:
        assert read(data, year).height == verdict.registrations == len(rows)
    else:
        with pytest.raises(Refused):
            read(data, year)

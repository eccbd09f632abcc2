"""A table as a file: the same rows in every format, the same bytes each time."""

from datetime import UTC, datetime
from io import BytesIO

import openpyxl
import polars as pl
import pytest

from dakl_pipeline.presentation.exports import FORMATS, INTERNAL, PROTECTION, to_csv, to_parquet, to_xlsx

FRAME = pl.DataFrame(
    {
        "code": ["0141", "=1+1", None],
        "persons": [3, 0, 12],
        "at": [datetime(2025, 6, 1, 12, 30, 0, 5, tzinfo=UTC)] * 3,
    }
)
TIME = "2025-06-01T12:30:00.000005Z"


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_same_rows_give_the_same_bytes(suffix: str) -> None:
    write = FORMATS[suffix]
    for protection in (None, INTERNAL):
        assert write(FRAME, protection) == write(FRAME.clone(), protection)
        assert write(FRAME, protection) != write(FRAME.reverse(), protection)


def test_csv_has_codes_as_they_are_and_times_with_their_zone() -> None:
    lines = to_csv(FRAME).decode().split("\n")
    assert lines == ["code,persons,at", f"0141,3,{TIME}", f"=1+1,0,{TIME}", f",12,{TIME}", ""]


def test_parquet_gives_the_frame_back() -> None:
    assert pl.read_parquet(BytesIO(to_parquet(FRAME))).equals(FRAME)


def test_excel_keeps_codes_as_text_and_takes_no_text_for_a_formula() -> None:
    (sheet,) = openpyxl.load_workbook(BytesIO(to_xlsx(FRAME))).worksheets
    rows = list(sheet.iter_rows(min_row=2))
    assert [[cell.value for cell in row] for row in rows] == [
        ["0141", 3, TIME],
        ["=1+1", 0, TIME],
        [None, 12, TIME],
    ]
    assert {cell.data_type for cell in (row[0] for row in rows[:2])} == {"s"}


def test_the_protection_is_in_the_file_itself() -> None:
    first, second, *_ = to_csv(FRAME, INTERNAL).decode().split("\n")
    assert (first, second) == (f"code,persons,at,{PROTECTION}", f'0141,3,{TIME},"{INTERNAL}"')
    parquet = to_parquet(FRAME, INTERNAL)
    assert pl.read_parquet_metadata(BytesIO(parquet))[PROTECTION] == INTERNAL
    assert pl.read_parquet(BytesIO(parquet)).equals(FRAME)
    (sheet,) = openpyxl.load_workbook(BytesIO(to_xlsx(FRAME, INTERNAL))).worksheets
    assert sheet.title == INTERNAL
    assert sheet.oddHeader is not None
    assert sheet.oddHeader.center.text == INTERNAL

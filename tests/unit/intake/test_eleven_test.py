"""The eleven test against a plain count, for texts and numbers."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakl_pipeline.intake.eleven_test import is_bsn, passes_eleven_test


def passes(number: int) -> bool:
    """The test, digit by digit."""
    if not 0 < number < 10**9:
        return False
    digits = [int(d) for d in f"{number:09d}"]
    return (sum(w * d for w, d in zip((9, 8, 7, 6, 5, 4, 3, 2), digits, strict=False)) - digits[8]) % 11 == 0


@given(st.lists(st.integers(min_value=-(2**63), max_value=2**63 - 1) | st.integers(0, 10**9 + 10)))
def test_numbers(numbers: list[int]) -> None:
    frame = pl.DataFrame({"n": pl.Series(numbers, dtype=pl.Int64)})
    assert frame.select(passes_eleven_test(pl.col("n")))["n"].to_list() == [passes(n) for n in numbers]


@pytest.mark.parametrize("dtype", [pl.UInt32, pl.Int32, pl.Int64, pl.UInt64])
def test_every_integer_type(dtype: type[pl.DataType]) -> None:
    frame = pl.DataFrame({"n": pl.Series([123456782, 123456789, 10464554, 0, None], dtype=dtype)})
    assert frame.select(passes_eleven_test(pl.col("n")))["n"].to_list() == [True, False, True, False, False]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("123456782", True),
        ("010464554", True),
        ("10464554", False),
        ("123456789", False),
        ("000000000", False),
        ("999999999", False),
        ("", False),
        (None, False),
        (" 23456782", False),
        ("+10464554", False),
        ("１23456782", False),
        ("123456782\n", False),
    ],
)
def test_texts(text: str | None, expected: bool) -> None:
    assert pl.select(is_bsn(pl.lit(text, dtype=pl.String))).item() is expected

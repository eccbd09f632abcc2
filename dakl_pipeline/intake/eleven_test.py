"""The eleven test (elfproef) of a BSN, vectorised."""

import polars as pl

_BSN_DIGITS = 9
_LIMIT: int = 10**_BSN_DIGITS


def passes_eleven_test(number: pl.Expr) -> pl.Expr:
    """Return whether a number passes the eleven test of the BSN (monitor rule 2).

    With digits a to i, ``9a + 8b + 7c + 6d + 5e + 4f + 3g + 2h - i`` must be divisible by eleven.

    Args:
        number: expression of any integer type, without leading zeros.

    Returns:
        Boolean expression without nulls. Zero, null and numbers that do not fit in nine digits give false.
    """
    digits = number.cast(pl.Int64)
    in_range = (digits > 0) & (digits < _LIMIT)
    # 32 bits are enough for nine digits and twice as fast; numbers that do not fit are false anyway.
    small = pl.when(in_range).then(digits).otherwise(0).cast(pl.Int32)
    total: pl.Expr = -(small % 10)
    for place in range(2, _BSN_DIGITS + 1):
        unit: int = 10 ** (place - 1)
        total = total + place * (small // unit % 10)
    return (in_range & (total % 11 == 0)).fill_null(False)


def is_bsn(text: pl.Expr) -> pl.Expr:
    """Return whether a text is a BSN: exactly nine ASCII digits that pass the eleven test (monitor rule 2).

    Args:
        text: String expression, with leading zeros.

    Returns:
        Boolean expression without nulls; null gives false.
    """
    is_number = text.str.contains(rf"^[0-9]{{{_BSN_DIGITS}}}$")
    return (is_number & passes_eleven_test(text.cast(pl.Int64, strict=False))).fill_null(False)

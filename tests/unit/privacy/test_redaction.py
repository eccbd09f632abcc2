"""Texts never show a person's number, a pseudonym or a key."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from unicodedata import normalize, numeric

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dakl_pipeline.privacy.redaction import holds_number, mask_line, mask_numbers, mask_typed_numbers
from tests.unit.intake.test_eleven_test import passes


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("row 12 of 1000000", "row 12 of 1000000"),
        ("bsn 123456782 is wrong", "bsn ######### is wrong"),
        ("DAKL_J2024_12345678.csv", "DAKL_J2024_########.csv"),
        ("DAKL_J2024_20250612.csv", "DAKL_J2024_20250612.csv"),
        ("2025-06-12", "2025-06-12"),
        ("2024-31-12", "2024-31-12"),
        ("2024 1234 5678", "#### #### ####"),
        ("2024_1234_5678_9", "####_####_####_#"),
        ("2025-06-12T12:30:00+00:00", "2025-06-12T12:30:00+00:00"),
        ("12345678" * 8, "#" * 64),
        ("ab12345678" * 6 + "abcd", "#" * 64),
        ("123 456 782", "### ### ###"),
        ("1234.56.782", "####.##.###"),
        ("v-number 9000000001.", "v-number ##########."),
        ("0a" * 32, "#" * 64),
        ("sha ab" + "0a" * 20, "sha " + "#" * 42),
        # Other marks, more of them, and none.
        ("123/456/782", "###/###/###"),
        ("123_456__782", "###_###__###"),
        ("123 - 456 - 782", "### - ### - ###"),
        ("123,456,782", "###,###,###"),
        ("123, 456, 782", "###, ###, ###"),
        ("123\n456\n782", "###\n###\n###"),
        ("123; 456: 782", "###; ###: ###"),
        ("123 (456) [782]", "### (###) [###]"),
        ("1 2 3 4 5 6 7 8 2", "# # # # # # # # #"),
        ("123\u00a0456\u202f782", "###\u00a0###\u202f###"),
        ("123\u200b456\u2060782", "###\u200b###\u2060###"),
        ("123\u2013456\u2014782", "###\u2013###\u2014###"),
        ("a-123-456-782", "a-###-###-###"),
        ("BSN123456782x", "BSN#########x"),
        ("x12345678y", "x########y"),
        # A V-number in groups.
        ("2912 345 678", "#### ### ###"),
        ("2912, 345, 678", "####, ###, ###"),
        # Digits of other scripts.
        ("１２３４５６７８２", "#########"),
        ("١٢٣٤٥٦٧٨٢", "#########"),
        ("123٤٥٦７８２", "#########"),
        ("१२३ ४५६ ७८२", "### ### ###"),
        ("¹²³⁴⁵⁶⁷⁸²", "#########"),
        # A year or a date in it does not exempt a BSN: 200000007 and 201208155 pass the eleven test.
        ("2000 00007", "#### #####"),
        ("2012-08-15 5", "####-##-## #"),
        # A V-number with a year in it, and one in pairs.
        ("2012 345 678", "#### ### ###"),
        ("29,12,34,56,78", "##,##,##,##,##"),
        ("29:12:34:56:78", "##:##:##:##:##"),
        # Numbers of a script that has no digits for them, in a circle or a fraction, and keys of a telephone.
        ("\u2460\u2461\u2462\u2463\u2464\u2465\u2466\u2467\u2461", "#########"),
        ("\u246b34567\u2467\u2461", "########"),
        ("\u277623456782", "#########"),
        ("1\ufe0f\u20e32\ufe0f\u20e33456782", "#\ufe0f\u20e3#\ufe0f\u20e3#######"),
        ("123456\U0001d7d5\U0001d7d6\U0001d7d0", "#########"),
        # A BSN that lost its zero, as a spreadsheet groups it, and one that looks like a date or holds a year.
        ("12,345,672", "##,###,###"),
        ("12:345:672", "##:###:###"),
        ("12\t345\t672", "##\t###\t###"),
        ("2012 3450", "#### ####"),
        ("20250605", "########"),
        ("DAKL_J2024_20250605.csv", "DAKL_J2024_########.csv"),
        ("2025.06.05", "####.##.##"),
        ("2025_06_05 tot 2025_06_06", "####_##_## tot 2025_06_06"),
        # Texts that stay readable.
        ("2025-06-05, 05-06-2025", "2025-06-05, 05-06-2025"),
        ("2024-2025, 2024/2025", "2024-2025, 2024/2025"),
        ("1, 2, 3, 4, 5, 6, 7, 8 en 9, 10", "1, 2, 3, 4, 5, 6, 7, 8 en 9, 10"),
        ("van 1 mei 2025 (000001): 1 registratie", "van 1 mei 2025 (000001): 1 registratie"),
        ("12:30:45, 12.346 s, \u00bd", "12:30:45, 12.346 s, \u00bd"),
        ("open: 2025-06-30 \u2013 2025-07-04", "open: 2025-06-30 \u2013 2025-07-04"),
        ("2022, 2023, 2024", "2022, 2023, 2024"),
        ("2022/2023/2024 2025", "2022/2023/2024 2025"),
        ("2025-05-12 14:30:00", "2025-05-12 14:30:00"),
        ("versie 1.2.3 van 2024-06-18", "versie 1.2.3 van 2024-06-18"),
        ("regels 2, 3, 4, 5, 6, 7", "regels 2, 3, 4, 5, 6, 7"),
        ("12 van 1.000.000", "12 van 1.000.000"),
        ("polars 2.1.0, duckdb 2.0.0", "polars 2.1.0, duckdb 2.0.0"),
        ("DAKL_J2024_12345.csv", "DAKL_J2024_12345.csv"),
    ],
)
def test_examples(text: str, masked: str) -> None:
    assert mask_numbers(text) == masked
    # A digest is masked as well, but is not a person's number. What people type is masked at least as much.
    assert not masked.count("#") or holds_number(text) or "0a" in text
    assert mask_numbers(mask_typed_numbers(text)) == mask_typed_numbers(text)


@pytest.mark.parametrize(
    ("typed", "masked"),
    [
        ("12, 345, 672", "##, ###, ###"),
        ("rijen 12, 34, 56, 72", "rijen ##, ##, ##, ##"),
        ("nr 7: 29, 123, 456, 78", "nr 7: ##, ###, ###, ##"),
        ("123            456            782", "###            ###            ###"),
        ("2025-05-12T14:30:00.123456 782", "2025-05-12T14:##:##.###### ###"),
        ("2025-05-12 om 14:30, versie 2.1, 12 van 345", "2025-05-12 om 14:30, versie 2.1, 12 van 345"),
        ("jaren 2024, 2025; aanlevering 000012 (2024)", "jaren 2024, 2025; aanlevering 000012 (2024)"),
    ],
)
def test_what_people_type_is_masked_more(typed: str, masked: str) -> None:
    assert mask_typed_numbers(typed) == masked
    assert holds_number(typed) == (masked != typed)


@given(st.text(), st.from_regex("[0-9]{9,10}", fullmatch=True), st.text())
def test_a_number_never_survives(before: str, number: str, after: str) -> None:
    masked = mask_numbers(f"{before} {number} {after}")
    assert number not in masked or number in before or number in after


_BSNS = st.integers(10_000_000, 999_999_999).map(lambda n: next(m for m in range(n, n + 100) if passes(m) or m > 10**9))
# Any characters between digits except letters, digits (also such as a day of the telegraph) and masks.
_BETWEEN = st.text(
    st.characters(exclude_categories=("L", "N", "Cs"), exclude_characters="#"), min_size=1, max_size=8
).filter(lambda text: not any(c.isalnum() for c in text) and not any(map(str.isnumeric, normalize("NFKC", text))))
_SCRIPTS = st.sampled_from([ord(zero) for zero in "0٠۰०０𝟎"])


# How people and spreadsheets group a number: the same mark throughout, or nothing.
_ALIKE = st.sampled_from(
    [" ", "-", ".", ",", "/", ":", ";", "_", "|", "\t", "\u2009", "\u00a0", "'", "\u2019", "\u2013", "*"]
)
_CUTS = st.sets(st.integers(1, 9))


def _grouped(digits: str, cuts: set[int], between: list[str], zero: int = ord("0")) -> str:
    """Digits of a script, with something before those at the cuts."""
    return "".join((between[n] if n in cuts else "") + chr(zero + int(digit)) for n, digit in enumerate(digits))


def _assert_none_left(written: str, *masks: Callable[[str], str]) -> None:
    for text in (written, f"van {written} tot", f"x{written}y", f"DAKL_J2024_{written}.csv", f"2025-05-12: {written}"):
        assert holds_number(text)
        for mask in masks:
            masked = mask(text).removeprefix("DAKL_J2024").removeprefix("2025-05-12: ")
            assert not any(numeric(character, None) is not None for character in masked), text
            assert not holds_number(mask_typed_numbers(text))


@given(_BSNS.filter(lambda n: n < 10**9), st.lists(_BETWEEN, min_size=9, max_size=9), _CUTS, _SCRIPTS)
def test_a_bsn_in_groups_of_any_size_with_anything_between_never_survives(
    number: int, between: list[str], cuts: set[int], zero: int
) -> None:
    _assert_none_left(_grouped(f"{number:09d}", cuts, between, zero), mask_numbers, mask_typed_numbers)


@given(st.from_regex("[0-9]{10}", fullmatch=True), _ALIKE, _CUTS, _SCRIPTS)
def test_a_v_number_in_groups_of_any_size_with_the_same_mark_never_survives(
    digits: str, mark: str, cuts: set[int], zero: int
) -> None:
    written = _grouped(digits, cuts, [mark] * 10, zero)
    _assert_none_left(written, mask_numbers, mask_typed_numbers)


@given(_BSNS.filter(lambda n: n < 10**8), _ALIKE, st.sets(st.integers(1, 7)), _SCRIPTS)
def test_a_bsn_that_lost_its_zero_in_groups_of_any_size_with_the_same_mark_never_survives(
    number: int, mark: str, cuts: set[int], zero: int
) -> None:
    written = _grouped(str(number), cuts, [mark] * 8, zero)
    # Years, and a date with hyphens, are no number even when their digits would be one.
    assume(not re.fullmatch(r"(19|20)\d\d\W?(19|20)\d\d", written) or not cuts)
    assume(mark != "-" or not re.fullmatch(r"\d{4}-\d\d-\d\d|\d\d-\d\d-\d{4}", written))
    _assert_none_left(written, mask_numbers, mask_typed_numbers)


@given(_BSNS.filter(lambda n: n < 10**8), st.lists(_BETWEEN, min_size=8, max_size=8), st.sets(st.integers(1, 7)))
def test_a_bsn_that_lost_its_zero_never_survives_in_what_people_type(
    number: int, between: list[str], cuts: set[int]
) -> None:
    written = _grouped(str(number), cuts, between)
    assume(cuts != {4} or not re.fullmatch(r"(19|20)\d\d\D*(19|20)\d\d", written))
    assume(not re.fullmatch(r"\d{4}-\d\d-\d\d|\d\d-\d\d-\d{4}", written))
    _assert_none_left(written, mask_typed_numbers)


def test_every_day_that_is_a_bsn_without_its_zero_is_masked_unless_it_has_hyphens() -> None:
    days = [date(1900, 1, 1) + timedelta(days=n) for n in range(73_049)]
    both = [day for day in days if passes(int(f"{day:%Y%m%d}"))]
    # All are valid BSNs: the eleven test of one in eleven days.
    assert len(both) == 6_638
    assert not any(holds_number(f"{day:%Y-%m-%d}") for day in both)
    assert {mask_numbers(f"{day:%Y%m%d}") for day in both} == {"#" * 8}


@given(st.text())
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert mask_numbers(mask_numbers(text)) == mask_numbers(text)


@given(st.text(st.sampled_from("0123456789 ,.-_/#x\n"), max_size=60))
def test_masking_twice_changes_nothing_more_in_texts_of_digits(text: str) -> None:
    for mask in (mask_numbers, mask_typed_numbers):
        masked = mask(text)
        assert mask(masked) == masked
        assert len(masked) == len(text)
    assert not holds_number(masked)
    assert mask_numbers(masked) == masked


def test_a_line_is_shown_without_numbers_and_without_what_cannot_be_printed() -> None:
    assert mask_line("DAKL_J2024_123456782\x1b.csv") == "DAKL_J2024_#########?.csv"

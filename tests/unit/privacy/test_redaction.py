"""Texts never show a person's number, a pseudonym or a key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakl_pipeline.privacy.redaction import holds_number, mask_line, mask_numbers
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
        # Texts that stay readable.
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
    # A digest is masked as well, but is not a person's number.
    assert holds_number(text) == (masked != text and "0a" not in text)


@given(st.text(), st.from_regex("[0-9]{9,10}", fullmatch=True), st.text())
def test_a_number_never_survives(before: str, number: str, after: str) -> None:
    masked = mask_numbers(f"{before} {number} {after}")
    assert number not in masked or number in before or number in after


_BSNS = st.integers(10_000_000, 999_999_999).map(lambda n: next(m for m in range(n, n + 100) if passes(m) or m > 10**9))
# Any characters between digits except letters, digits and masks.
_BETWEEN = st.text(
    st.characters(exclude_categories=("L", "N", "Cs"), exclude_characters="#"), min_size=1, max_size=8
).filter(lambda text: not any(character.isalnum() for character in text))
_SCRIPTS = st.sampled_from([ord(zero) for zero in "0٠۰०０𝟎"])


@given(
    _BSNS.filter(lambda n: n < 10**9), st.lists(_BETWEEN, min_size=8, max_size=8), st.sets(st.integers(1, 8)), _SCRIPTS
)
def test_a_bsn_in_groups_of_any_size_with_anything_between_never_survives(
    number: int, between: list[str], cuts: set[int], zero: int
) -> None:
    digits = [chr(zero + int(digit)) for digit in f"{number:09d}"]
    written = "".join((between[place - 1] if place in cuts else "") + d for place, d in enumerate(digits))
    for text in (written, f"van {written} tot", f"x{written}y", f"DAKL_J2024_{written}.csv"):
        assert holds_number(text)
        rest = mask_numbers(text).removeprefix("DAKL_J2024")
        assert not any(digit in rest for digit in digits)
        assert not holds_number(mask_numbers(text))


@given(st.text())
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert mask_numbers(mask_numbers(text)) == mask_numbers(text)


@given(st.text(st.sampled_from("0123456789 ,.-_/#x\n"), max_size=60))
def test_masking_twice_changes_nothing_more_in_texts_of_digits(text: str) -> None:
    masked = mask_numbers(text)
    assert mask_numbers(masked) == masked
    assert not holds_number(masked)
    assert len(masked) == len(text)


def test_a_line_is_shown_without_numbers_and_without_what_cannot_be_printed() -> None:
    assert mask_line("DAKL_J2024_123456782\x1b.csv") == "DAKL_J2024_#########?.csv"

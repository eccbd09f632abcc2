"""What a text may show: never a number of a person, a pseudonym or a key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakl_pipeline.redaction import mask_numbers


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
    ],
)
def test_examples(text: str, masked: str) -> None:
    assert mask_numbers(text) == masked


@given(st.text(), st.from_regex("[0-9]{9,10}", fullmatch=True), st.text())
def test_a_number_never_survives(before: str, number: str, after: str) -> None:
    masked = mask_numbers(f"{before} {number} {after}")
    assert number not in masked or number in before or number in after


@given(st.text())
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert mask_numbers(mask_numbers(text)) == mask_numbers(text)

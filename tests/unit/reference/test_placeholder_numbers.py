"""The list of placeholder numbers: they belong to nobody, and no test person can have one."""

import pytest

from dakl_pipeline.reference.code_lists import placeholder_numbers
from dakl_pipeline.reference.delivered_files import NumberKind


@pytest.mark.parametrize(
    ("kind", "number", "is_placeholder"),
    [
        ("bsn", "000000000", True),
        ("bsn", "999999999", True),
        ("bsn", "123456789", True),
        ("bsn", "111111110", True),
        ("bsn", "111222333", False),
        ("bsn", "0000000000", False),
        ("v_number", "0000000000", True),
        ("v_number", "9999999999", True),
        ("v_number", "1111111111", True),
        ("v_number", "1234567890", True),
        ("v_number", "0987654321", False),
        ("v_number", "999999999", False),
    ],
)
def test_a_placeholder(kind: NumberKind, number: str, is_placeholder: bool) -> None:
    assert (number in placeholder_numbers(kind)) == is_placeholder


@pytest.mark.parametrize(("kind", "length"), [("bsn", 9), ("v_number", 10)])
def test_every_placeholder_has_the_length_of_its_kind(kind: NumberKind, length: int) -> None:
    assert {len(number) for number in placeholder_numbers(kind)} == {length}

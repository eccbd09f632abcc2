"""Command arguments that are kept or shown: none may contain a person's number, however it is written."""

import pytest

from dakl_pipeline.cli import options
from dakl_pipeline.errors import WrongUsage
from dakl_pipeline.op_orde.explanations import safe_text


@pytest.mark.parametrize(
    "supplier",
    [
        "a-123-456-782",
        "123456782",
        "mo-20250605",
        "a-20-25-06-05",
        "v-29-12-34-56-78",
        "x12345678",
        "a1-2-3-4-5-6-7-8-2",
        "12345-6782x",
        "bsn123456782x",
        "v-2912-345678",
    ],
)
def test_a_supplier_id_with_a_number_of_a_person(supplier: str) -> None:
    with pytest.raises(WrongUsage, match="could be a BSN or V-number") as refused:
        options.supplier_id(supplier)
    assert "123" not in str(refused.value)


@pytest.mark.parametrize("supplier", ["almelo", "mo-2024", "stichting-1", "a-2024-06-18", "0141", "ggd-1234567"])
def test_a_supplier_id(supplier: str) -> None:
    assert options.supplier_id(supplier) == supplier


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("client 123 45 67 82 belde", "client ### ## ## ## belde"),
        ("over 123/456/782 en 2912 345 678", "over ###/###/### en #### ### ###"),
        ("zie 1\u200b2\u200b3456782", "zie #?#?#######"),
        ("BSN123456782x", "BSN#########x"),
        ("client 20250605 belde op 2025-06-05", "client ######## belde op 2025-06-05"),
        ("cli\u00ebnt \uff12\uff10\uff12\uff15\u2460\u2465\u2460\u2462", "cli\u00ebnt ########"),
        ("rijen 12, 34, 56, 72", "rijen ##, ##, ##, ##"),
        ("gebeld op 2025-06-19 om 14:30, versie 2.1", "gebeld op 2025-06-19 om 14:30, versie 2.1"),
    ],
)
def test_free_texts(text: str, kept: str) -> None:
    assert options.late_reason(text) == kept
    # An explanation shows a space for an unprintable character.
    assert safe_text(text) == kept.replace("?", " ")

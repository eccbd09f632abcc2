"""Registrations with known eligibility, and the reading of a file with them."""

from dakl_pipeline.intake.reading import Reading
from tests.support.delivery_files import check, lines
from tests.support.small_home import ANNA, BRAM, V_LINKED, V_LOOSE, row

# A registration of 2024, and why it does not count; None if it counts.
REGISTRATIONS = [
    (row(ANNA), None),
    (row(ANNA, kind="0305", start="2024-05-01", end=""), None),
    (row("", v_number=V_LINKED), None),
    (row("", v_number=V_LOOSE), None),
    (row("123456789", v_number=V_LOOSE, start="2024-06-01", end=""), None),
    (row(BRAM, gemeente="0501", end="2024-02-01"), None),
    (row(BRAM, start="2023-01-01", end="2024-01-01"), None),
    (row(BRAM, start="2024-12-31", end="2024-12-31"), None),
    (row(BRAM, end="9999-12-31"), None),
    (row(ANNA, kind="0204"), "type_not_published"),
    (row("", kind="0204"), "type_not_published"),
    (row(ANNA, end="2024-01-31"), "end_before_start"),
    (row(ANNA, start="2025-01-01", end=""), "starts_after_year"),
    (row(ANNA, start="2023-01-01", end="2023-12-31"), "ended_before_year"),
    (row(ANNA, gemeente="9999"), "no_region"),
    (row(ANNA, gemeente="0788"), "no_region"),
    (row(""), "no_identifier"),
    (row("999999999"), "no_identifier"),
    (row("000000000", start="2024-02-02"), "no_identifier"),
    (row("111111110"), "no_identifier"),
    (row("123456789"), "no_identifier"),
    (row("", v_number="0000000000"), "no_identifier"),
]


def reading_of(*rows: str, year: int = 2024, block_bytes: int = 2**20) -> Reading:
    """The reading of a file."""
    read = check(lines(*rows), f"DAKL_J{year}_x.csv", block_bytes=block_bytes).reading
    assert read is not None
    return read

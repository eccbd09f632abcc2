"""What an approval says of how many registrations count: the same as the run, and nothing that a register knows."""

from pathlib import Path

import pytest

from dakl_pipeline.intake.reading import Reading
from dakl_pipeline.reference import exclusion_reasons
from tests.support.delivery_files import check, lines
from tests.support.small_home import (
    ANNA,
    BRAM,
    DORA,
    V_LINKED,
    V_LOOSE,
    coverage,
    deliver,
    delivery,
    figures_home,
    row,
    run,
)

# A registration of 2024, and why it does not count; None: it does.
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
    """What was read from a file."""
    read = check(lines(*rows), f"DAKL_J{year}_x.csv", block_bytes=block_bytes).reading
    assert read is not None
    return read


@pytest.mark.parametrize(("registration", "reason"), REGISTRATIONS)
def test_a_registration_by_itself(registration: str, reason: str | None) -> None:
    read = reading_of(registration)
    assert (read.registrations, read.counting) == (1, int(reason is None))
    assert read.excluded == ({} if reason is None else {reason: 1})


@pytest.mark.parametrize("block_bytes", [1, 2**20])
def test_a_file(block_bytes: int) -> None:
    read = reading_of(*(registration for registration, _ in REGISTRATIONS), block_bytes=block_bytes)
    assert (read.registrations, read.counting, read.v_number_only) == (22, 9, 3)
    assert list(read.excluded) == [r.reason for r in exclusion_reasons() if r.reason in read.excluded]
    assert read.told() == (
        "22 registraties gelezen; daarvan tellen er 9 mee voor 2024, voor zover aan het bestand te zien is.",
        "Van wat meetelt, hebben er 3 alleen een V-nummer: CBS telt die personen apart, tenzij bij het V-nummer een "
        "BSN bekend is.",
        "Wat niet meetelt: type opvang dat niet in de cijfers komt, zoals winteropvang (2); einddatum voor startdatum "
        "(1); begint na het verslagjaar (1); geëindigd voor het verslagjaar (1); gemeentecode die bij geen regio hoort "
        "(2); geen bruikbaar BSN en geen V-nummer (6).",
    )


def test_a_year_of_adults_says_that_ages_are_not_in_the_file() -> None:
    told = reading_of(row(start="2023-02-01", end="2023-03-01"), year=2023).told()
    assert told[1:] == (
        "Over 2023 tellen alleen personen mee die op 31 december 2023 ten minste 18 jaar waren. "
        "Leeftijden staan niet in het bestand.",
    )


@pytest.mark.parametrize("registration", ["x;;;;;;;;", row(start="05-01-2024")])
def test_a_rejected_file_has_no_reading(registration: str) -> None:
    assert check(lines(registration)).reading is None


def test_the_run_counts_the_same_registrations(tmp_path: Path) -> None:
    home = figures_home(tmp_path)
    rows = [registration for registration, _ in REGISTRATIONS]
    assert deliver(home, delivery(tmp_path, "DAKL_J2024_x.csv", *rows), "gemeente-almelo") == 0
    # Another supplier and a person who is 18 on the last day: a register changes nothing here.
    assert deliver(home, delivery(tmp_path, "DAKL_J2024_y.csv", row(DORA), row("")), "gemeente-tubbergen") == 0
    assert run(home, 2024) == 0
    read = [reading_of(*rows), reading_of(row(DORA), row(""))]
    counted = coverage(home, 2024)
    assert counted["NL", "registrations"] == sum(each.registrations for each in read)
    assert counted["NL", "counting_registrations"] == sum(each.counting for each in read)
    # The four loose registrations without a usable identifier are no person at all, however alike they are.
    assert counted["NL", "persons_v_number_only"] == 1

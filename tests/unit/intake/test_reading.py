"""The number of eligible registrations in an approval, without information from registers."""

import pytest

from dakl_pipeline.reference.code_lists import exclusion_reasons
from tests.support.delivery_files import check, lines
from tests.support.readings import REGISTRATIONS, reading_of
from tests.support.small_home import row


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

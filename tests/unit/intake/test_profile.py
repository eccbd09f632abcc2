"""The profile of a file: right counts for any block size, no person in it, and files of another year."""

from datetime import date

import pytest

from tests.support.delivery_files import CANARIES, GOOD_ROWS, V_CANARY, check, lines

ROWS = (
    *GOOD_ROWS,
    f"2025-05-01;141;{CANARIES[0]};0201;2023-12-31;;;;",
    "2025-05-01;9999;123456789;0201;2025-01-01;2025-02-01;;;",
    "2025-05-01;0141;;0301;2022-01-01;2023-12-31;;;",
)


@pytest.mark.parametrize("block_bytes", [1, 100, 2**20])
def test_the_counts_of_a_file(block_bytes: int) -> None:
    made = check(lines(*ROWS), block_bytes=block_bytes).profile
    assert made is not None
    assert made.model_dump() == {
        "registrations": 7,
        "by_municipality": {"0141": 4, "0163": 1, "0183": 1, "9999": 1},
        "by_shelter_type": {"0201": 3, "0204": 1, "0301": 1, "0302": 1, "0305": 1},
        "by_start_month": {0: 2, 1: 2, 2: 1, 12: 1, 13: 1},
        "with_usable_bsn": 4,
        "with_v_number_only": 1,
        "open_stays": 3,
        "without_end_date": 2,
        "outside_year": 2,
    }
    assert made.without_usable_bsn == 3


def test_a_profile_holds_no_number_of_a_person_and_comes_back_from_json() -> None:
    made = check(lines(*ROWS)).profile
    assert made is not None
    text = made.model_dump_json()
    assert not [n for n in (*CANARIES, V_CANARY) if n in text]
    assert type(made).model_validate_json(text) == made


@pytest.mark.parametrize("row", ["x", "2025-05-01;0141;x;0201;2024-01-05;;;;"])
def test_a_rejected_file_has_none(row: str) -> None:
    assert check(lines(*GOOD_ROWS, row)).profile is None
    assert check(lines()).profile is None


@pytest.mark.parametrize(
    ("inside", "outside", "told"),
    [(0, 5, True), (5, 5, True), (6, 5, False), (0, 4, False), (100, 40, False), (40, 60, True)],
)
def test_most_stays_outside_the_year(inside: int, outside: int, told: bool) -> None:
    def stays(year: int, number: int) -> list[str]:
        days = [date.fromordinal(date(year, 1, 1).toordinal() + n) for n in range(number)]
        return [f"2025-05-01;0141;{CANARIES[0]};0301;{day};{day};;;" for day in days]

    found = [f for f in check(lines(*stays(2024, inside), *stays(2023, outside))).findings if f.row is None]
    expected = f"{outside} van de {inside + outside} registraties vallen helemaal buiten 2024."
    assert [f.rule for f in found] == ["mostly_outside_year"] * told
    assert all(expected in f.message for f in found)

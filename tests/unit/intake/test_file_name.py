"""The name of a delivery: pattern, reporting year, and no person's number in it."""

from datetime import date, timedelta
from itertools import product

import pytest

from dakl_pipeline.intake.file_name import parse_file_name
from tests.unit.intake.test_eleven_test import passes


@pytest.mark.parametrize(
    ("name", "year", "fault"),
    [
        ("DAKL_J2024_Almelo.csv", 2024, None),
        ("DAKL_J2022_GGD IJsselland - v1.2_b.csv", 2022, None),
        ("DAKL_J2024_" + "a" * 100 + ".csv", 2024, None),
        ("DAKL_J2024_" + "a" * 101 + ".csv", 2024, "file_name"),
        ("DAKL_J2024_.csv", 2024, "file_name"),
        ("DAKL_J2024_Almelo.CSV", 2024, "file_extension"),
        ("DAKL_J2024_Almelo.xlsx", 2024, "file_extension"),
        ("DAKL_J2024_Almelo.Pdf", 2024, "file_extension"),
        ("DAKL_J2024_Almelo.exe", 2024, "file_name"),
        ("DAKL_J2024_Súdwest.xlsx", 2024, "file_name"),
        ("DAKL_J2024_xlsx", 2024, "file_name"),
        ("DAKL_J2024_Almelo.csv.csv", 2024, None),
        ("DAKL_J2024_Almelo.csv\n", 2024, "file_name"),
        ("DAKL_J2024_Al\x00melo.csv", 2024, "file_name"),
        ("DAKL_J2024_Súdwest.csv", 2024, "file_name"),
        ("DAKL_J2024_1２3.csv", 2024, "file_name"),
        ("DAKL_J2024_a/b.csv", 2024, "file_name"),
        ("DAKL_J2024_..\\b.csv", 2024, "file_name"),
        ("../DAKL_J2024_b.csv", None, "file_name"),
        ("dakl_J2024_b.csv", None, "file_name"),
        ("DAKL_J0000_b.csv", None, "file_name"),
        ("DAKL_2024_b.csv", None, "file_name"),
        ("", None, "file_name"),
        ("DAKL_J2024_123456782.csv", 2024, "file_name_number"),
        ("DAKL_J2024_123456789.csv", 2024, "file_name_number"),
        ("DAKL_J2024_x2912345678x.csv", 2024, "file_name_number"),
        # Eight digits are a BSN that lost its zero; 20240618 is a day.
        ("DAKL_J2024_10464554.csv", 2024, "file_name_number"),
        ("DAKL_J2024_12345678.csv", 2024, "file_name_number"),
        ("DAKL_J2024_20240618.csv", 2024, None),
        ("DAKL_J2024_1234.56.782.csv", 2024, "file_name_number"),
        ("DAKL_J2024_1234 56 789.csv", 2024, "file_name_number"),
        ("DAKL_J2024_29-1234-5678.csv", 2024, "file_name_number"),
        ("DAKL_J2024_1234--56782.csv", 2024, "file_name_number"),
        ("DAKL_J2024_123_456__782.csv", 2024, "file_name_number"),
        ("DAKL_J2024_BSN123456782x.csv", 2024, "file_name_number"),
        ("DAKL_J2024_123 - 456 - 782.csv", 2024, "file_name_number"),
        ("DAKL_J2024_v1.2.3 van 2024-06-18.csv", 2024, None),
        ("DAKL_J2024_2023 2024 v12.csv", 2024, None),
        # The year before the free text is not part of a number in that text.
        ("DAKL_J2024_202406.csv", 2024, None),
    ],
)
def test_name(name: str, year: int | None, fault: str | None) -> None:
    parsed = parse_file_name(name)
    assert (parsed.reporting_year, parsed.fault) == (year, fault)


def test_a_day_without_hyphens_that_could_be_a_bsn_is_refused_and_with_hyphens_it_is_a_day() -> None:
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(366)]
    both = [day for day in days if passes(int(f"{day:%Y%m%d}"))]
    assert both
    faults = {mark: set[str | None]() for mark in ("", "-", ".", "_", " ")}
    for day, mark in product(days, faults):
        fault = parse_file_name(f"DAKL_J2024_{day:%Y{mark}%m{mark}%d}.csv").fault
        assert day in both or fault is None
        if day in both:
            faults[mark].add(fault)
    assert {mark: found for mark, found in faults.items() if found != {"file_name_number"}} == {"-": {None}}

import csv
from collections import defaultdict
from datetime import date

import pytest

from dakl_pipeline.intake.check import check_delivery
from dakl_pipeline.reference.methodology import Methodology, default_methodology
from dakl_pipeline.synthetic.example import example_files
from tests.support.paths import SAMPLES

EXAMPLE = SAMPLES / "DAKL_J2023_Almelo.csv"
METHODOLOGY = Methodology.model_validate(default_methodology())


def example_rows() -> list[dict[str, str]]:
    with EXAMPLE.open(encoding="ascii", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def registrations_and_persons(column: str) -> dict[str, tuple[int, int]]:
    """As printed: all missing BSNs together are one person (A9)."""
    found = defaultdict(list)
    for row in example_rows():
        found[row[column]].append("missing" if row["bsn"] in ("", "999999999") else row["bsn"])
    return {value: (len(persons), len(set(persons))) for value, persons in found.items()}


def test_the_printed_numbers_by_municipality() -> None:
    assert registrations_and_persons("gemeentecode") == {
        "0141": (2, 2),  # Almelo
        "0163": (5, 3),  # Hellendoorn
        "0183": (3, 2),  # Tubbergen
        "1700": (2, 2),  # Twenterand
        "0189": (3, 2),  # Wierden
    }


def test_the_printed_numbers_by_type() -> None:
    assert registrations_and_persons("type_opvang") == {
        "0201": (1, 1),
        "0203": (3, 3),
        "0205": (3, 3),
        "0204": (1, 1),
        "0301": (2, 2),
        "0303": (3, 3),
        "0302": (1, 1),
        "0304": (1, 1),
    }


def test_the_printed_totals_and_missing_values() -> None:
    rows = example_rows()
    assert registrations_and_persons("aanmaakdatum") == {"2024-03-18": (15, 5)}
    missing = {
        column: sum(row[column] in ("", "999999999") for row in rows) / len(rows)
        for column in ("bsn", "einddatum", "meldingsdatum", "reden_einde")
    }
    assert missing == {"bsn": 0.2, "einddatum": 0.2, "meldingsdatum": 0.0, "reden_einde": 0.2}


def test_the_package_has_the_same_example() -> None:
    assert example_files()[1] == EXAMPLE.read_bytes()


@pytest.mark.parametrize(
    ("name", "approved", "rules"),
    [
        ("DAKL_J2023_Almelo.csv", True, set()),
        ("DAKL_J2024_basisset.csv", True, {"year_end_swapped", "bsn_missing"}),
        (
            "DAKL_J2024_bevindingen.csv",
            True,
            {
                "code_padded", "bsn_padded", "bsn_eleven_test", "end_before_start", "no_overlap_with_year",
                "request_after_start", "duplicate_row", "gemeente_merged", "gemeente_unknown", "long_open",
                "bsn_missing", "year_end_swapped",
            },
        ),
        (
            "DAKL_J2023_afgekeurd.csv",
            False,
            {
                "bsn_format", "date_nonexistent", "date_format", "shelter_type_unknown", "required_empty",
                "special_characters", "field_count", "end_reason_unknown", "v_number_format", "code_format",
            },
        ),
    ],
)  # fmt: skip
def test_samples_show_what_they_say(name: str, approved: bool, rules: set[str]) -> None:
    with (SAMPLES / name).open("rb") as file:
        verdict = check_delivery(file, name, methodology=METHODOLOGY, today=date(2025, 6, 1))
    assert verdict.approved == approved
    assert {finding.rule for finding in verdict.findings} == rules


def test_every_sample_is_described() -> None:
    described = (SAMPLES / "README.md").read_text(encoding="utf-8")
    names = sorted(path.name for path in SAMPLES.glob("*.csv"))
    assert len(names) == 4
    assert all(f"`{name}`" in described for name in names)

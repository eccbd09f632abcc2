"""The numbers of the report: persons as in assumption A9, names of municipalities, lengths of stay, duplicates."""

import pytest

from dakl_pipeline.op_orde.tables import municipality_name, whole_percentage
from dakl_pipeline.reference.code_lists import duration_classes
from tests.support.delivery_files import HEADER, basic
from tests.support.reports import ANNA, BRAM, CEES, figures, row

FAILS = "123456789"


@pytest.mark.parametrize(
    ("bsns", "persons", "missing", "failing"),
    [
        ((ANNA, ANNA, BRAM), 2, 0, 0),
        (("", "", ""), 1, 3, 0),
        (("", "999999999", ANNA), 2, 2, 0),
        ((FAILS, FAILS, ANNA), 2, 0, 2),
        (("10464554", CEES), 1, 0, 0),
    ],
    ids=["same person", "all missing are one", "empty and nines are one", "failing counts as delivered", "lost zero"],
)
def test_persons_are_different_bsns_with_the_missing_as_one(
    bsns: tuple[str, ...], persons: int, missing: int, failing: int
) -> None:
    total = figures(*(row(bsn) for bsn in bsns)).total
    assert (total.registrations, total.persons) == (len(bsns), persons)
    assert (total.bsn_missing, total.bsn_fails_eleven_test) == (missing, failing)
    assert total.without_usable_bsn == missing + failing


def test_municipalities_by_name_with_odd_codes_last() -> None:
    made = figures(
        row(gemeente="1700"),
        row(gemeente="0141"),
        row(BRAM, gemeente="0141"),
        row(gemeente="9999"),
        row(gemeente="0501"),
    )
    assert [(r.gemeentecode, r.gemeente, r.registrations, r.persons) for r in made.tables.municipality] == [
        ("0141", "Almelo", 2, 2),
        ("0501", "Brielle (opgegaan in Voorne aan Zee)", 1, 1),
        ("1700", "Twenterand", 1, 1),
        ("9999", "Onbekende gemeentecode", 1, 1),
    ]


@pytest.mark.parametrize(
    ("code", "year", "name"),
    [
        ("0141", 2024, "Almelo"),
        ("0501", 2022, "Brielle"),
        ("0501", 2023, "Brielle (opgegaan in Voorne aan Zee)"),
        ("0788", 2023, "Haaren (verdeeld over Boxtel, Oisterwijk, Tilburg, Vught)"),
        ("1992", 2022, "Voorne aan Zee (bestaat niet in 2022)"),
        ("9999", 2024, "Onbekende gemeentecode"),
    ],
)
def test_a_code_has_a_name_that_says_what_became_of_it(code: str, year: int, name: str) -> None:
    assert municipality_name(code, year) == name


def test_a_person_counts_in_each_type_of_shelter() -> None:
    made = figures(row(kind="0301"), row(kind="0204"), row(kind="0204", start="2024-02-20"), row(BRAM, kind="0204"))
    assert [(r.code, r.type, r.registrations, r.persons) for r in made.tables.shelter_type] == [
        ("0204", "EL-2 Winteropvang", 3, 2),
        ("0301", "EL-3 24-uurs opvang", 1, 1),
    ]


@pytest.mark.parametrize(
    ("part", "whole", "percentage"),
    [(3, 15, 20), (0, 15, 0), (1, 8, 13), (1, 3, 33), (2, 3, 67), (1, 200, 1), (1, 201, 0), (5, 5, 100), (0, 0, 0)],
)
def test_percentages_are_whole_with_a_half_upwards(part: int, whole: int, percentage: int) -> None:
    assert whole_percentage(part, whole) == percentage


def test_missing_values_per_column() -> None:
    made = figures(row("", reason=""), row("999999999", end=""), row(request="", end="", reason=""), row())
    assert [(r.column, r.missing, r.percentage) for r in made.tables.missing] == [
        ("bsn", 2, 50),
        ("einddatum", 2, 50),
        ("meldingsdatum", 1, 25),
        ("reden_einde", 2, 50),
    ]


def test_a_column_that_is_not_delivered_has_no_percentage() -> None:
    made = figures(basic(row()), header=basic(HEADER))
    assert [(r.column, r.percentage) for r in made.tables.missing] == [
        ("bsn", 0),
        ("einddatum", 0),
        ("meldingsdatum", None),
        ("reden_einde", None),
    ]


@pytest.mark.parametrize(
    ("start", "end", "category"),
    [
        ("2024-03-01", "2024-03-01", "0-7"),
        ("2024-03-01", "2024-03-08", "0-7"),
        ("2024-03-01", "2024-03-09", "8-30"),
        ("2024-03-01", "2024-03-31", "8-30"),
        ("2024-03-01", "2024-04-01", "31-90"),
        ("2024-03-01", "2024-05-31", "91-180"),
        ("2023-12-30", "2024-12-29", "181-365"),
        ("2023-12-29", "2024-12-30", "366+"),
        ("2024-12-30", "2024-12-31", "open"),
        ("2024-12-30", "2025-01-02", "open"),
        ("2024-12-30", "", "no_end_date"),
        ("2024-03-02", "2024-03-01", "end_before_start"),
    ],
)
def test_every_registration_is_in_one_class_of_length(start: str, end: str, category: str) -> None:
    made = figures(row(start=start, end=end))
    assert [r.category for r in made.tables.duration if r.registrations] == [category]
    assert sum(r.registrations for r in made.tables.duration) == 1


def test_the_classes_of_length_leave_no_gap() -> None:
    classes = duration_classes()
    assert classes[0].min_days == 0
    assert classes[-1].max_days is None
    assert [one.min_days - 1 for one in classes[1:]] == [one.max_days for one in classes[:-1]]
    assert all(one.source for one in classes)


def test_median_and_mean_are_of_ended_stays_only() -> None:
    rows = [row(end=f"2024-02-{day}", bsn=bsn) for day, bsn in (("03", ANNA), ("05", BRAM), ("12", CEES))]
    made = figures(*rows, row("", end=""), row("", end="2024-12-31"), row("", end="2024-01-20"))
    summary = made.duration_summary
    assert (summary.ended, summary.median_days, summary.mean_days) == (3, 4.0, 5.7)


def test_without_ended_stays_there_is_no_median() -> None:
    summary = figures(row(end="")).duration_summary
    assert (summary.ended, summary.median_days, summary.mean_days) == (0, None, None)


@pytest.mark.parametrize(
    ("rows", "duplicates"),
    [
        ([row(), row(BRAM)], 0),
        ([row(), row()], 1),
        ([row(), row(), row(BRAM), row(), row(BRAM)], 3),
        ([row(""), row("999999999")], 1),
        ([row(), row(reason="02")], 0),
    ],
)
def test_duplicate_records_are_those_of_the_rule(rows: list[str], duplicates: int) -> None:
    (made,) = figures(*rows).tables.duplicates
    assert (made.measure, made.registrations) == ("duplicate_records", duplicates)


def test_registrations_per_month_of_start() -> None:
    made = figures(
        row(start="2023-12-31"),
        row(start="2024-01-01"),
        row(start="2024-12-31", end=""),
        row(start="2025-01-01", end=""),
    )
    months = {r.month: r.registrations for r in made.tables.start_month}
    assert list(months) == ["before", *(f"2024-{month:02}" for month in range(1, 13)), "after"]
    assert {month for month, n in months.items() if n} == {"before", "2024-01", "2024-12", "after"}

"""Differences between a file and an earlier one: findings, differences that chance explains, and their texts."""

import re

import pytest

from dakl_pipeline.intake.catalogue import catalogue
from dakl_pipeline.intake.previous import Earlier, differences, has_numbers_of
from dakl_pipeline.intake.profile import FileProfile
from dakl_pipeline.reference.code_lists import comparison_bounds
from dakl_pipeline.reference.delivered_files import Compared
from tests.support.profiles import months, profile

SIZE, MORE, MONTHS = "fewer_registrations", "more_registrations", "months_without_starts"
PLACE, TYPE, BSN, OPEN = "municipality_gone", "shelter_type_gone", "share_without_bsn", "share_of_open_stays"

CASES = {
    # Cases that failed in use.
    "one row replaces 107": (profile(1), profile(107), "own_year", {SIZE, MONTHS, PLACE, TYPE}),
    "71 of 217 gone, none left in the first quarter": (
        profile(146, by_start_month=months(m1=0, m2=0, m3=0)),
        profile(217, by_start_month=months(m1=24, m2=24, m3=23)),
        "own_year",
        {SIZE, MONTHS},
    ),
    # Size.
    "the same": (profile(), profile(), "own_year", set()),
    "a little less": (profile(110), profile(120), "own_year", set()),
    "a fifth less": (profile(96), profile(120), "own_year", {SIZE}),
    "half of a tiny file": (
        profile(8, by_start_month=months()),
        profile(16, by_start_month=months()),
        "own_year",
        {SIZE},
    ),
    "a few of a tiny file": (
        profile(12, by_start_month=months()),
        profile(16, by_start_month=months()),
        "own_year",
        set(),
    ),
    "a large file, a tenth less": (profile(9_000), profile(10_000), "own_year", set()),
    "half more": (profile(180), profile(120), "own_year", {MORE}),
    "a third more": (profile(160), profile(120), "own_year", set()),
    "a fifth less than the year before": (profile(96), profile(120), "year_before", set()),
    "half of the year before": (profile(60), profile(120), "year_before", {SIZE}),
    "half of a small year before": (profile(18), profile(36), "year_before", set()),
    "twice the year before": (profile(240), profile(120), "year_before", {MORE}),
    "half more than the year before": (profile(180), profile(120), "year_before", set()),
    # Months.
    "a month without starts": (profile(by_start_month=months(m5=0)), profile(), "own_year", {MONTHS}),
    "a quiet month stays empty": (
        profile(by_start_month=months(m5=0)),
        profile(by_start_month=months(m5=4)),
        "own_year",
        set(),
    ),
    "quiet months on end": (
        profile(by_start_month=months(m5=0, m6=0, m7=0)),
        profile(by_start_month=months(m5=2, m6=2, m7=2)),
        "own_year",
        {MONTHS},
    ),
    "quiet months apart": (
        profile(by_start_month=months(m1=0, m5=0, m9=0)),
        profile(by_start_month=months(m1=3, m5=3, m9=3)),
        "own_year",
        set(),
    ),
    "empty in both": (
        profile(by_start_month=months(m1=0)),
        profile(by_start_month=months(m1=0)),
        "own_year",
        set(),
    ),
    "starts before the year only": (
        profile(by_start_month={0: 120}),
        profile(by_start_month={0: 120}),
        "own_year",
        set(),
    ),
    # Municipalities and types.
    "a municipality gone": (profile(by_municipality={"0141": 120}), profile(), "own_year", {PLACE}),
    "a handful gone": (
        profile(by_municipality={"0141": 120}),
        profile(by_municipality={"0141": 116, "0163": 4}),
        "own_year",
        set(),
    ),
    "nine of the year before gone": (
        profile(by_municipality={"0141": 120}),
        profile(by_municipality={"0141": 111, "0163": 9}),
        "year_before",
        set(),
    ),
    "a merger makes none vanish": (
        profile(by_municipality={"0141": 60, "1992": 60}),
        profile(by_municipality={"0141": 60, "0501": 60}),
        "year_before",
        set(),
    ),
    "an unknown code corrected": (
        profile(by_municipality={"0141": 120}),
        profile(by_municipality={"0141": 60, "9999": 60}),
        "own_year",
        set(),
    ),
    "a type gone": (profile(by_shelter_type={"0301": 120}), profile(), "own_year", {TYPE}),
    "a type more": (
        profile(),
        profile(by_shelter_type={"0301": 120}),
        "own_year",
        set(),
    ),
    # Shares.
    "no BSN any more": (profile(with_usable_bsn=0), profile(), "own_year", {BSN}),
    "more BSN than before": (profile(), profile(with_usable_bsn=0), "own_year", set()),
    "as few BSN as before": (profile(with_usable_bsn=60), profile(with_usable_bsn=60), "own_year", set()),
    "some BSN lost": (profile(with_usable_bsn=112), profile(), "own_year", set()),
    "a third without BSN, the year before a fifth": (
        profile(with_usable_bsn=80),
        profile(with_usable_bsn=96),
        "year_before",
        set(),
    ),
    "no end dates any more": (profile(open_stays=120), profile(open_stays=12), "own_year", {OPEN}),
    "no open stays any more": (profile(), profile(open_stays=40), "own_year", {OPEN}),
    "about as many open stays": (profile(open_stays=30), profile(open_stays=40), "own_year", set()),
}


@pytest.mark.parametrize(("now", "before", "against", "expected"), CASES.values(), ids=CASES)
def test_what_is_told_of_a_difference(
    now: FileProfile, before: FileProfile, against: Compared, expected: set[str]
) -> None:
    found = differences(now, 2024, Earlier("uw bestand x.csv van 1 mei 2025 (000001)", before, against))
    assert {each.rule for each in found} == expected
    for each in found:
        assert (each.severity, each.row, each.column) == ("warning", None, None)
        assert each.message.startswith("Vergeleken met uw bestand x.csv van 1 mei 2025 (000001): ")
        assert each.concerns >= 1


SAID = {
    SIZE: (profile(1), profile(107), "1 registratie in plaats van 107.", 106),
    MORE: (profile(2_400), profile(120), "2.400 registraties in plaats van 120.", 2_280),
    MONTHS: (
        profile(by_start_month=months(m1=0, m2=0, m7=0)),
        profile(by_start_month=months(m2=0)),
        "in januari en juli begint geen enkel verblijf; daar begonnen er 20.",
        20,
    ),
    PLACE: (
        profile(by_municipality={"0363": 120}),
        profile(),
        "geen registraties meer in Almelo en Hellendoorn; daar waren het er 120.",
        120,
    ),
    TYPE: (
        profile(by_shelter_type={"0301": 120}),
        profile(),
        "geen registraties meer van het type nachtopvang; daar waren het er 60.",
        60,
    ),
    BSN: (
        profile(with_usable_bsn=30),
        profile(),
        "75% van de registraties is zonder bruikbaar BSN, in plaats van 0%.",
        90,
    ),
    OPEN: (
        profile(open_stays=120),
        profile(open_stays=30),
        "100% van de verblijven liep op 31 december nog of heeft geen einddatum, in plaats van 25%.",
        90,
    ),
}


@pytest.mark.parametrize(("rule", "case"), SAID.items(), ids=SAID)
def test_a_finding_says_what_was_compared_and_how_much_it_is_about(
    rule: str, case: tuple[FileProfile, FileProfile, str, int]
) -> None:
    now, before, text, concerns = case
    found = {f.rule: f for f in differences(now, 2024, Earlier("X", before, "own_year"))}
    assert found[rule].message == f"Vergeleken met X: {text}"
    assert found[rule].concerns == concerns


def test_every_rule_of_level_2_but_those_that_look_at_registrations_is_shown() -> None:
    others = {"nothing_in_common", "same_as_other_year", "numbers_of_other_year"}
    assert {r.id for r in catalogue().rule if r.level == 2 and r.audience == "supplier"} == {*SAID, *others}


def test_no_rule_of_level_2_rejects_a_file_and_each_has_bounds_with_a_minimum() -> None:
    rules = [r for r in catalogue().rule if r.level == 2]
    assert {r.severity for r in rules} <= {"warning", "notice"}
    # Rules about a name alone count nothing.
    bounded = {r.id for r in rules} - {"supplier_new", "supplier_resembles"}
    assert {b.rule for b in comparison_bounds()} == bounded | {"mostly_outside_year"}
    assert all(b.minimum >= 5 for b in comparison_bounds())
    assert all(re.fullmatch(r"assumption D\d+", b.source) for b in comparison_bounds())


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (profile(), True),
        (profile(by_start_month={0: 120}, open_stays=120), True),
        (profile(by_municipality={"0141": 61, "0163": 59}), False),
        (profile(by_shelter_type={"0201": 120}), False),
        (profile(with_usable_bsn=119), False),
        (profile(without_end_date=1), False),
    ],
)
def test_numbers_that_do_not_depend_on_the_year(other: FileProfile, same: bool) -> None:
    assert has_numbers_of(profile(), other) is same

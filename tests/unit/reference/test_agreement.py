"""Inconsistent code lists: refused when they are loaded, with file, line and advice."""

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

from dakl_pipeline.contracts.statistics import PERSON_SHELTER_TYPES, PERSON_SUPPLIERS, UNIQUE_PERSONS
from dakl_pipeline.contracts.stays import STAY_ELIGIBILITY
from dakl_pipeline.errors import Refused
from dakl_pipeline.reference import loading
from dakl_pipeline.reference.agreement import (
    COVERAGE_MEASURES,
    EXCLUSION_REASONS,
    PERSON_DIMENSIONS,
    STAY_DIMENSIONS,
)
from dakl_pipeline.reference.code_lists import categories
from dakl_pipeline.reference.loading import package
from dakl_pipeline.reference.rows import File, shipped
from dakl_pipeline.statistics import count
from dakl_pipeline.statistics.coverage import measure_coverage
from dakl_pipeline.statistics.eligibility import exclusion_reason, period_of_stay

Break = Callable[[str, str, str], None]


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Break:
    """Change a text that occurs once in a file of the package."""

    def change(name: str, old: str, new: str) -> None:
        file = shipped(name)
        assert file.text.count(old) == 1
        changed = replace(file, text=file.text.replace(old, new))
        monkeypatch.setattr(loading, "shipped", lambda asked: changed if asked == name else shipped(asked))

    return change


def test_the_lists_of_the_package_hold_together() -> None:
    assert loading.load({}) == package()


def test_the_age_class_that_is_missing(broken: Break) -> None:
    broken("age_class.csv", "40-49,40,49,assumption A8\n", "")
    with pytest.raises(Refused) as caught:
        loading.load({})
    first, second = str(caught.value).split("; ")
    assert first == (
        "dakl_pipeline/reference/age_class.csv, line 6: the ages 40 to 49 are in no class: add the class that is "
        "missing above this line"
    )
    assert second == (
        "dakl_pipeline/reference/category.csv, line 10: 40-49 is no age class: add it to "
        "dakl_pipeline/reference/age_class.csv, or remove it here"
    )


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        # One list by itself.
        ("age_class", "0-17,0,17", "0-17,1,17", "line 2: the age 0 is in no class"),
        ("age_class", "18-22,18,", "18-22,17,", "line 3: it starts at 17 and the class above it ends at 17"),
        ("age_class", "23-27,23,27", "23-27,23,22", "line 4: its maximum is below its minimum"),
        ("age_class", "65+,65,,", "65+,65,99,", "line 8: the last class has a maximum"),
        ("age_class", "50-64,50,64", "50-64,50,", "line 7: only the last class has no maximum"),
        ("age_class", "18-22,18,22", "18-22,18,x", "line 3: max_age is invalid"),
        ("age_class", "18-22,18,22,", "18-22,18,", "line 3: it has 3 fields and the first line 4"),
        ("age_class", "min_age", "minimum", "line 1: write the columns as category,min_age,max_age,source"),
        ("age_class", "23-27,23,27", '"23-27"x,23,27', "line 4: it is not readable as CSV"),
        ("age_class", "65+,65,,assumption A8", "65+,65,,a\n65+,66,,a", "line 9: the same category as line 8"),
        ("duration_class", "8-30,8–30 dagen,8", "8-30,8–30 dagen,9", "line 3: the number of days 8 is in no class"),
        ("exclusion_reason", "\n2,end_before", "\n1,end_before", "line 3: priorities go up by one from 1: write 2"),
        ("shelter_type", "woningen,2024,,", "woningen,2024,2023,", "valid_to_year is before"),
        ("delivery_round", "2024-05-26", "2024-02-26", "line 2: delivery_start, delivery_end and extension_end"),
        ("delivery_round", "2023 2024", "2023 2025", "line 3: a reporting year is not over"),
        ("plausible_year", "einddatum,-1,2", "einddatum,2,-1", "line 4: latest is below earliest"),
        ("comparison_bound", "numbers_of_other_year,other_year,20", "numbers_of_other_year,other_year,0", "minimum"),
        ("placeholder_number", "bsn,000000000", "bsn,0000000000", "line 2: write 9 digits"),
        # Categories and the lists that they come from.
        ("category", "leeftijd,40-49", "leeftijd,40-45", "age_class.csv, line 6: 40-49 is no category of leeftijd"),
        ("category", "leeftijd,40-49", "leeftijd,40-45", "category.csv, line 10: 40-45 is no age class"),
        ("age_class", "40-49,40", "40-45,40", "age_class.csv, line 6: 40-45 is no category of leeftijd"),
        ("category", "type_opvang,0203", "type_opvang,0299", "line 3: 0203 is no category of type_opvang"),
        ("category", "type_opvang,0203", "type_opvang,0299", "no published type of shelter has 0299"),
        ("category", "ethos,3", "ethos,4", "3 is no category of ethos"),
        ("category", "geslacht,man", "sekse,man", "line 3: nothing counts this dimension"),
        ("category", "geslacht,man,Man,true", "geslacht,man,Man,false", "line 3: write true for is_person_attribute"),
        ("category", "herkomst,onbekend", "herkomst,onbekent", "herkomst has no category onbekend: add the row"),
        ("category", "wlz,ja", "wlz,wel", "wlz has no category ja: add the row"),
        ("category", "totaal,totaal,Totaal", "totaal,alle,Totaal", "nothing counts this category of totaal"),
        # Codes of a stay.
        ("shelter_type", "false,webinar 2024;", "true,webinar 2024;", "line 4: 0204 is no category of type_opvang"),
        (
            "end_reason_elsewhere",
            "iWmo,21,beëindigd door de cliënt,03",
            "iWmo,21,beëindigd,06",
            "line 5: 06 is no reason",
        ),
        ("exclusion_reason", "7,minor,", "7,child,", "line 8: nothing tests this reason"),
        ("exclusion_reason", "7,minor,", "7,child,", "the reason minor is missing, so such stays would count"),
        ("coverage_measure", "\nsuppliers,", "\nsupplier,", "line 10: nothing computes this measure"),
        ("coverage_measure", "\nsuppliers,", "\nsupplier,", "the measure suppliers is missing"),
        # Places.
        (
            "centrumregio",
            "CR02,Almelo,0141",
            "CR02,Almelo,9999",
            "its centrumgemeente is no current municipality",
        ),
        ("gemeente_centrumregio", "0034,Almere,CR03", "0034,Almere,", "line 3: region_code is invalid: write a text"),
        (
            "gemeente_centrumregio",
            "0034,Almere,CR03",
            " 0034,Almere,CR03",
            "line 3: code is invalid: write a code of four",
        ),
        (
            "gemeente_centrumregio",
            "0034,Almere,CR03,2022,",
            "0034,Almere,CR03,2022,2022,1,x\n0034,Almere,CR03,2024,",
            "line 4: between line 3 and this one are years",
        ),
        ("gemeente_centrumregio", "0034,Almere,CR03", "0034,Almere,CR99", "line 3: region_code is not in"),
        ("gemeente_centrumregio", "0034,Almere,CR03,2022,", "0034,Almere,CR03,2024,", "line 3: no merger creates it"),
        ("gemeente_centrumregio", "0034,Almere,CR03,2022,", "0034,Almere,CR03,2022,2023", "line 3: it ends and no"),
        (
            "gemeente_centrumregio",
            "0034,Almere,CR03,2022,",
            "0034,Almere,CR03,2022,2021",
            "valid_to_year is before",
        ),
        (
            "gemeente_centrumregio",
            "0034,Almere,",
            "0034,Almere,CR03,2022,,1,x\n0034,Almere,",
            "line 4: the same code and valid_from_year as line 3",
        ),
        (
            "gemeente_centrumregio",
            "0034,Almere,",
            "0034,Almere,CR03,2023,,1,x\n0034,Almere,",
            "valid in a year of line 4",
        ),
        ("gemeente_herindeling", "0429,Obdam,1598", "0429,Obdam,9998", "line 2: new_code is not"),
        ("gemeente_herindeling", "0429,Obdam,1598,Koggenl", "0429,Obdam,1598,Koggel", "line 2: new_name is not"),
        ("gemeente_herindeling", "0429,Obdam,1598", "0034,Obdam,1598", "line 2: old_code continues after the merger"),
        (
            "gemeente_herindeling",
            "0429,Obdam,1598,Koggenland,2007-01-01",
            "0429,Obdam,1598,Koggenland,2007-01-02",
            "line 3: it is earlier than the merger",
        ),
        ("place_alias", "Zaandam,Zaanstad", "Zaandam,Zaanstadt", "line 13: no region, municipality or province"),
        ("demo_region", "2022,CR01", "2022,CR99", "line 2: no region has this code"),
        ("published_figure", "2022,NL", "2022,BE", "line 2: no region has this code"),
        # Rules of the catalogue.
        ("comparison_bound", "content_of_other_supplier", "content_of_other", "line 20: no rule has this id"),
        ("plausible_year", "meldingsdatum", "melddatum", "line 5: not one of the date columns"),
        ("plausible_year", "meldingsdatum", "melddatum", "the column meldingsdatum is missing"),
    ],
)
def test_one_broken_line(name: str, old: str, new: str, said: str, broken: Break) -> None:
    broken(f"{name}.csv", old, new)
    with pytest.raises(Refused) as caught:
        loading.load({})
    assert said in str(caught.value)
    assert f"dakl_pipeline/reference/{name}.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_first_problems_are_told_and_the_others_counted(broken: Break) -> None:
    broken("centrumregio.csv", "CR01,Alkmaar", "CR45,Alkmaar")
    with pytest.raises(Refused, match=r"gemeente_centrumregio\.csv, line .*; and [0-9]+ more$"):
        loading.load({})


def test_the_dimensions_are_those_that_are_counted() -> None:
    assert set(PERSON_DIMENSIONS) == {count.TOTAL, *count.PERSON_DIMENSIONS}
    persons, types = (table.polars_schema.to_frame(eager=False) for table in (UNIQUE_PERSONS, PERSON_SHELTER_TYPES))
    assert {row.dimension for row in categories()} == {*PERSON_DIMENSIONS, *STAY_DIMENSIONS}
    assert count.count_unique_persons(persons, types).collect().is_empty()


def test_the_reasons_are_those_that_are_tested() -> None:
    true = pl.lit(True)
    period = period_of_stay(2024)
    tested = exclusion_reason(period=period, is_published_type=true, has_region=true, is_identified=true, is_minor=true)
    assert all(f'"{reason}"' in str(tested) for reason in EXCLUSION_REASONS)


def test_the_measures_are_those_that_are_computed() -> None:
    tables = (STAY_ELIGIBILITY, UNIQUE_PERSONS, PERSON_SUPPLIERS)
    measured = measure_coverage(*(t.polars_schema.to_frame(eager=False) for t in tables), year=2024).collect()
    assert set(measured["measure"]) == set(COVERAGE_MEASURES)


def test_only_some_lists_can_be_replaced() -> None:
    with pytest.raises(Refused, match=r"home/end_reason\.csv cannot be used: only age_class\.csv, .* can be replaced"):
        loading.load({"end_reason.csv": File("home/end_reason.csv", shipped("end_reason.csv").text)})

"""The rules of the monitor on stays, table by table: input and expected output side by side."""

from datetime import date

import polars as pl
import pytest

from dakl_pipeline.contracts.columns import validate
from dakl_pipeline.contracts.stays import ENRICHED_STAYS, PSEUDONYMISED_STAYS, REGIONAL_STAYS, STAY_ELIGIBILITY
from dakl_pipeline.reference.methodology import Methodology, default_methodology
from dakl_pipeline.statistics.eligibility import period_of_stay
from dakl_pipeline.statistics.enrich import age_class_of, enrich, identify
from dakl_pipeline.statistics.pseudonymise import age_on
from dakl_pipeline.statistics.region import map_to_region, municipality_regions
from dakl_pipeline.statistics.stay_eligibility import determine_eligibility

METHODOLOGY = Methodology.model_validate(default_methodology())
BSN, OTHER, V = "a" * 64, "b" * 64, "c" * 64


def _pseudonymised(rows: list[dict[str, object]], year: int = 2024) -> pl.DataFrame:
    default = {
        "year": year,
        "supplier_id": "x",
        "gemeente_code": "0141",
        "shelter_type_code": "0301",
        "start_date": date(year, 2, 1),
        "end_date": date(year, 3, 1),
        "bsn_pseudonym": BSN,
        "v_number_pseudonym": None,
    }
    filled = []
    for number, row in enumerate(rows, start=2):
        merged = {**default, "stay_id": f"{number:032x}", **row}
        merged.setdefault("bsn_status", "usable" if merged["bsn_pseudonym"] else "missing")
        filled.append(merged)
    dates = {"start_date": pl.Date, "end_date": pl.Date}
    schema = {name: kind for name, kind in PSEUDONYMISED_STAYS.polars_schema.items() if name != "period"}
    stays = pl.DataFrame(filled, schema={**schema, **dates}).with_columns(period=period_of_stay(year))
    return stays.select(PSEUDONYMISED_STAYS.column_names)


def _registers(**person: object) -> dict[str, pl.DataFrame]:
    known = {"bsn_pseudonym": BSN, "age": 34, "sex": "man", "origin": "europa", **person}
    return {
        "person_register": pl.DataFrame([known], schema_overrides={"age": pl.Int32, "sex": pl.String}),
        "income_register": pl.DataFrame(schema={"bsn_pseudonym": pl.String, "income_source": pl.String}),
        "care_register": pl.DataFrame(
            schema={"bsn_pseudonym": pl.String, "wmo": pl.Boolean, "wlz": pl.Boolean},
        ),
    }


def _identify_and_enrich(stays: pl.DataFrame, links: pl.DataFrame, registers: dict[str, pl.DataFrame]) -> pl.DataFrame:
    identified = identify(stays.lazy(), links.lazy())
    frames = {name: frame.lazy() for name, frame in registers.items()}
    return enrich(identified, adult_age=METHODOLOGY.adult_age, **frames).collect()


def _regional(rows: list[dict[str, object]], year: int, **person: object) -> pl.DataFrame:
    return map_to_region(_enriched(rows, year, **person).lazy(), year=year).collect()


def _exclusion_reasons(rows: list[dict[str, object]], year: int, **person: object) -> list[str | None]:
    stays = _regional(rows, year, **person).lazy()
    frame = determine_eligibility(stays, year=year, methodology=METHODOLOGY).collect()
    assert validate(STAY_ELIGIBILITY.schema, frame).passed
    return frame["exclusion_reason"].to_list()


def _enriched(rows: list[dict[str, object]], year: int = 2024, **person: object) -> pl.DataFrame:
    links = pl.DataFrame({"v_number_pseudonym": [V], "bsn_pseudonym": [OTHER]})
    frame = _identify_and_enrich(_pseudonymised(rows, year), links, _registers(**person))
    assert validate(ENRICHED_STAYS.schema, frame).passed
    return frame


@pytest.mark.parametrize(
    ("bsn", "v_number", "identified_by", "person"),
    [
        (BSN, None, "bsn", BSN),
        (BSN, V, "bsn", BSN),
        (None, V, "v_number_linked", OTHER),
        (None, "d" * 64, "v_number_only", "d" * 64),
        (None, None, "none", None),
    ],
)
def test_who_is_one_person(bsn: str | None, v_number: str | None, identified_by: str, person: str | None) -> None:
    frame = _enriched([{"bsn_pseudonym": bsn, "v_number_pseudonym": v_number}])
    assert frame.select("identified_by", "person_pseudonym").row(0) == (identified_by, person)


@pytest.mark.parametrize(
    ("birth_date", "age", "age_class"),
    [
        (date(2006, 12, 31), 18, "18-22"),
        (date(2007, 1, 1), 17, "0-17"),
        (date(2024, 12, 31), 0, "0-17"),
        (date(2025, 1, 1), None, "onbekend"),
        (date(2004, 2, 29), 20, "18-22"),
        (date(2001, 6, 1), 23, "23-27"),
        (date(1997, 1, 1), 27, "23-27"),
        (date(1996, 12, 31), 28, "28-39"),
        (date(1984, 12, 31), 40, "40-49"),
        (date(1974, 12, 31), 50, "50-64"),
        (date(1959, 12, 31), 65, "65+"),
        (date(1900, 1, 1), 124, "65+"),
        (None, None, "onbekend"),
    ],
)
def test_age_on_31_december(birth_date: date | None, age: int | None, age_class: str) -> None:
    frame = pl.DataFrame({"birth_date": [birth_date]}, schema={"birth_date": pl.Date})
    years = age_on(pl.col("birth_date"), date(2024, 12, 31))
    assert frame.select(years.alias("age"), age_class_of(years).alias("class")).row(0) == (age, age_class)


def _characteristics(frame: pl.DataFrame) -> tuple[object, ...]:
    return frame.select("sex", "origin", "income_source", "wmo", "wlz", "is_in_person_register").row(0)


def test_not_in_the_person_register_everything_is_unknown() -> None:
    registers = _registers(bsn_pseudonym=OTHER)
    registers["income_register"] = pl.DataFrame({"bsn_pseudonym": [BSN], "income_source": ["werk"]})
    registers["care_register"] = pl.DataFrame({"bsn_pseudonym": [BSN], "wmo": [True], "wlz": [True]})
    links = pl.DataFrame(schema={"v_number_pseudonym": pl.String, "bsn_pseudonym": pl.String})
    frame = _identify_and_enrich(_pseudonymised([{}]), links, registers)
    assert _characteristics(frame) == ("onbekend",) * 5 + (False,)


@pytest.mark.parametrize(
    ("care", "expected"),
    [
        ([], ("nee", "nee")),
        ([(True, False)], ("ja", "nee")),
        ([(False, True)], ("nee", "ja")),
        ([(None, True)], ("onbekend", "ja")),
    ],
)
def test_in_the_person_register_no_care_record_means_no_care(
    care: list[tuple[bool | None, bool | None]], expected: tuple[str, str]
) -> None:
    registers = _registers(sex=None)
    schema = {"bsn_pseudonym": pl.String, "wmo": pl.Boolean, "wlz": pl.Boolean}
    registers["care_register"] = pl.DataFrame([(BSN, *row) for row in care], schema=schema, orient="row")
    links = pl.DataFrame(schema={"v_number_pseudonym": pl.String, "bsn_pseudonym": pl.String})
    frame = _identify_and_enrich(_pseudonymised([{}]), links, registers)
    assert _characteristics(frame) == ("onbekend", "europa", "onbekend", *expected, True)


@pytest.mark.parametrize(
    ("code", "year", "status", "region"),
    [
        ("0141", 2022, "current", "CR02"),
        ("0457", 2022, "current", "CR28"),  # Weesp, until 2022 in the division
        ("0457", 2023, "merged", "CR05"),
        ("0501", 2022, "current", "CR34"),
        ("0501", 2023, "merged", "CR34"),  # Brielle -> Voorne aan Zee
        ("1992", 2022, "unknown", None),
        ("1684", 2023, "merged", "CR35"),  # Cuijk -> Land van Cuijk
        ("0788", 2023, "divided", None),  # Haaren, over two regions
        ("9999", 2023, "unknown", None),
    ],
)
def test_municipality_to_region(code: str, year: int, status: str, region: str | None) -> None:
    frame = _regional([{"gemeente_code": code}], year)
    assert validate(REGIONAL_STAYS.schema, frame).passed
    assert frame.select("municipality_status", "region_code").row(0) == (status, region)


def test_every_code_leads_to_one_place() -> None:
    for year in METHODOLOGY.reporting_years:
        regions = municipality_regions(year)
        assert regions["gemeente_code"].is_unique().all()
        assert regions["region_code"].drop_nulls().n_unique() == 44


JAN_1, DEC_31 = date(2023, 1, 1), date(2023, 12, 31)


@pytest.mark.parametrize(
    ("stay", "reason"),
    [
        ({}, None),
        ({"start_date": JAN_1, "end_date": DEC_31}, None),
        ({"start_date": DEC_31, "end_date": None}, None),
        ({"start_date": date(2010, 1, 1), "end_date": None}, None),
        ({"start_date": date(2022, 5, 1), "end_date": JAN_1}, None),
        ({"start_date": JAN_1, "end_date": JAN_1}, None),
        ({"start_date": date(2024, 1, 1), "end_date": None}, "starts_after_year"),
        ({"start_date": date(2022, 5, 1), "end_date": date(2022, 12, 31)}, "ended_before_year"),
        ({"start_date": date(2023, 5, 2), "end_date": date(2023, 5, 1)}, "end_before_start"),
        ({"shelter_type_code": "0204"}, "type_not_published"),
        ({"shelter_type_code": "0305"}, "type_not_published"),  # not a type of 2023
        ({"gemeente_code": "9999"}, "no_region"),
        ({"bsn_pseudonym": None}, "no_identifier"),
        ({"bsn_pseudonym": None, "v_number_pseudonym": "d" * 64}, None),
        ({"gemeente_code": "9999", "shelter_type_code": "0204"}, "type_not_published"),
    ],
)
def test_which_stays_count(stay: dict[str, object], reason: str | None) -> None:
    assert _exclusion_reasons([stay], 2023) == [reason]


@pytest.mark.parametrize(
    ("year", "age", "reason"),
    [
        (2023, 18, None),
        (2023, 17, "minor"),
        (2023, None, None),
        (2024, 0, None),
    ],
)
def test_minors(year: int, age: int | None, reason: str | None) -> None:
    assert _exclusion_reasons([{}], year, age=age) == [reason]

import io
import itertools
import re
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from hashlib import sha256

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dakl_pipeline.intake.check import check_delivery
from dakl_pipeline.reference.code_lists import categories, delivery_rounds
from dakl_pipeline.reference.methodology import Methodology, default_methodology
from dakl_pipeline.synthetic import Event, Population, PopulationPlan, generate_population
from tests.support.synthetic_counts import Count, count, passes_eleven_test, rows_of, selected

METHODOLOGY = Methodology.model_validate(default_methodology())
REGISTER_SCHEMA = {
    "persons": {"bsn": pl.String, "birth_date": pl.Date, "sex": pl.String, "origin": pl.String},
    "v_numbers": {"v_number": pl.String, "bsn": pl.String},
    "income": {"bsn": pl.String, "income_source": pl.String},
    "care": {"bsn": pl.String, "wmo": pl.Boolean, "wlz": pl.Boolean},
}


def deliveries(population: Population, *, approved: bool = True) -> list[Event]:
    return [e for e in population.events if e.kind == "deliver" and e.is_expected_approved == approved]


def fingerprint(population: Population) -> str:
    text = repr([(e, sha256(e.content or b"").hexdigest()) for e in population.events])
    frames = [(y, n, f.write_csv()) for y, each in population.registers.items() for n, f in each.items()]
    return sha256((text + repr(frames)).encode()).hexdigest()


def test_the_same_plan_gives_the_same_bytes(small_plan: PopulationPlan, small_population: Population) -> None:
    assert fingerprint(generate_population(small_plan)) == fingerprint(small_population)
    other = generate_population(small_plan.model_copy(update={"seed": small_plan.seed + 1}))
    assert fingerprint(other) != fingerprint(small_population)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    persons=st.integers(1, 60),
    suppliers=st.integers(1, 12),
    years=st.sampled_from([(2022,), (2023,), (2024,), (2022, 2024), (2022, 2023, 2024)]),
)
def test_small_worlds_are_whole(seed: int, persons: int, suppliers: int, years: tuple[int, ...]) -> None:
    population = generate_population(PopulationPlan(seed=seed, years=years, persons=persons, suppliers=suppliers))
    assert set(population.registers) == set(years)
    assert {e.reporting_year for e in deliveries(population)} == set(years)
    for event in deliveries(population):
        assert event.content is not None
        assert rows_of(event.content)
        assert event.file_name is not None
        verdict = check_delivery(
            io.BytesIO(event.content), event.file_name, methodology=METHODOLOGY, today=event.received_at.date()
        )
        assert verdict.approved, {finding.rule for finding in verdict.findings}


@pytest.mark.parametrize(("persons", "suppliers"), [(300, 1), (1500, 12), (4000, 60)])
def test_about_the_planned_number_of_people_counts(persons: int, suppliers: int) -> None:
    years = (2022, 2023, 2024)
    population = generate_population(PopulationPlan(seed=3, years=years, persons=persons, suppliers=suppliers))
    for year in years:
        assert len(count(population, year).persons) == pytest.approx(persons, rel=0.04)


def test_every_delivery_is_judged_as_expected(small_population: Population) -> None:
    for event in small_population.events:
        if event.kind == "deliver":
            assert event.content is not None
            assert event.file_name is not None
            verdict = check_delivery(
                io.BytesIO(event.content), event.file_name, methodology=METHODOLOGY, today=event.received_at.date()
            )
            assert verdict.approved == event.is_expected_approved
            assert verdict.reporting_year == event.reporting_year


def test_rejected_files_have_different_technical_faults(demo_population: Population) -> None:
    rules = set()
    for event in deliveries(demo_population, approved=False):
        assert event.content is not None
        assert event.file_name is not None
        verdict = check_delivery(
            io.BytesIO(event.content), event.file_name, methodology=METHODOLOGY, today=event.received_at.date()
        )
        assert not verdict.approved
        rules |= {finding.rule for finding in verdict.findings if finding.severity == "error"}
    assert len(rules) >= 6


def test_registers_have_the_columns_and_values_of_the_contract(small_population: Population) -> None:
    allowed = defaultdict(set)
    for each in categories():
        allowed[each.dimension].add(each.category)
    for year, registers in small_population.registers.items():
        assert {name: dict(frame.schema) for name, frame in registers.items()} == REGISTER_SCHEMA
        for name, frame in registers.items():
            assert frame.null_count().row(0) == (0,) * frame.width
            key = frame.columns[0]
            assert frame[key].is_unique().all()
            assert frame[key].is_sorted()
            assert all(passes_eleven_test(bsn) for bsn in frame["bsn"])
            assert name != "v_numbers" or frame["v_number"].str.contains(r"^[0-9]{10}$").all()
        assert set(registers["persons"]["sex"]) == allowed["geslacht"] - {"onbekend"}
        assert set(registers["persons"]["origin"]) == allowed["herkomst"] - {"onbekend"}
        assert set(registers["income"]["income_source"]) <= allowed["inkomstenbron"] - {"onbekend"}
        assert (registers["persons"]["birth_date"] <= date(year, 12, 31)).all()


def test_people_keep_who_they_are_and_change_what_changes(small_population: Population) -> None:
    first, second = small_population.registers[2022], small_population.registers[2023]
    both = first["persons"].join(second["persons"], on="bsn", suffix="_next")
    assert both.height == first["persons"].height < second["persons"].height
    assert (both["birth_date"] == both["birth_date_next"]).all()
    assert (both["origin"] == both["origin_next"]).all()
    income = first["income"].join(second["income"], on="bsn", suffix="_next")
    changed = (income["income_source"] != income["income_source_next"]).mean()
    assert isinstance(changed, float)
    assert 0.02 < changed < 0.4


@pytest.mark.parametrize(
    ("source", "ages"),
    [("pensioen", (65, 120)), ("studiefinanciering", (18, 27)), ("bijstand", (18, 120)), ("werk", (18, 64))],
)
def test_incomes_fit_ages(demo_population: Population, source: str, ages: tuple[int, int]) -> None:
    for year, registers in demo_population.registers.items():
        found = registers["income"].filter(pl.col("income_source") == source).join(registers["persons"], on="bsn")
        age = year - found["birth_date"].dt.year()
        assert found.height > 0
        assert age.is_between(*ages).all()


def test_registers_hold_more_and_fewer_people_than_shelters(small_population: Population) -> None:
    for year, registers in small_population.registers.items():
        delivered = count(small_population, year).persons
        known = {name: set(registers[name]["bsn"]) for name in ("persons", "income", "care")}
        assert len(known["persons"] - delivered) > 0.2 * len(delivered)
        assert delivered - known["persons"]
        assert (delivered & known["persons"]) - known["income"]
        assert (delivered & known["income"]) - known["persons"]
        assert (delivered & known["persons"]) - known["care"]


def test_events_are_in_order_and_inside_the_windows(demo_population: Population) -> None:
    assert [e.received_at for e in demo_population.events] == sorted(e.received_at for e in demo_population.events)
    moments = [(e.supplier_id, e.reporting_year, e.received_at) for e in demo_population.events]
    assert len(set(moments)) == len(moments)
    for event in demo_population.events:
        assert str(event.received_at.tzinfo) == METHODOLOGY.time_zone
        day = event.received_at.date()
        windows = [
            (each.delivery_start, each.last_delivery_date)
            if event.kind == "deliver"
            else (each.withdrawal_start, each.withdrawal_end)
            for each in delivery_rounds()
            if event.reporting_year in each.reporting_years
        ]
        assert any(start <= day <= end for start, end in windows)
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", event.supplier_id)
        if event.kind == "deliver":
            assert event.file_name is not None
            assert re.fullmatch(rf"DAKL_J{event.reporting_year}_[A-Za-z0-9 ._-]{{1,100}}\.csv", event.file_name)


def test_a_year_of_two_rounds_is_delivered_twice_and_slightly_different(small_population: Population) -> None:
    by_supplier = defaultdict(list)
    for event in deliveries(small_population):
        if event.reporting_year == 2023:
            by_supplier[event.supplier_id].append((event.received_at.year, event.content))
    both = [files for files in by_supplier.values() if {year for year, _ in files} == {2024, 2025}]
    assert len(both) >= 9
    assert all(len({content for _, content in files}) == len(files) for files in both)
    assert len(both) < len(by_supplier)  # somebody leaves it at the first


def test_corrections_rejections_and_withdrawals_happen(demo_population: Population) -> None:
    by_file = defaultdict(list)
    for event in demo_population.events:
        by_file[event.supplier_id, event.reporting_year, event.received_at.year].append(event)
    verdicts = [[e.is_expected_approved for e in events if e.kind == "deliver"] for events in by_file.values()]
    assert any(each.count(True) == 2 for each in verdicts)
    assert any(each[0] is False and each[-1] is True for each in verdicts)
    assert any(each[-1] is False and True in each for each in verdicts)
    assert all(True in each for each in verdicts)
    gone = [e for e in demo_population.events if e.kind == "withdraw"]
    assert {(e.file_name, e.content) for e in gone} == {(None, None)}
    counts_again = {e.supplier_id in selected(demo_population, e.reporting_year) for e in gone}
    assert counts_again == {False, True}


def test_suppliers_are_of_three_kinds(demo_population: Population) -> None:
    kinds = {e.supplier_id.split("-")[0] for e in demo_population.events}
    assert kinds == {"gemeente", "ggd", "mo"}
    assert len({e.supplier_id for e in demo_population.events}) == 100


def test_people_are_known_to_several_suppliers_and_in_several_regions(demo_counts: dict[int, Count]) -> None:
    for found in demo_counts.values():
        assert sum(map(len, found.by_supplier.values())) > 1.05 * len(found.persons)
        assert sum(map(len, found.by_region.values())) > 1.01 * len(found.persons)
        assert len(found.v_number_only) > 50
        assert {r for r in found.reasons if r} >= {"winter", "reversed", "outside", "nowhere", "nobody"}


def test_children_are_with_a_parent_and_count_from_2024(demo_population: Population) -> None:
    for year in demo_population.registers:
        births = dict(demo_population.registers[year]["persons"].select("bsn", "birth_date").iter_rows())
        stays: dict[str, set[tuple[str, str, str]]] = defaultdict(set)
        for event in selected(demo_population, year).values():
            assert event.content is not None
            for row in rows_of(event.content):
                stays[row["bsn"].zfill(9)].add((event.supplier_id, row["gemeentecode"], row["type_opvang"]))
        minors = {bsn for bsn in stays if bsn in births and births[bsn] > date(year - 18, 12, 31)}
        adults = births.keys() - minors
        places = set(itertools.chain.from_iterable(found for bsn, found in stays.items() if bsn in adults))
        share = len(minors) / len(stays)
        assert 0.09 < share < 0.15 if year >= 2024 else 0 < share < 0.02
        assert sum(bool(stays[bsn] & places) for bsn in minors) > 0.95 * len(minors)


@pytest.mark.parametrize(
    ("name", "is_there"),
    [
        ("missing BSN, empty", lambda row, year: row["bsn"] == ""),
        ("missing BSN, nines", lambda row, year: row["bsn"] == "999999999"),
        ("wrong BSN", lambda row, year: len(row["bsn"]) == 9 and not passes_eleven_test(row["bsn"])),
        ("BSN without its zero", lambda row, year: len(row["bsn"]) == 8),
        ("code without its zero", lambda row, year: len(row["gemeentecode"]) == 3),
        ("V-number beside a BSN", lambda row, year: row["bsn"] and row.get("v_nummer")),
        ("V-number alone", lambda row, year: not row["bsn"] and row.get("v_nummer")),
        ("end of the year", lambda row, year: row["einddatum"] == f"{year}-31-12"),
        ("open end", lambda row, year: row["einddatum"] == ""),
        ("end before start", lambda row, year: "" < row["einddatum"] < row["startdatum"]),
        ("starts after the year", lambda row, year: row["startdatum"] > f"{year}-12-31"),
        ("ends before the year", lambda row, year: "" < row["einddatum"] < f"{year}-01-01"),
        ("request after start", lambda row, year: row.get("meldingsdatum", "") > row["startdatum"]),
        ("winteropvang", lambda row, year: row["type_opvang"].zfill(4) == "0204"),
        ("unknown municipality", lambda row, year: row["gemeentecode"] == "9999"),
        ("merged municipality", lambda row, year: year > 2022 and row["gemeentecode"] in ("0501", "0530", "0614")),
        ("divided municipality", lambda row, year: row["gemeentecode"] == "0788"),
        ("six columns", lambda row, year: len(row) == 6),
    ],
)
def test_hard_cases_are_there(
    demo_rows: dict[int, list[dict[str, str]]], name: str, is_there: Callable[[dict[str, str], int], bool]
) -> None:
    assert any(is_there(row, year) for year, rows in demo_rows.items() for row in rows), name


@pytest.mark.parametrize(
    ("name", "sign"),
    [("byte order mark", b"\xef\xbb\xbf"), ("CRLF", b"\r\n"), ("quotes", b'";"')],
)
def test_files_are_written_in_several_ways(demo_population: Population, name: str, sign: bytes) -> None:
    has_sign = {sign in (event.content or b"") for event in deliveries(demo_population)}
    assert has_sign == {False, True}, name


def test_exact_duplicate_rows_are_in_a_file(demo_population: Population) -> None:
    files = [(e.content or b"").splitlines() for e in deliveries(demo_population)]
    assert any(len(set(lines)) < len(lines) for lines in files)


def test_stays_look_like_shelters(demo_rows: dict[int, list[dict[str, str]]]) -> None:
    days: dict[str, list[int]] = defaultdict(list)
    starts: dict[str, int] = defaultdict(int)
    for row in demo_rows[2023]:
        is_ended = "" < row["startdatum"] <= row["einddatum"]
        if is_ended and "2023-31-12" not in (row["startdatum"], row["einddatum"]):
            length = date.fromisoformat(row["einddatum"]) - date.fromisoformat(row["startdatum"])
            days[row["type_opvang"].zfill(4)].append(length.days)
        starts[row["startdatum"][:7]] += 1
    median = {kind: sorted(found)[len(found) // 2] for kind, found in days.items()}
    assert median["0201"] < 30 < median["0301"] < median["0302"]
    assert all(starts[f"2023-{month:02d}"] > 500 for month in range(1, 13))
    assert sum(number for month, number in starts.items() if month < "2023-01") > 2000

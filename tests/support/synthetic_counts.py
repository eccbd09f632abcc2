"""A plain count of a synthetic population, directly from its files, to check the calibration."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from functools import cache

import polars as pl

from dakl_pipeline.reference.code_lists import delivery_rounds, municipal_mergers, municipalities
from dakl_pipeline.synthetic import Event, Population

ELEVEN_TEST = (9, 8, 7, 6, 5, 4, 3, 2, -1)


def passes_eleven_test(bsn: str) -> bool:
    return (
        len(bsn) == 9
        and bsn != "000000000"
        and sum(weight * int(digit) for weight, digit in zip(ELEVEN_TEST, bsn, strict=True)) % 11 == 0
    )


def rows_of(content: bytes) -> list[dict[str, str]]:
    lines = content.decode("utf-8-sig").replace('"', "").splitlines()
    header = lines[0].split(";")
    return [dict(zip(header, line.split(";"), strict=True)) for line in lines[1:]]


def round_of(event: Event) -> int:
    return max(
        each.round
        for each in delivery_rounds()
        if event.reporting_year in each.reporting_years and each.delivery_start <= event.received_at.date()
    )


def selected(population: Population, year: int) -> dict[str, Event]:
    """The most recent approved file of each supplier, unless withdrawn in its round or later."""
    latest: dict[str, Event] = {}
    withdrawn: dict[str, int] = {}
    for event in population.events:
        if event.reporting_year != year:
            continue
        if event.kind == "withdraw":
            withdrawn[event.supplier_id] = round_of(event)
        elif event.is_expected_approved:
            latest[event.supplier_id] = event
    return {s: event for s, event in latest.items() if round_of(event) > withdrawn.get(s, 0)}


@cache
def region_of(code: str, year: int) -> str | None:
    valid = {each.code: each.region_code for each in municipalities() if each.is_valid_in(year)}
    if code in valid:
        return valid[code]
    regions = {region_of(each.new_code, year) for each in municipal_mergers() if each.old_code == code}
    return regions.pop() if len(regions) == 1 else None


@dataclass
class Count:
    """Unique persons with a BSN, in the country, by region and by supplier; and persons with only a V-number."""

    persons: set[str] = field(default_factory=set)
    by_region: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_supplier: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    v_number_only: set[str] = field(default_factory=set)
    reasons: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def _day(text: str, year: int) -> date | None:
    return None if not text else date(year, 12, 31) if text == f"{year}-31-12" else date.fromisoformat(text)


def count(population: Population, year: int) -> Count:
    registers = population.registers[year]
    links = dict(registers["v_numbers"].iter_rows())
    births = dict(registers["persons"].select("bsn", "birth_date").iter_rows())
    result = Count()
    for supplier, event in sorted(selected(population, year).items()):
        assert event.content is not None
        for row in rows_of(event.content):
            bsn, code = row["bsn"].zfill(9), row["gemeentecode"].zfill(4)
            v_number = row.get("v_nummer", "")
            person = bsn if passes_eleven_test(bsn) else links.get(v_number)
            start, end = _day(row["startdatum"], year), _day(row["einddatum"], year)
            assert start is not None
            region = region_of(code, year)
            reason = (
                "winter" if row["type_opvang"].zfill(4) == "0204"
                else "reversed" if end and end < start
                else "outside" if start > date(year, 12, 31) or (end and end < date(year, 1, 1))
                else "nowhere" if region is None
                else "nobody" if person is None and not v_number
                else "minor" if year <= 2023 and person in births and births[person] > date(year - 18, 12, 31)
                else ""
            )  # fmt: skip
            result.reasons[reason] += 1
            if reason or region is None:
                continue
            if person is None:
                result.v_number_only.add(v_number)
                continue
            result.persons.add(person)
            result.by_region[region].add(person)
            result.by_supplier[supplier].add(person)
    return result


def registered(population: Population, year: int, persons: set[str]) -> pl.DataFrame:
    """The counted persons who are in the person register, with their age on 31 December."""
    found = population.registers[year]["persons"].filter(pl.col("bsn").is_in(sorted(persons)))
    return found.with_columns(age=year - pl.col("birth_date").dt.year())

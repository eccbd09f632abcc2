"""The independent count: from events and registers to the figures of a year, the slow and obvious way.

Belongs here: who is one person, which stays count, and the counts (monitor rule 5). Does not belong here: what a single
file must look like (``delivered_file``), which deliveries count (``selection``), or speed.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq

from tests.oracle.delivered_file import METHODOLOGY, Row, placeholders, read_delivered_file, reference_rows
from tests.oracle.selection import Event, select

COUNTRY = "NL"
UNKNOWN = "onbekend"
MISSING_BSN = {"", *METHODOLOGY["missing_bsn_values"]}


@dataclass(frozen=True)
class Figures:
    """The figures of a year; cells of zero are left out everywhere.

    Attributes:
        counts: persons by (region_code, dimension, category).
        coverage: value by (region_code, measure).
        overlap: (persons, persons only here), exact, by (region_code, supplier_id) of every supplier with a stay there.
        selected: index of the event that is the selected delivery, by supplier_id.
        registrations: rows of the selected file, by supplier_id.
    """

    counts: dict[tuple[str, str, str], int]
    coverage: dict[tuple[str, str], int]
    overlap: dict[tuple[str, str], tuple[int, int]]
    selected: dict[str, int]
    registrations: dict[str, int]


@dataclass(frozen=True)
class Person:
    """Who a registration is about: a BSN, or only a V-number."""

    kind: Literal["bsn", "v_number"]
    number: str


@dataclass(frozen=True)
class Stay:
    """A registration of a selected file, with its person and region."""

    supplier_id: str
    row: Row
    region_code: str | None
    person: Person | None
    counts: bool


# --- one registration (monitor rules 5.2, 5.4) ---------------------------------------------------------------------


def is_usable_bsn(bsn: str) -> bool:
    """Whether nine digits are a BSN: not a missing value, not a placeholder, and passing the eleven test."""
    if bsn in MISSING_BSN or bsn in placeholders("bsn"):
        return False
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    return sum(w * int(digit) for w, digit in zip(weights, bsn, strict=True)) % 11 == 0


def identify(row: Row, links: dict[str, str]) -> Person | None:
    """A usable BSN, else the BSN linked to the V-number, else the V-number, else nobody."""
    if is_usable_bsn(row.bsn):
        return Person("bsn", row.bsn)
    if row.v_number in links:
        return Person("bsn", links[row.v_number])
    return Person("v_number", row.v_number) if row.v_number else None


def region_of(gemeente_code: str, year: int) -> str | None:
    """The centrumregio of a municipality in the division of a year, through its successors where it has merged."""
    for gemeente in reference_rows("gemeente_centrumregio.csv"):
        first, last = int(gemeente["valid_from_year"]), int(gemeente["valid_to_year"] or year)
        if gemeente["code"] == gemeente_code and first <= year <= last:
            return gemeente["region_code"]
    mergers = reference_rows("gemeente_herindeling.csv")
    found = {region_of(m["new_code"], year) for m in mergers if m["old_code"] == gemeente_code}
    return found.pop() if len(found) == 1 else None


# --- the year (monitor rules 5.3, 5.5 to 5.7) ----------------------------------------------------------------------


class Registers:
    """The registers of one year, as dictionaries by number."""

    def __init__(self, folder: Path) -> None:
        self.links: dict[str, str] = {r["v_number"]: r["bsn"] for r in _table(folder / "v_numbers.parquet")}
        self.persons = {r["bsn"]: r for r in _table(folder / "persons.parquet")}
        self.income = {r["bsn"]: r for r in _table(folder / "income.parquet")}
        self.care = {r["bsn"]: r for r in _table(folder / "care.parquet")}


def _table(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def age_on_31_december(birth: date, year: int) -> int:
    """Age in whole years on 31 December, when every birthday of the year has passed."""
    return year - birth.year


def _age(person: Person, year: int, registers: Registers) -> int | None:
    entry = registers.persons.get(person.number) if person.kind == "bsn" else None
    return None if entry is None or entry["birth_date"] is None else age_on_31_december(entry["birth_date"], year)


def characteristics(person: Person, year: int, registers: Registers) -> dict[str, str]:
    """The category of a person with a BSN in every dimension that is about the person."""
    entry = registers.persons.get(person.number)
    if entry is None:
        unknown = ("geslacht", "leeftijd", "herkomst", "inkomstenbron", "wmo", "wlz")
        return {"totaal": "totaal", **dict.fromkeys(unknown, UNKNOWN)}
    age, age_class = _age(person, year, registers), UNKNOWN
    for row in reference_rows("age_class.csv"):
        if age is not None and int(row["min_age"]) <= age <= int(row["max_age"] or age):
            age_class = row["category"]
    care = registers.care.get(person.number, {"wmo": False, "wlz": False})
    words = {True: "ja", False: "nee", None: UNKNOWN}
    return {
        "totaal": "totaal",
        "geslacht": entry["sex"] or UNKNOWN,
        "leeftijd": age_class,
        "herkomst": entry["origin"] or UNKNOWN,
        "inkomstenbron": registers.income.get(person.number, {}).get("income_source") or UNKNOWN,
        "wmo": words[care["wmo"]],
        "wlz": words[care["wlz"]],
    }


def stay_counts(row: Row, region: str | None, person: Person | None, year: int, registers: Registers) -> bool:
    """Whether a registration passes every rule for an eligible stay (V-number-only persons included)."""
    published = {t["code"] for t in reference_rows("shelter_type.csv") if t["is_published"] == "true"}
    if row.type_code not in published or region is None or person is None:
        return False
    if row.start > date(year, 12, 31) or (row.end is not None and row.end < date(year, 1, 1)):
        return False
    if row.end is not None and row.end < row.start:
        return False
    age = _age(person, year, registers)
    only_adults = year <= METHODOLOGY["adults_only_until_year"]
    return not (only_adults and age is not None and age < METHODOLOGY["adult_age"])


def _stays(events: Sequence[Event], selected: dict[str, int], year: int, registers: Registers) -> list[Stay]:
    stays, regions = [], dict[str, str | None]()
    for supplier, index in selected.items():
        path = events[index].path
        assert path is not None
        for row in read_delivered_file(path) or []:
            if row.gemeente_code not in regions:
                regions[row.gemeente_code] = region_of(row.gemeente_code, year)
            region, person = regions[row.gemeente_code], identify(row, registers.links)
            stays.append(Stay(supplier, row, region, person, stay_counts(row, region, person, year, registers)))
    return stays


def figures(events: Sequence[Event], registers_folder: Path, year: int) -> Figures:
    """The figures of a year.

    Args:
        events: what the suppliers did, in the order in which it was logged.
        registers_folder: folder with ``<year>/persons.parquet`` and the other registers.
        year: the reporting year.
    """
    registers = Registers(registers_folder / str(year))
    selected = select(events, year)
    stays = _stays(events, selected, year, registers)

    counts: dict[tuple[str, str, str], int] = {}
    coverage: dict[tuple[str, str], int] = {}
    overlap: dict[tuple[str, str], tuple[int, int]] = {}
    for region in [COUNTRY, *(r["code"] for r in reference_rows("centrumregio.csv"))]:
        here = [stay for stay in stays if region in (COUNTRY, stay.region_code)]
        counting = [stay for stay in here if stay.counts and stay.person is not None and stay.person.kind == "bsn"]
        for (dimension, category), persons in _persons_by_category(counting, year, registers).items():
            counts[region, dimension, category] = len(persons)
        for measure, value in _coverage(here, counting, registers).items():
            coverage[region, measure] = value
        for supplier in selected:
            own = {stay.person for stay in counting if stay.supplier_id == supplier}
            others = {stay.person for stay in counting if stay.supplier_id != supplier}
            if any(stay.supplier_id == supplier for stay in here):
                overlap[region, supplier] = (len(own), len(own - others))
    coverage[COUNTRY, "registrations_without_region"] = sum(1 for stay in stays if stay.region_code is None)
    coverage[COUNTRY, "persons_in_several_regions"] = _persons_in_several_regions(stays)
    coverage = {cell: value for cell, value in coverage.items() if value}
    registrations = {supplier: sum(1 for stay in stays if stay.supplier_id == supplier) for supplier in selected}
    return Figures(counts, coverage, overlap, selected, registrations)


def _persons_by_category(counting: list[Stay], year: int, registers: Registers) -> dict[tuple[str, str], set[Person]]:
    ethos = {t["code"]: t["ethos_category"] for t in reference_rows("shelter_type.csv")}
    cells: dict[tuple[str, str], set[Person]] = defaultdict(set)
    for person in {stay.person for stay in counting if stay.person is not None}:
        for cell in characteristics(person, year, registers).items():
            cells[cell].add(person)
    for stay in counting:
        assert stay.person is not None
        cells["ethos", ethos[stay.row.type_code]].add(stay.person)
        cells["type_opvang", stay.row.type_code].add(stay.person)
    return cells


def _coverage(here: list[Stay], counting: list[Stay], registers: Registers) -> dict[str, int]:
    by_v_number = {s.person for s in here if s.counts and s.person is not None and s.person.kind == "v_number"}
    by_bsn = {stay.person.number for stay in counting if stay.person is not None}
    return {
        "registrations": len(here),
        "counting_registrations": sum(1 for stay in here if stay.counts),
        "registrations_without_identifier": sum(1 for stay in here if stay.person is None),
        "persons_v_number_only": len(by_v_number),
        "persons_not_in_register": len(by_bsn - set(registers.persons)),
        "persons_at_several_suppliers": sum(
            1
            for person in {stay.person for stay in counting}
            if len({stay.supplier_id for stay in counting if stay.person == person}) > 1
        ),
        "suppliers": len({stay.supplier_id for stay in here}),
    }


def _persons_in_several_regions(stays: list[Stay]) -> int:
    regions: dict[Person, set[str]] = defaultdict(set)
    for stay in stays:
        if stay.counts and stay.person is not None and stay.person.kind == "bsn" and stay.region_code is not None:
            regions[stay.person].add(stay.region_code)
    return sum(1 for found in regions.values() if len(found) > 1)

"""From eligible stays to unique persons and their counts: per region and country, in the right cells."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakl_pipeline.contracts.columns import Table, validate
from dakl_pipeline.contracts.statistics import (
    PERSON_SHELTER_TYPES,
    PERSON_SUPPLIERS,
    SUPPLIER_OVERLAP,
    UNIQUE_PERSON_COUNTS,
    UNIQUE_PERSONS,
)
from dakl_pipeline.contracts.stays import STAY_ELIGIBILITY
from dakl_pipeline.reference.regions import COUNTRY
from dakl_pipeline.statistics.checks import conforms, persons_have_type_and_supplier
from dakl_pipeline.statistics.count import count_supplier_overlap, count_unique_persons
from dakl_pipeline.statistics.deduplicate import deduplicate

# Person, region, supplier, type of shelter, identified by, exclusion reason.
Stay = tuple[str, str, str, str, str, str | None]


def _stays(*stays: Stay) -> pl.LazyFrame:
    names = ("person_pseudonym", "region_code", "supplier_id", "shelter_type_code", "identified_by", "exclusion_reason")
    rows = [dict(zip(names, (stay[0] * 64, *stay[1:]), strict=True)) for stay in stays]
    unknown = dict.fromkeys(("age_class", "sex", "origin", "income_source", "wmo", "wlz"), "onbekend")
    frame = pl.DataFrame(
        [{**row, **unknown, "year": 2024, "is_in_person_register": False} for row in rows],
        schema_overrides=STAY_ELIGIBILITY.polars_schema,
        schema=STAY_ELIGIBILITY.column_names,
    )
    return frame.lazy()


def _tables(*stays: Stay) -> dict[Table, pl.DataFrame]:
    made = deduplicate(_stays(*stays))
    tables = {
        UNIQUE_PERSONS: made.persons.collect(),
        PERSON_SHELTER_TYPES: made.shelter_types.collect(),
        PERSON_SUPPLIERS: made.suppliers.collect(),
    }
    assert [table.name for table, frame in tables.items() if not validate(table.schema, frame).passed] == []
    assert persons_have_type_and_supplier(*tables.values()).passed
    return tables


def _rows(frame: pl.DataFrame, *columns: str) -> list[tuple[object, ...]]:
    return [(row[0][0], *row[1:]) for row in frame.select("person_pseudonym", "region_code", *columns).rows()]


@pytest.mark.parametrize(
    ("stays", "persons", "types", "suppliers"),
    [
        ([], [], [], []),
        (
            [("a", "CR01", "x", "0301", "bsn", None)],
            [("a", "CR01", True, 1), ("a", "NL", True, 1)],
            [("a", "CR01", "0301"), ("a", "NL", "0301")],
            [("a", "CR01", "x"), ("a", "NL", "x")],
        ),
        # An excluded stay gives no person, no type and no supplier.
        (
            [("a", "CR01", "x", "0301", "bsn", None), ("a", "CR02", "y", "0302", "bsn", "minor")],
            [("a", "CR01", True, 1), ("a", "NL", True, 1)],
            [("a", "CR01", "0301"), ("a", "NL", "0301")],
            [("a", "CR01", "x"), ("a", "NL", "x")],
        ),
        # One person in two regions is one in the country, even when identified by different numbers.
        (
            [("a", "CR01", "x", "0301", "bsn", None), ("a", "CR02", "x", "0302", "v_number_linked", None)],
            [("a", "CR01", True, 2), ("a", "CR02", True, 2), ("a", "NL", True, 2)],
            [("a", "CR01", "0301"), ("a", "CR02", "0302"), ("a", "NL", "0301"), ("a", "NL", "0302")],
            [("a", "CR01", "x"), ("a", "CR02", "x"), ("a", "NL", "x")],
        ),
        # A second stay of the same kind adds nothing; another supplier adds a supplier.
        (
            [("b", "CR01", supplier, "0301", "v_number_only", None) for supplier in ("x", "x", "y")],
            [("b", "CR01", False, 1), ("b", "NL", False, 1)],
            [("b", "CR01", "0301"), ("b", "NL", "0301")],
            [("b", "CR01", "x"), ("b", "CR01", "y"), ("b", "NL", "x"), ("b", "NL", "y")],
        ),
    ],
)
def test_who_is_one_person_where(
    stays: list[Stay],
    persons: list[tuple[object, ...]],
    types: list[tuple[object, ...]],
    suppliers: list[tuple[object, ...]],
) -> None:
    tables = _tables(*stays)
    assert _rows(tables[UNIQUE_PERSONS], "has_bsn", "region_count") == persons
    assert _rows(tables[PERSON_SHELTER_TYPES], "shelter_type_code") == types
    assert _rows(tables[PERSON_SUPPLIERS], "supplier_id") == suppliers


def test_a_characteristic_that_differs_between_stays_of_a_person_breaks_the_contract() -> None:
    """Picking one of them would hide an error in the stages before."""
    stays = _stays(*[("a", "CR01", "x", "0301", "bsn", None)] * 2).with_columns(sex=pl.Series(["man", "vrouw"]))
    outcome = conforms(UNIQUE_PERSONS, deduplicate(stays).persons.collect())
    assert not outcome.passed
    assert "several rows with the same year, region_code, person_pseudonym (4 rows)" in outcome.found


@pytest.mark.parametrize("table", [UNIQUE_PERSONS, PERSON_SHELTER_TYPES, PERSON_SUPPLIERS])
@pytest.mark.parametrize("row", [0, -1])
def test_a_row_that_one_of_the_tables_lacks_is_found(table: Table, row: int) -> None:
    tables = _tables(("a", "CR01", "x", "0301", "bsn", None), ("b", "CR02", "y", "0302", "bsn", None))
    frame = tables[table]
    tables[table] = frame.with_row_index().filter(pl.col("index") != row % frame.height).drop("index")
    assert not persons_have_type_and_supplier(*tables.values()).passed


_STAYS = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        st.sampled_from(["CR01", "CR02", "CR03"]),
        st.sampled_from("xyz"),
        st.sampled_from(["0203", "0301", "0302", "0305"]),
        st.just("bsn"),
        st.sampled_from([None, None, "minor"]),
    ),
    max_size=12,
)


@given(stays=_STAYS, loose=st.sets(st.sampled_from("abcd")), base=st.sampled_from([1, 2, 10]))
def test_counts_and_overlap_are_those_of_sets(stays: list[Stay], loose: set[str], base: int) -> None:
    """Against sets in plain Python: every person with a BSN once per category."""
    stays = [(*stay[:4], "v_number_only" if stay[0] in loose else "bsn", stay[5]) for stay in stays]
    tables = _tables(*stays)
    lazy = {table: frame.lazy() for table, frame in tables.items()}
    counts = count_unique_persons(lazy[UNIQUE_PERSONS], lazy[PERSON_SHELTER_TYPES]).collect()
    overlap = count_supplier_overlap(lazy[UNIQUE_PERSONS], lazy[PERSON_SUPPLIERS], _stays(*stays), base=base).collect()
    assert conforms(UNIQUE_PERSON_COUNTS, counts).passed
    assert conforms(SUPPLIER_OVERLAP, overlap).passed

    counted = [s for s in stays if s[5] is None and s[0] not in loose]
    everywhere = [*counted, *((s[0], COUNTRY, *s[2:]) for s in counted)]
    expected: dict[tuple[str, str, str], set[str]] = {}
    for person, region, _, kind, *_ in everywhere:
        ethos = "2" if kind == "0203" else "3"
        for cell in (("totaal", "totaal"), ("type_opvang", kind), ("ethos", ethos), ("geslacht", "onbekend")):
            expected.setdefault((region, *cell), set()).add(person)
    dimensions = ["totaal", "type_opvang", "ethos", "geslacht"]
    found = counts.filter(pl.col("dimension").is_in(dimensions)).select(pl.exclude("year")).rows()
    assert {row[:3]: row[3] for row in found} == {cell: len(persons) for cell, persons in expected.items()}

    known: dict[tuple[str, str], set[str]] = {
        place: set() for _, region, supplier, *_ in stays for place in ((region, supplier), (COUNTRY, supplier))
    }
    for person, region, supplier, *_ in everywhere:
        known[region, supplier].add(person)
    only_here = {
        (region, supplier): sum(
            not any(person in others for (r, s), others in known.items() if r == region and s != supplier)
            for person in persons
        )
        for (region, supplier), persons in known.items()
    }
    assert {row[1:3]: row[3:] for row in overlap.rows()} == {
        place: (len(persons) // base * base, only_here[place] // base * base) for place, persons in known.items()
    }

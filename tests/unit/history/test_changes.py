"""The changes of a count: persons added and removed, per region and supplier, and the reason for counting again."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakl_pipeline.contracts import HISTORY_TABLES, TABLES
from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.contracts.deliveries import SELECTED
from dakl_pipeline.contracts.history import ALL_SUPPLIERS, CHANGES, EXCLUSIONS_HISTORY
from dakl_pipeline.contracts.statistics import PERSON_SUPPLIERS, UNIQUE_PERSONS
from dakl_pipeline.contracts.stays import STAY_ELIGIBILITY
from dakl_pipeline.history.changes import history_of, selection_changes, why
from dakl_pipeline.history.provenance import REGISTER_DIGEST, StageRecord, Vintage, YearRecord

MOMENT = datetime(2025, 6, 1, 12, tzinfo=UTC)
Person = tuple[str, str, tuple[str, ...], bool]


def stage(**inputs: str) -> StageRecord:
    fields: dict[str, Any] = {"inputs": inputs}
    return StageRecord.model_construct(**fields)


def vintage(**stages: StageRecord) -> Vintage:
    return Vintage.model_construct(
        number=2,
        year=2024,
        counted_at=MOMENT,
        run_id="r",
        reason="",
        versions={},
        stages={"s": stage(key="k"), **stages},
    )


def selection(**files: str) -> pl.DataFrame:
    rows = [{"supplier_id": supplier, "delivery_id": f"00000{n}", "file_name": n} for supplier, n in files.items()]
    return pl.DataFrame(rows, schema={"supplier_id": pl.String, "delivery_id": pl.String, "file_name": pl.String})


def persons(*rows: Person) -> dict[Table, pl.DataFrame]:
    """The tables by which vintages are compared, with an empty selection."""
    unique = [(region, person, known) for region, person, _, known in rows]
    suppliers = [(region, person, supplier) for region, person, found, _ in rows for supplier in found]
    return {
        SELECTED: SELECTED.polars_schema.to_frame(),
        UNIQUE_PERSONS: _frame(UNIQUE_PERSONS, unique, "has_bsn"),
        PERSON_SUPPLIERS: _frame(PERSON_SUPPLIERS, suppliers, "supplier_id"),
    }


def _frame(table: Table, rows: list[Any], column: str) -> pl.DataFrame:
    schema = {name: table.polars_schema[name] for name in ("region_code", "person_pseudonym", column)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def history(
    before: dict[Table, pl.DataFrame], after: dict[Table, pl.DataFrame], stays: pl.DataFrame | None = None
) -> dict[Table, pl.DataFrame]:
    tables = {table: table.polars_schema.to_frame() for table in TABLES.values()} | after
    if stays is not None:
        tables[STAY_ELIGIBILITY] = stays
    return history_of(vintage(), tables=tables, before=before)


def moved(
    before: dict[Table, pl.DataFrame], after: dict[Table, pl.DataFrame]
) -> dict[tuple[str, str], tuple[int, int]]:
    rows = history(before, after)[CHANGES]
    measures = rows.columns[-2:]
    return {(r["region_code"], r["supplier_id"]): (r[measures[0]], r[measures[1]]) for r in rows.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([], [("CR02", "p", ("a",), True)], {("CR02", ALL_SUPPLIERS): (1, 0), ("CR02", "a"): (1, 0)}),
        ([("CR02", "p", ("a",), True)], [], {("CR02", ALL_SUPPLIERS): (0, 1), ("CR02", "a"): (0, 1)}),
        # Another supplier of the same person is not a change of persons.
        ([("CR02", "p", ("a",), True)], [("CR02", "p", ("b",), True)], {}),
        # A person with only a V-number is not counted, and so not added.
        ([], [("CR02", "p", ("a",), False)], {}),
        ([("CR02", "p", ("a",), True)], [("CR02", "p", ("a",), False)], {("CR02", "*"): (0, 1), ("CR02", "a"): (0, 1)}),
        # A person with two suppliers counts once for the region.
        (
            [("CR02", "q", ("a",), True)],
            [("CR02", "p", ("a", "b"), True)],
            {("CR02", "*"): (1, 1), ("CR02", "a"): (1, 1), ("CR02", "b"): (1, 0)},
        ),
        (
            [("CR02", "p", ("a",), True)],
            [("CR01", "p", ("a",), True)],
            {("CR02", "*"): (0, 1), ("CR02", "a"): (0, 1), ("CR01", "*"): (1, 0), ("CR01", "a"): (1, 0)},
        ),
    ],
)
def test_who_is_added_and_removed_is_counted_per_region_and_supplier(
    before: list[Person], after: list[Person], expected: dict[tuple[str, str], tuple[int, int]]
) -> None:
    assert moved(persons(*before), persons(*after)) == expected


_PERSONS = st.lists(
    st.tuples(
        st.sampled_from(["CR01", "CR02", "NL"]),
        st.sampled_from("pqrst"),
        st.sets(st.sampled_from("abc"), min_size=1).map(lambda found: tuple(sorted(found))),
        st.booleans(),
    ),
    unique_by=lambda row: row[:2],
    max_size=12,
)


@given(before=_PERSONS, after=_PERSONS)
def test_before_minus_removed_plus_added_is_after_in_every_region(before: list[Person], after: list[Person]) -> None:
    changes = moved(persons(*before), persons(*after))
    for region in ("CR01", "CR02", "NL"):
        were, are = ({p for r, p, _, known in rows if r == region and known} for rows in (before, after))
        added, removed = changes.get((region, ALL_SUPPLIERS), (0, 0))
        assert (added, removed) == (len(are - were), len(were - are))
        assert len(were) - removed + added == len(are)
        # Everybody has a supplier, so together the suppliers add and remove at least as many.
        of_suppliers = [pair for (r, supplier), pair in changes.items() if r == region and supplier != ALL_SUPPLIERS]
        assert sum(pair[0] for pair in of_suppliers) >= added
        assert sum(pair[1] for pair in of_suppliers) >= removed


def test_a_vintage_has_rows_of_the_contract_of_every_table_of_the_history() -> None:
    found = history(persons(), persons(("CR02", "p", ("a",), True)))
    assert list(map(set, (found, HISTORY_TABLES))) == [set(HISTORY_TABLES)] * 2
    assert {table.name: frame.columns for table, frame in found.items()} == {t.name: t.column_names for t in found}


def test_a_registration_without_region_is_excluded_in_the_country_only() -> None:
    column = next(name for name in STAY_ELIGIBILITY.column_names if name.endswith("_reason"))
    rows = [("CR02", "no_identifier"), (None, "no_region"), ("CR02", None), ("CR02", "no_identifier")]
    stays = pl.DataFrame(rows, schema={"region_code": pl.String, column: pl.String}, orient="row")
    found = history(persons(), persons(), stays)[EXCLUSIONS_HISTORY].select(pl.exclude("year", "vintage")).rows()
    assert sorted(found) == [("CR02", "no_identifier", 2), ("NL", "no_identifier", 2), ("NL", "no_region", 1)]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {}, []),
        ({"a": "1"}, {"a": "1"}, []),
        ({}, {"a": "1"}, ["a: nothing → 1 (000001)"]),
        ({"a": "1"}, {}, ["a: 1 (000001) → nothing"]),
        (
            {"b": "1", "c": "2"},
            {"a": "3", "b": "4", "c": "2"},
            ["a: nothing → 3 (000003)", "b: 1 (000001) → 4 (000004)"],
        ),
    ],
)
def test_a_change_of_the_selection_names_supplier_and_files(
    before: dict[str, str], after: dict[str, str], expected: list[str]
) -> None:
    assert selection_changes(selection(**before), selection(**after)) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, {}, "first count, of 1 files"),
        ({}, {}, "counted again on request"),
        ({"count": stage(settings="1")}, {"count": stage(settings="2")}, "settings changed"),
        ({"count": stage(code="1", key="1")}, {"count": stage(code="2", key="2")}, "code changed; key changed"),
        # A table of another stage changes for a reason that is named.
        (
            {"count": stage(**{"persons.unique": "1"})},
            {"count": stage(**{"persons.unique": "2"})},
            "counted again on request",
        ),
        (
            {"person_register": stage(**{REGISTER_DIGEST: "1"})},
            {"person_register": stage(**{REGISTER_DIGEST: "2"})},
            "register persons changed",
        ),
        ({}, {"count": stage(code="2")}, "counted again on request"),
        # Inputs that another version of the code records under another name have not changed.
        (
            {"count": stage(code="1", settings="1")},
            {"count": stage(code="2", **{"setting adult_age": "18", "code list age_class": "1"})},
            "code changed; code list age_class changed",
        ),
    ],
)
def test_why_a_year_was_counted_again(
    before: dict[str, StageRecord] | None, after: dict[str, StageRecord], expected: str
) -> None:
    one = selection(a="1")
    earlier = None if before is None else vintage(**before)
    assert why(earlier, YearRecord.model_construct(year=2024, stages=after), one, one) == expected


def test_another_file_is_told_before_other_code() -> None:
    after = YearRecord.model_construct(year=2024, stages={"count": stage(code="2")})
    reason = why(vintage(count=stage(code="1")), after, selection(a="1"), selection(a="2"))
    assert reason == "a: 1 (000001) → 2 (000002); code changed"

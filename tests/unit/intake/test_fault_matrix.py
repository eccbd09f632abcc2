"""The fault matrix: the fault of every rule, at the start, in the middle and at the end, among clean rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from dakl_pipeline.deliveries.log import Actor
from dakl_pipeline.intake import content
from dakl_pipeline.intake.catalogue import catalogue, rules_by_id
from resources.storage.delivery_store import DeliveryStore
from resources.workflows.receive import receive
from tests.support.delivery_files import (
    CANARIES,
    COLUMNS,
    HEADER,
    METHODOLOGY,
    NAME,
    basic,
    check,
    lines,
    short,
    with_field,
)
from tests.unit.intake.test_eleven_test import passes

ROWS = 7
BSNS = [f"{n:09d}" for n in range(200_000_000, 200_001_000) if passes(n)][:ROWS]
CREATED = "2025-05-01"
Change = Callable[[str], str]


def good_rows(created: str = CREATED) -> list[str]:
    """Rows without a fault, each about another person."""
    return [f"{created};0141;{bsn};0301;2024-02-05;2024-03-05;2024-02-01;01;" for bsn in BSNS]


def put(**values: str) -> Change:
    """A change of some fields of a row."""

    def change(row: str) -> str:
        for column, value in values.items():
            row = with_field(column, value, row)
        return row

    return change


@dataclass(frozen=True)
class RowFault:
    """A fault in one row.

    Attributes:
        rule: The rule that fires.
        column: The column that it names.
        change: Makes the row wrong.
        places: Indexes of the rows to make wrong, one at a time.
        created: Creation date of the whole file.
    """

    rule: str
    column: str | None
    change: Change
    places: Sequence[int] = (0, ROWS // 2, ROWS - 1)
    created: str = CREATED


def _each(rule: str, *values: str, **more: str) -> list[RowFault]:
    """One value for each column of the rule, or the same value for all of them."""
    columns = rules_by_id()[rule].columns
    given = values * len(columns) if len(values) == 1 else values
    return [RowFault(rule, c, put(**{**more, c: value})) for c, value in zip(columns, given, strict=True)]


YEAR_END = {"startdatum": "2024-12-31", "einddatum": "2024-12-31", "meldingsdatum": "2024-12-31"}

EMPTY_LINES = ("", ";;;;;;;;", ";;;;;", ";" * 20, "   ", " ; ; ;", '"";"";""', '"";"";"";"";"";"";"";"";""')

ROW_FAULTS = [
    *_each("required_empty", ""),
    *_each("date_format", "05-01-2024"),
    *_each("date_nonexistent", "2024-02-30"),
    *_each("code_format", "01410"),
    *_each("shelter_type_unknown", "0202"),
    *_each("bsn_format", "12345678a"),
    *_each("end_reason_unknown", "06"),
    *_each("end_reason_other_standard", "21"),
    *_each("v_number_zero_lost", "291234567"),
    *_each("v_number_format", "29123456789"),
    *_each("v_number_placeholder", "0000000000"),
    *_each("bsn_padded", CANARIES[2][1:]),
    *_each("code_padded", "141", "301"),
    *(
        RowFault("year_end_swapped", column, put(**{**YEAR_END, column: "2024-31-12"}))
        for column in ("startdatum", "einddatum", "meldingsdatum")
    ),
    # The other rows have the same creation date, written correctly.
    RowFault("year_end_swapped", "aanmaakdatum", put(aanmaakdatum="2024-31-12"), created="2024-12-31"),
    *_each("bsn_eleven_test", "123456789"),
    *_each("bsn_missing", "999999999"),
    *_each("gemeente_unknown", "9999"),
    *_each("gemeente_merged", "0501"),
    *_each("gemeente_divided", "0788"),
    *_each("end_before_start", "2024-02-04"),
    RowFault("no_overlap_with_year", None, put(startdatum="2023-02-05", einddatum="2023-03-05", meldingsdatum="")),
    *_each("request_after_start", "2024-02-06"),
    *_each("long_open", "", startdatum="2023-06-01", meldingsdatum=""),
    # The first row sets the creation date, so a later row differs.
    RowFault("creation_date_differs", "aanmaakdatum", put(aanmaakdatum="2025-04-30"), places=(1, ROWS // 2, ROWS - 1)),
    RowFault("field_count", None, lambda row: row + ";"),
    RowFault("field_count", None, lambda row: row.rsplit(";", 2)[0]),
    RowFault("quotes", None, lambda row: '"' + row),
    *(RowFault("special_characters", column, put(**{column: "é"})) for column in COLUMNS),
    RowFault("line_ends", None, lambda row: row.replace(";0141", "\r;0141")),
    RowFault("line_too_long", None, lambda row: row + "x" * 10_000),
    # An empty line after the last row would be no fault: it stands before a row.
    *(RowFault("blank_line", None, partial("{}\n{}".format, empty)) for empty in EMPTY_LINES),
    RowFault("header_repeated", None, lambda _: HEADER),
    RowFault("closing_line", None, lambda _: "Totaal;7"),
]


@pytest.mark.parametrize("block_bytes", [1, 200, 2**20])
@pytest.mark.parametrize("is_quoted", [False, True], ids=["plain", "quoted"])
@pytest.mark.parametrize("fault", ROW_FAULTS, ids=lambda fault: f"{fault.rule}-{fault.column}")
def test_fault_in_a_row(fault: RowFault, is_quoted: bool, block_bytes: int) -> None:
    for place in fault.places:
        rows = good_rows(fault.created)
        neighbours = [f'"{row}"'.replace(";", '";"') for row in rows] if is_quoted else rows
        data = lines(*neighbours[:place], fault.change(rows[place]), *neighbours[place + 1 :])
        verdict = check(data, block_bytes=block_bytes)
        assert short(verdict.findings) == [(fault.rule, place + 2, fault.column)]
        assert verdict.approved == (rules_by_id()[fault.rule].severity != "error")


@pytest.mark.parametrize(
    "fault",
    [f for f in ROW_FAULTS if rules_by_id()[f.rule].column_set == "basic" and f.column in (*COLUMNS[:6], None)],
    ids=lambda fault: f"{fault.rule}-{fault.column}",
)
def test_fault_in_a_row_with_the_basic_columns(fault: RowFault) -> None:
    for place in fault.places:
        rows = good_rows(fault.created)
        changed = fault.change(rows[place])
        # A fault of a whole row keeps all columns; otherwise the optional columns are removed.
        faulty = changed if fault.column is None and fault.rule != "no_overlap_with_year" else basic(changed)
        if fault.rule == "field_count":
            faulty = basic(rows[place]) + ";"
        elif fault.column is None and fault.rule != "no_overlap_with_year":
            faulty = fault.change(basic(rows[place]))
        others = [basic(row) for row in rows]
        data = lines(*others[:place], faulty, *others[place + 1 :], header=basic(HEADER))
        assert short(check(data).findings) == [(fault.rule, place + 2, fault.column)]


@pytest.mark.parametrize("column", COLUMNS)
def test_bytes_that_are_no_utf8(column: str) -> None:
    for place in (0, ROWS // 2, ROWS - 1):
        rows = good_rows()
        rows[place] = with_field(column, "é", rows[place])
        data = lines(*rows).decode().encode("cp1252")
        assert short(check(data).findings) == [("not_utf8", place + 2, column)]


@pytest.mark.parametrize("place", [1, ROWS // 2, ROWS - 1])
def test_a_row_that_clashes_with_the_one_before(place: int) -> None:
    rows = good_rows()
    rows[place] = rows[place - 1]
    assert short(check(lines(*rows)).findings) == [("duplicate_row", place + 2, None)]
    rows[place] = with_field("startdatum", "2024-02-20", rows[place - 1])
    assert short(check(lines(*rows)).findings) == [("overlapping_stays", place + 2, "startdatum")]


def test_a_creation_date_in_the_future_is_one_of_the_whole_file() -> None:
    found = short(check(lines(*good_rows("2025-05-03"))).findings)
    assert found == [("creation_date_future", row, "aanmaakdatum") for row in range(2, ROWS + 2)]


@dataclass(frozen=True)
class FileFault:
    """A fault of the whole file or of its header: the bytes, the name and the year that cause it."""

    rule: str
    row: int | None
    data: bytes
    name: str = NAME
    reporting_year: int | None = None


GOOD = lines(*good_rows())
NAMES = HEADER.split(";")
FILE_FAULTS = [
    FileFault("file_name", None, GOOD, "Almelo.csv", 2024),
    FileFault("file_extension", None, GOOD, "DAKL_J2024_Almelo.xlsx"),
    FileFault("file_name_number", None, GOOD, f"DAKL_J2024_{CANARIES[0]}.csv"),
    FileFault("reporting_year_differs", None, GOOD, reporting_year=2023),
    FileFault("reporting_year_unknown", None, GOOD, "DAKL_J2031_Almelo.csv"),
    FileFault("not_csv", None, b"PK\x03\x04" + GOOD),
    FileFault("utf16", None, GOOD.decode().encode("utf-16")),
    FileFault("line_ends", None, GOOD.replace(b"\n", b"\r")),
    FileFault("no_rows", None, lines()),
    FileFault("separator", 1, lines(*(row.replace(";", ",") for row in good_rows()), header=HEADER.replace(";", ","))),
    FileFault("header_absent", 1, lines(*good_rows()[1:], header=good_rows()[0])),
    FileFault("header_not_first", 1, b"sep=;\n" + GOOD),
    FileFault("header_missing_column", 1, lines(*good_rows(), header=";".join(NAMES[:-1]))),
    FileFault("header_unknown_column", 1, lines(*(row + ";" for row in good_rows()), header=HEADER + ";naam")),
    FileFault("header_duplicate_column", 1, lines(*(row + ";" for row in good_rows()), header=HEADER + ";bsn")),
    FileFault("header_order", 1, lines(*good_rows(), header=";".join([NAMES[1], NAMES[0], *NAMES[2:]]))),
]


@pytest.mark.parametrize("fault", FILE_FAULTS, ids=lambda fault: fault.rule)
def test_fault_of_a_file(fault: FileFault) -> None:
    verdict = check(fault.data, fault.name, reporting_year=fault.reporting_year)
    assert not verdict.approved
    assert short(verdict.findings) == [(fault.rule, fault.row, None)]


def test_a_file_outside_the_delivery_window(tmp_path: Path) -> None:
    file = tmp_path / NAME
    file.write_bytes(GOOD)
    late = datetime(2025, 6, 19, 12, tzinfo=UTC)
    _, verdict = receive(
        DeliveryStore(tmp_path / "log"),
        file,
        supplier_id="almelo",
        received_at=late,
        recorded_at=late,
        actor=Actor("analyst"),
        accept_late=None,
        methodology=METHODOLOGY,
    )
    assert short(verdict.findings) == [("delivery_window", None, None)]


def test_more_registrations_than_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = good_rows()
    rows[-1] = rows[0]
    monkeypatch.setattr(content, "MAX_COMPARED_ROWS", ROWS - 1)
    for block_bytes in (1, 2**20):
        verdict = check(lines(*rows), block_bytes=block_bytes)
        assert (verdict.approved, short(verdict.findings)) == (True, [("not_compared", None, None)])
    monkeypatch.setattr(content, "MAX_COMPARED_ROWS", ROWS)
    assert short(check(lines(*rows)).findings) == [("duplicate_row", ROWS + 1, None)]


# Rules that have a test of their own above.
OTHER_TESTS = {
    "not_utf8",
    "duplicate_row",
    "overlapping_stays",
    "creation_date_future",
    "delivery_window",
    # In test_rules.py, with the findings that accompany them.
    "bsn_placeholder",
    "year_implausible",
    "date_after_creation",
    "not_compared",
    # The file as a whole and files before it: test_profile.py, test_previous.py and test_comparing.py.
    "mostly_outside_year",
    *(rule.id for rule in catalogue().rule if rule.level == 2),
}


def test_every_rule_of_the_catalogue_has_a_fault() -> None:
    tried = {fault.rule for fault in ROW_FAULTS} | {fault.rule for fault in FILE_FAULTS}
    assert tried | OTHER_TESTS == set(rules_by_id())
    assert not tried & OTHER_TESTS


def test_every_column_of_a_rule_has_a_fault() -> None:
    tried = {(fault.rule, fault.column) for fault in ROW_FAULTS}
    expected = {(r.id, column) for r in catalogue().rule for column in r.columns if r.id not in OTHER_TESTS}
    assert expected <= tried

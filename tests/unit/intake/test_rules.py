"""Every rule of the catalogue: one fault in a good file gives its finding on that row and column, and no other."""

import pytest

from dakl_pipeline.intake.catalogue import catalogue
from dakl_pipeline.intake.check import finding
from dakl_pipeline.intake.findings import with_totals
from dakl_pipeline.reference.code_lists import end_reasons
from tests.support.delivery_files import (
    COLUMNS,
    GOOD_ROWS,
    HEADER,
    NAME,
    basic,
    check,
    lines,
    short,
    with_field,
)

Expected = list[tuple[str, int | None, str | None]]
Case = tuple[str, list[str], Expected]
G = GOOD_ROWS
DATES = ("aanmaakdatum", "startdatum", "einddatum", "meldingsdatum")

# A value in a column of the third row of the file (line 3), and the rule that it breaks.
VALUE_FAULTS = [
    *((column, "", "required_empty") for column in ("aanmaakdatum", "gemeentecode", "type_opvang", "startdatum")),
    *(
        (column, value, "date_format")
        for column in DATES
        for value in (
            "2024-1-05",
            "05-01-2024",
            "2024/01/05",
            "20240105",
            " 2024-01-05",
            "2024-01-05 00:00",
            "infinity",
        )
    ),
    *(
        (column, value, "date_nonexistent")
        for column in DATES
        for value in ("2024-02-30", "2023-02-29", "2024-13-01", "2024-00-10", "0000-01-01", "2023-31-12", "2024-30-11")
    ),
    *(
        (column, value, "code_format")
        for column in ("gemeentecode", "type_opvang")
        for value in ("01410", "a141", "-1", "0201 ")
    ),
    *(("type_opvang", value, "shelter_type_unknown") for value in ("0202", "0306", "2", "0000", "9999")),
    *(
        ("bsn", v, "bsn_format")
        for v in ("1234567", "1234567820", "12345678a", "+12345678", "1.2345678", "1e7", " ", "9999")
    ),
    *(("reden_einde", value, "end_reason_unknown") for value in ("1", "06", "00", "01 ", "a", "30")),
    *(("reden_einde", value, "end_reason_other_standard") for value in ("19", "21", "31", "35", "39")),
    *(("v_nummer", value, "v_number_zero_lost") for value in ("291234567", "000000000", "999999999")),
    *(("v_nummer", value, "v_number_format") for value in ("29123456", "29123456789", "V912345678", " ")),
]


@pytest.mark.parametrize(("column", "value", "rule"), VALUE_FAULTS)
def test_value_fault(column: str, value: str, rule: str) -> None:
    verdict = check(lines(G[0], with_field(column, value), G[1]))
    assert not verdict.approved
    assert short(verdict.findings) == [(rule, 3, column)]
    assert verdict.findings[0].severity == "error"


LINE_FAULTS: list[tuple[str, bytes, Expected]] = [
    ("blank line", lines(G[0], "", G[1]), [("blank_line", 3, None)]),
    ("blank lines before the first row", lines("", "", G[1]), [("blank_line", 2, None), ("blank_line", 3, None)]),
    ("too few fields", lines(G[0], G[1][:-1]), [("field_count", 3, None)]),
    ("too many fields", lines(G[0], G[1] + ";"), [("field_count", 3, None)]),
    ("only spaces", lines(G[0], "  ", G[1]), [("blank_line", 3, None)]),
    ("only separators", lines(G[0], ";;;;;;;;", ";;", G[1]), [("blank_line", 3, None), ("blank_line", 4, None)]),
    ("header again", lines(G[0], HEADER, G[1]), [("header_repeated", 3, None)]),
    (
        "header again, written otherwise",
        lines(G[0], f'"{HEADER.upper()}"'.replace(";", '";"')),
        [("header_repeated", 3, None)],
    ),
    ("header again, with a byte order mark", lines(G[0], f"\ufeff{HEADER}", G[1]), [("header_repeated", 3, None)]),
    ("no-break spaces only", lines(G[0], "\u00a0;\u00a0;", G[1]), [("blank_line", 3, None)]),
    ("number of rows", lines(G[0], "1 registratie"), [("closing_line", 3, None)]),
    ("number of rows in fields", lines(G[0], "12 rijen;;;;;;;;"), [("closing_line", 3, None)]),
    ("basic header again", lines(G[0], basic(HEADER), G[1]), [("header_repeated", 3, None)]),
    ("total", lines(G[0], G[1], "Totaal: 2"), [("closing_line", 4, None)]),
    ("total in another column", lines(G[0], ";;totaal;2;;;;;"), [("closing_line", 3, None)]),
    ("count", lines(G[0], "Aantal cli\u00ebnten;2"), [("closing_line", 3, None)]),
    (
        "note of the software",
        lines(G[0], "", "Gegenereerd op 1-5-2025"),
        [("blank_line", 3, None), ("closing_line", 4, None)],
    ),
    ("unclosed quote", lines(G[0], '"' + G[1], G[1]), [("quotes", 3, None)]),
    ("text after a quote", lines(G[0], f'"2025-05-01"x{G[1][10:]}', G[1]), [("quotes", 3, None)]),
    ("accent", lines(with_field("reden_einde", "é"), G[1]), [("special_characters", 2, "reden_einde")]),
    ("no-break space", lines(with_field("bsn", "\u00a0"), G[1]), [("special_characters", 2, "bsn")]),
    (
        "digit of another script",
        lines(with_field("startdatum", "2024-01-0５")),
        [("special_characters", 2, "startdatum")],
    ),
    ("tab", lines(with_field("bsn", "\t")), [("special_characters", 2, "bsn")]),
    ("NUL", lines(with_field("bsn", "\0")), [("special_characters", 2, "bsn")]),
    ("accent on a line that cannot be split", lines("é"), [("field_count", 2, None), ("special_characters", 2, None)]),
    ("cp1252", lines(G[0], with_field("bsn", "é")).decode().encode("cp1252"), [("not_utf8", 3, "bsn")]),
    ("lone CR", lines(G[0], with_field("bsn", "1\r2")), [("line_ends", 3, None)]),
    ("long line", lines(G[0], "x" * 10_001, G[1]), [("line_too_long", 3, None)]),
    ("no rows", lines(), [("no_rows", None, None)]),
]


@pytest.mark.parametrize(("data", "expected"), [x[1:] for x in LINE_FAULTS], ids=[x[0] for x in LINE_FAULTS])
def test_line_fault(data: bytes, expected: Expected) -> None:
    verdict = check(data)
    assert not verdict.approved
    assert short(verdict.findings) == expected


FILE_FAULTS: list[tuple[str, bytes, str, int | None, Expected]] = [
    ("name", lines(*G), "DAKL_2024.csv", 2024, [("file_name", None, None)]),
    ("ending of a spreadsheet", lines(*G), "DAKL_J2024_x.xlsx", None, [("file_extension", None, None)]),
    ("capitals", lines(*G), "DAKL_J2024_x.CSV", None, [("file_extension", None, None)]),
    ("spreadsheet by name too", b"PK\x03\x04" + bytes(100), "DAKL_J2024_x.xlsx", None, [("not_csv", None, None)]),
    ("zip with another name", b"PK\x03\x04", "x.zip", 2024, [("file_name", None, None), ("not_csv", None, None)]),
    ("number in name", lines(*G), "DAKL_J2024_123456782.csv", None, [("file_name_number", None, None)]),
    ("another year", lines(*G), NAME, 2023, [("reporting_year_differs", None, None)]),
    ("unknown year", lines(*G), "DAKL_J2031_x.csv", None, [("reporting_year_unknown", None, None)]),
    ("spreadsheet", b"PK\x03\x04" + bytes(100), NAME, None, [("not_csv", None, None)]),
    ("old spreadsheet", b"\xd0\xcf\x11\xe0" + bytes(100), NAME, None, [("not_csv", None, None)]),
    ("pdf", b"%PDF-1.7\n", NAME, None, [("not_csv", None, None)]),
    ("UTF-16", lines(*G).decode().encode("utf-16"), NAME, None, [("utf16", None, None)]),
    ("UTF-16 without mark", lines(*G).decode().encode("utf-16-be"), NAME, None, [("utf16", None, None)]),
    ("old Mac", lines(*G, end="\r"), NAME, None, [("line_ends", None, None)]),
]


@pytest.mark.parametrize(
    ("data", "name", "year", "expected"), [x[1:] for x in FILE_FAULTS], ids=[x[0] for x in FILE_FAULTS]
)
def test_file_fault(data: bytes, name: str, year: int | None, expected: Expected) -> None:
    verdict = check(data, name, reporting_year=year)
    assert not verdict.approved
    assert short(verdict.findings) == expected


def stay(start: str, end: str, bsn: str = "123456782", **fields: str) -> str:
    row = with_field("einddatum", end, with_field("startdatum", start, with_field("bsn", bsn)))
    for column, value in {"meldingsdatum": "", **fields}.items():
        row = with_field(column, value, row)
    return row


def case(name: str, rows: list[str], *found: tuple[str, int | None, str | None]) -> Case:
    return name, rows, list(found)


# Rows of an approved file, and what is found besides.
CONTENT: list[Case] = [
    ("eleven test", [G[1], with_field("bsn", "123456789")], [("bsn_eleven_test", 3, "bsn")]),
    ("nine zeros", [with_field("bsn", "000000000")], [("bsn_missing", 2, "bsn")]),
    ("eight zeros", [with_field("bsn", "00000000")], [("bsn_missing", 2, "bsn"), ("bsn_placeholder", 2, "bsn")]),
    ("test number", [with_field("bsn", "111111110")], [("bsn_missing", 2, "bsn"), ("bsn_placeholder", 2, "bsn")]),
    (
        "test number and V-number",
        [with_field("bsn", "111111110", with_field("v_nummer", "2912345678"))],
        [("bsn_placeholder", 2, "bsn")],
    ),
    *(
        case(f"V-number {number}", [with_field("v_nummer", number)], ("v_number_placeholder", 2, "v_nummer"))
        for number in ("0000000000", "9999999999", "1111111111", "1234567890", "0123456789")
    ),
    (
        "V-number that is none, and no BSN",
        [with_field("v_nummer", "0000000000", with_field("bsn", ""))],
        [("bsn_missing", 2, "bsn"), ("v_number_placeholder", 2, "v_nummer")],
    ),
    *(
        case(f"start in {year}", [stay(f"{year}-01-05", "2024-02-03")], ("year_implausible", 2, "startdatum"))
        for year in ("0024", "0202", "1024", "1899", "1900", "1985", "2003")
    ),
    ("start long ago", [stay("2004-01-05", "2024-02-03")], []),
    (
        "start in 2204",
        [stay("2204-01-05", "")],
        [("no_overlap_with_year", 2, None), ("year_implausible", 2, "startdatum")],
    ),
    *(
        case(f"end in {year}", [stay("2024-01-05", f"{year}-02-03")], ("year_implausible", 2, "einddatum"))
        for year in ("2204", "9999", "2027")
    ),
    (
        "end in 1900",
        [stay("2024-01-05", "1900-01-01")],
        [("no_overlap_with_year", 2, None), ("end_before_start", 2, "einddatum"), ("year_implausible", 2, "einddatum")],
    ),
    (
        "request in 1900",
        [stay("2024-01-05", "", meldingsdatum="1900-01-01")],
        [("year_implausible", 2, "meldingsdatum")],
    ),
    ("made in 1925", [with_field("aanmaakdatum", "1925-05-01")], [("year_implausible", 2, "aanmaakdatum")]),
    ("made before the year", [with_field("aanmaakdatum", "2023-12-31")], [("year_implausible", 2, "aanmaakdatum")]),
    (
        "stay after the file was made",
        [with_field("aanmaakdatum", "2024-02-01", stay("2024-11-05", "2024-12-05"))],
        [("date_after_creation", 2, "startdatum"), ("date_after_creation", 2, "einddatum")],
    ),
    (
        "still there at the end of the year",
        [with_field("aanmaakdatum", "2024-12-20", stay("2024-11-05", "2024-12-31"))],
        [],
    ),
    ("end after the file was made", [stay("2024-01-05", "2025-06-01")], [("date_after_creation", 2, "einddatum")]),
    (
        "request after the file was made",
        [stay("2024-01-05", "", meldingsdatum="2025-05-02")],
        [("date_after_creation", 2, "meldingsdatum"), ("request_after_start", 2, "meldingsdatum")],
    ),
    ("on the day the file was made", [stay("2024-01-05", "2025-05-01")], []),
    ("no BSN", [with_field("bsn", "")], [("bsn_missing", 2, "bsn")]),
    ("dummy BSN", [with_field("bsn", "999999999")], [("bsn_missing", 2, "bsn")]),
    ("dummy BSN and V-number", [with_field("bsn", "999999999", with_field("v_nummer", "2912345678"))], []),
    ("8 digits", [with_field("bsn", "10464554")], [("bsn_padded", 2, "bsn")]),
    ("short municipality", [with_field("gemeentecode", "141")], [("code_padded", 2, "gemeentecode")]),
    ("short type", [with_field("type_opvang", "201")], [("code_padded", 2, "type_opvang")]),
    ("unknown municipality", [G[1], with_field("gemeentecode", "9999")], [("gemeente_unknown", 3, "gemeentecode")]),
    ("merged municipality", [with_field("gemeentecode", "0501")], [("gemeente_merged", 2, "gemeentecode")]),
    ("divided municipality", [with_field("gemeentecode", "0788")], [("gemeente_divided", 2, "gemeentecode")]),
    ("end before start", [stay("2024-02-02", "2024-02-01")], [("end_before_start", 2, "einddatum")]),
    ("end on start", [stay("2024-02-02", "2024-02-02")], []),
    ("before the year", [stay("2023-02-02", "2023-12-31")], [("no_overlap_with_year", 2, None)]),
    ("up to the first day", [stay("2023-02-02", "2024-01-01")], []),
    ("after the year", [stay("2025-01-01", "")], [("no_overlap_with_year", 2, None)]),
    ("from the last day", [stay("2024-12-31", "2025-02-01")], []),
    (
        "request after start",
        [stay("2024-02-02", "", meldingsdatum="2024-02-03")],
        [("request_after_start", 2, "meldingsdatum")],
    ),
    ("request on start", [stay("2024-02-02", "", meldingsdatum="2024-02-02")], []),
    ("365 days open", [stay("2024-01-01", "")], []),
    ("366 days open", [stay("2023-12-31", "")], [("long_open", 2, "einddatum")]),
    ("366 days, still there", [stay("2023-12-31", "2024-12-31")], [("long_open", 2, "einddatum")]),
    ("366 days, later end", [stay("2023-12-31", "2025-01-10")], [("long_open", 2, "einddatum")]),
    ("long, but ended", [stay("2020-12-31", "2024-12-30")], []),
    ("created tomorrow", [with_field("aanmaakdatum", "2025-05-03")], [("creation_date_future", 2, "aanmaakdatum")]),
    ("created today", [with_field("aanmaakdatum", "2025-05-02")], []),
    ("created apart", [G[1], with_field("aanmaakdatum", "2025-04-30")], [("creation_date_differs", 3, "aanmaakdatum")]),
    ("swapped start", [stay("2024-31-12", "")], [("year_end_swapped", 2, "startdatum")]),
    ("swapped end", [stay("2024-12-31", "2024-31-12")], [("year_end_swapped", 2, "einddatum")]),
    (
        "swapped request",
        [stay("2024-12-31", "", meldingsdatum="2024-31-12")],
        [("year_end_swapped", 2, "meldingsdatum")],
    ),
    ("swapped creation date", [with_field("aanmaakdatum", "2024-31-12")], [("year_end_swapped", 2, "aanmaakdatum")]),
    ("duplicate", [G[0], G[1], G[0], G[0]], [("duplicate_row", 4, None), ("duplicate_row", 5, None)]),
    ("duplicate without BSN", [G[2], G[2]], [("duplicate_row", 3, None)]),
    (
        "duplicate as read",
        [stay("2024-12-31", "2024-12-31"), stay("2024-12-31", "2024-31-12")],
        [("duplicate_row", 3, None), ("year_end_swapped", 3, "einddatum")],
    ),
    (
        "overlap",
        [stay("2024-02-01", "2024-03-01"), stay("2024-02-29", "2024-04-01")],
        [("overlapping_stays", 3, "startdatum")],
    ),
    (
        "overlap, later row starts earlier",
        [stay("2024-02-29", "2024-04-01"), stay("2024-02-01", "2024-03-01")],
        [("overlapping_stays", 2, "startdatum")],
    ),
    (
        "overlap with an open stay",
        [stay("2024-02-01", ""), stay("2024-05-01", "2024-06-01")],
        [("overlapping_stays", 3, "startdatum")],
    ),
    ("touching", [stay("2024-02-01", "2024-03-01"), stay("2024-03-01", "2024-04-01")], []),
    ("touching without length", [stay("2024-02-01", "2024-03-01"), stay("2024-02-01", "2024-02-01")], []),
    ("another type", [stay("2024-02-01", "2024-03-01"), stay("2024-02-02", "", type_opvang="0301")], []),
    ("another person", [stay("2024-02-01", "2024-03-01"), stay("2024-02-02", "", bsn="111222333")], []),
    (
        "overlap of a BSN that fails",
        [stay("2024-02-01", "", bsn="123456789"), stay("2024-02-02", "", bsn="123456789")],
        [("bsn_eleven_test", 2, "bsn"), ("bsn_eleven_test", 3, "bsn")],
    ),
]


@pytest.mark.parametrize(("rows", "expected"), [x[1:] for x in CONTENT], ids=[x[0] for x in CONTENT])
def test_content(rows: list[str], expected: Expected) -> None:
    verdict = check(lines(*rows))
    assert verdict.approved
    assert short(verdict.findings) == expected


def test_good_file_has_no_findings() -> None:
    verdict = check(lines(*G))
    assert (verdict.approved, verdict.findings) == (True, ())
    assert (verdict.registrations, verdict.reporting_year, verdict.columns) == (4, 2024, "optional")


def test_good_basic_file_has_no_findings() -> None:
    verdict = check(lines(basic(G[0]), basic(G[1]), header=basic(HEADER)))
    assert (verdict.approved, verdict.findings, verdict.columns) == (True, (), "basic")


def test_type_of_a_later_year_is_unknown_before() -> None:
    rows = [with_field("type_opvang", "0305", with_field("startdatum", "2023-05-05", with_field("einddatum", "")))]
    assert short(check(lines(*rows), "DAKL_J2023_x.csv").findings) == [("shelter_type_unknown", 2, "type_opvang")]


def test_all_faults_of_a_file_in_one_go_in_order() -> None:
    rows = [with_field("bsn", "x", with_field("startdatum", "")), "", G[0] + ";", with_field("gemeentecode", "é")]
    verdict = check(lines(*rows), "x.csv", reporting_year=2024)
    assert short(verdict.findings) == [
        ("file_name", None, None),
        ("bsn_format", 2, "bsn"),
        ("required_empty", 2, "startdatum"),
        ("blank_line", 3, None),
        ("field_count", 4, None),
        ("special_characters", 5, "gemeentecode"),
    ]


def test_a_rejected_file_has_no_content_findings() -> None:
    verdict = check(lines(with_field("bsn", "123456789"), with_field("bsn", "x")))
    assert short(verdict.findings) == [("bsn_format", 3, "bsn")]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        (with_field("bsn", "x"), "bsn_format"),
        (with_field("bsn", "10464554", stay("2024-02-02", "2024-02-02")), "bsn_padded"),
        (G[0] + ";", "field_count"),
        ("é", "special_characters"),
        (stay("2024-02-02", "2024-02-02"), "duplicate_row"),
    ],
)
def test_at_most_a_thousand_findings_for_a_rule_then_the_total(row: str, rule: str) -> None:
    verdict = check(lines(*[row] * 1_500))
    count = 1_499 if rule == "duplicate_row" else 1_500
    assert verdict.counts_by_rule()[rule] == count
    assert [f.row for f in verdict.findings if f.rule == rule] == list(range(1_502 - count, 2_502 - count))
    listed = with_totals(verdict.findings, verdict.counts_by_rule())
    found = [f for f in listed if f.rule == rule]
    assert len(found) == 1_001
    assert found[0].row is None
    assert str(count) in found[0].message


def test_every_rule_of_the_catalogue_is_shown_to_fire() -> None:
    shown = {rule for _, _, rule in VALUE_FAULTS}
    shown |= {f[0] for *_, expected in LINE_FAULTS for f in expected}
    shown |= {f[0] for *_, expected in FILE_FAULTS for f in expected}
    shown |= {f[0] for *_, expected in CONTENT for f in expected}
    # Elsewhere: the header (test_header.py), and rules that need the log, an earlier file or a huge file.
    elsewhere = {r.id for r in catalogue().rule if r.id.startswith("header_")} - {"header_repeated"}
    elsewhere |= {"separator", "delivery_window", "not_compared", "mostly_outside_year"}
    elsewhere |= {r.id for r in catalogue().rule if r.level == 2}
    assert shown | elsewhere == {rule.id for rule in catalogue().rule}
    assert not shown & elsewhere


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("21", "21 is in iWmo beëindigd door de cliënt, dan 03 (voortijdig, eenzijdig door cliënt)."),
        ("32", "32 is in iJw beëindigd door de cliënt, dan 03 (voortijdig, eenzijdig door cliënt)."),
        ("31", "31 is in iWmo verhuizing, dan 05 (externe omstandigheden); in iJw beëindigd volgens plan, dan 01 ("),
        ("38", "38 is in iWmo en iJw overgang naar een andere aanbieder, dan geen van onze codes."),
    ],
)
def test_a_code_of_another_standard_says_what_was_meant(code: str, said: str) -> None:
    (found,) = check(lines(G[1], with_field("reden_einde", code))).findings
    assert (found.rule, found.row) == ("end_reason_other_standard", 3)
    assert said in found.message


def test_the_reasons_of_ending_are_in_the_order_of_the_sister_protocol() -> None:
    words = ("plan", "overeenstemming", "cliënt", "aanbieder", "externe")
    assert [(r.code, w in r.name) for r, w in zip(end_reasons(), words, strict=True)] == [
        (f"0{n}", True) for n in range(1, 6)
    ]


def test_a_finding_can_be_made_for_the_delivery_window() -> None:
    made = finding("delivery_window", year=2024, windows="24 april tot en met 18 juni 2025")
    assert (made.severity, made.row, made.column) == ("error", None, None)
    assert "18 juni 2025" in made.message


def test_columns_of_the_tests_are_those_of_the_catalogue() -> None:
    assert tuple(COLUMNS) == catalogue().columns("optional")

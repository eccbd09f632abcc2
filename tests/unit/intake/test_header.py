"""The header line: matching, the texts in findings, and when rows are still checked."""

import pytest

from tests.support.delivery_files import CANARIES, GOOD_ROWS, HEADER, basic, check, lines, short, with_field

NAMES = HEADER.split(";")


@pytest.mark.parametrize(
    "header",
    [
        HEADER.upper(),
        "Aanmaak-Datum;Gemeente code;B S N;TypeOpvang;start_datum; eind datum ;MELDINGSDATUM;reden-einde;V nummer",
        '"' + HEADER.replace(";", '";"') + '"',
        "\ufeff" + HEADER,
        '\ufeff"' + HEADER.replace(";", '";"') + '"',
    ],
)
def test_headers_that_match(header: str) -> None:
    verdict = check(lines(*GOOD_ROWS, header=header))
    assert (verdict.approved, verdict.columns) == (True, "optional")


@pytest.mark.parametrize(
    ("header", "rules", "named"),
    [
        (";".join(NAMES[:5]), ["header_missing_column"], ["einddatum"]),
        (";".join(NAMES[:7]), ["header_missing_column"], ["reden_einde", "v_nummer"]),
        (";".join(NAMES[1:]), ["header_missing_column"], ["aanmaakdatum"]),
        (HEADER + ";naam", ["header_unknown_column"], ["plaats 10"]),
        (HEADER + ";", ["header_unknown_column"], ["plaats 10"]),
        (HEADER + ";bsn", ["header_duplicate_column"], ["bsn"]),
        (HEADER.replace("bsn;type_opvang", "type_opvang;bsn"), ["header_order"], ["bsn", "type_opvang"]),
        (HEADER.replace("bsn", "nr"), ["header_missing_column", "header_unknown_column"], ["bsn", "plaats 3"]),
        (HEADER.replace(";", ","), ["separator"], ["komma"]),
        (HEADER.replace(";", "\t"), ["separator"], ["tab"]),
        (HEADER.replace(";", "|"), ["separator"], ["strepen"]),
        ("", ["header_absent"], []),
        ("#", ["header_absent"], []),
        ('"' + HEADER, ["quotes"], []),
        (HEADER.replace("bsn", "bsn\r"), ["line_ends"], []),
        (HEADER.replace("bsn", "bsné"), ["header_missing_column", "header_unknown_column", "special_characters"], []),
        ("a;" * 5_001, ["line_too_long"], []),
    ],
)
def test_header_fault(header: str, rules: list[str], named: list[str]) -> None:
    verdict = check(lines(*GOOD_ROWS, header=header))
    assert short(verdict.findings) == [(rule, 1, None) for rule in rules]
    assert (verdict.approved, verdict.columns) == (False, None)
    messages = " ".join(f.message for f in verdict.findings)
    assert all(text in messages for text in named)
    assert verdict.registrations == 4


def test_rows_are_checked_by_place_when_only_names_are_unknown() -> None:
    data = lines(with_field("bsn", "x"), header=HEADER.replace("startdatum", "begin"))
    assert ("bsn_format", 2, "bsn") in short(check(data).findings)


def test_rows_are_not_checked_by_place_when_places_are_uncertain() -> None:
    data = lines(with_field("bsn", "x"), header=HEADER.replace("bsn;type_opvang", "type_opvang;bsn"))
    assert short(check(data).findings) == [("header_order", 1, None)]


def test_a_file_without_header_is_named_as_such_and_its_rows_are_not_repeated() -> None:
    verdict = check(lines(*GOOD_ROWS[1:], header=GOOD_ROWS[0]))
    assert short(verdict.findings) == [("header_absent", 1, None)]
    assert not any(number in f.message for f in verdict.findings for number in CANARIES)


def test_special_characters_and_blank_lines_are_found_below_an_unusable_header() -> None:
    data = lines("é", "", "x", header="naam;bsn")
    assert [f for f in short(check(data).findings) if f[1] != 1] == [
        ("special_characters", 2, None),
        ("blank_line", 3, None),
    ]


def test_basic_columns_with_rows_of_nine_fields() -> None:
    assert short(check(lines(GOOD_ROWS[0], header=basic(HEADER))).findings) == [("field_count", 2, None)]


@pytest.mark.parametrize(
    "above",
    [["sep=;"], [""], ["Aanlevering 2024", ""], ["# é"], ["x"] * 19, ['"'], [GOOD_ROWS[0]]],
    ids=["sep", "blank", "title", "comment", "many", "quote", "row"],
)
def test_rows_below_a_header_that_is_not_the_first_line_are_checked_too(above: list[str]) -> None:
    data = lines(*above[1:], HEADER, GOOD_ROWS[0], with_field("bsn", "x"), header=above[0])
    verdict = check(data)
    place = len(above) + 1
    assert short(verdict.findings) == [("header_not_first", 1, None), ("bsn_format", place + 2, "bsn")]
    assert f"regel {place};" in verdict.findings[0].message
    assert verdict.registrations == 2


@pytest.mark.parametrize(
    "above", [["x" * 99] * 20, ["bsn"], [HEADER]], ids=["too far", "half a header", "header twice"]
)
def test_a_header_further_on_is_not_taken_for_the_header(above: list[str]) -> None:
    verdict = check(lines(*above[1:], HEADER, GOOD_ROWS[0], header=above[0]))
    assert not verdict.approved
    assert "header_not_first" not in verdict.counts_by_rule()

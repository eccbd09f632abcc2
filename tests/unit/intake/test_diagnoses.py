"""Causes of many findings: one sentence for each cause, from the form of the values and without any value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakl_pipeline.intake.diagnoses import Diagnosis, diagnosis_catalogue
from dakl_pipeline.privacy.redaction import holds_number
from tests.support.delivery_files import CANARIES, COLUMNS, GOOD_ROWS, HEADER, check, lines, with_field

GOOD = GOOD_ROWS[0]


def told(data: bytes) -> list[tuple[str, tuple[str, ...], int]]:
    """The diagnoses of a file as ``(id, columns, count)``."""
    return [(each.id, each.columns, each.count) for each in check(data).diagnoses]


# A value in a column, and its cause.
FORMS = [
    *(("startdatum", value, "date_day_first") for value in ("05-01-2024", "31-12-2024")),
    *(("einddatum", v, "date_day_first_otherwise") for v in ("5/1/2024", "5-1-24", "05.01.2024", "05-01-2024 00:00")),
    *(("startdatum", value, "date_month_first") for value in ("1/31/2024", "12-25-2024")),
    *(("aanmaakdatum", value, "date_digits_only") for value in ("20240105", "20250501")),
    *(("startdatum", v, "date_with_time") for v in ("2024-01-05 00:00:00", "2024-01-05T00:00:00Z", "2024-01-05 0:00")),
    *(("startdatum", value, "date_serial_number") for value in ("45296", "45296.5", "45296,75")),
    *(("startdatum", value, "date_other_marks") for value in ("2024/01/05", "2024-1-5", "2024.01.05")),
    *(("startdatum", v, "date_in_words") for v in ("5 jan 2024", "05-jan-24", "5 januari 2024", "vr 5 jan. 2024")),
    *(("startdatum", value, "date_day_and_month_swapped") for value in ("2024-13-01", "2024-30-11")),
    *(("einddatum", value, "date_day_unknown") for value in ("2024-01-00", "2024-00-00")),
    *(("einddatum", value, "word_for_empty") for value in ("NULL", "n.v.t.", "-", "onbekend", "0000-00-00", " ")),
    *(("bsn", value, "word_for_empty") for value in ("NaN", "nvt", "?", "geen")),
    *(("bsn", value, "scientific_notation") for value in ("1,23E+08", "1.23457E+8", "2e8")),
    *(("bsn", value, "decimals") for value in (f"{CANARIES[0]}.0", f"{CANARIES[0]},00")),
    *(("gemeentecode", value, "decimals") for value in ("141.0", "0141,0")),
    *(("bsn", value, "numbers_in_groups") for value in ("1234.56.782", "123 456 782", "123-456-782", "123.456.782")),
    *(("bsn", value, "spaces_around") for value in (f" {CANARIES[0]}", f"{CANARIES[0]} ")),
    *(("type_opvang", value, "spaces_around") for value in ("0201 ", "  0201")),
    *(("startdatum", value, "spreadsheet_errors") for value in ("##########", "#N/B", "#WAARDE!")),
    *(("gemeentecode", value, "text_marks") for value in ("'0141", "=0141", "`0141")),
    *(("gemeentecode", value, "municipality_with_prefix") for value in ("GM0141", "gm141")),
    *(("gemeentecode", value, "words_for_codes") for value in ("Almelo", "'s-Gravenhage", "0141 Almelo")),
    *(("type_opvang", value, "words_for_codes") for value in ("nachtopvang", "0201 nachtopvang", "24-uursopvang")),
    *(("reden_einde", value, "words_for_codes") for value in ("volgens plan", "01 beeindigd volgens plan")),
    *(("reden_einde", value, "zeros_lost") for value in ("1", "5")),
    ("v_nummer", "291234567", "zeros_lost"),
    ("gemeentecode", "141", "zeros_lost"),
    ("bsn", CANARIES[2][1:], "zeros_lost"),
    ("bsn", "2912345678", "v_numbers_as_bsn"),
    *(("v_nummer", value, "v_number_with_letter") for value in ("V2912345678", "v-2912345678")),
    *(("reden_einde", value, "end_reasons_of_iwmo_and_ijw") for value in ("19", "39")),
    *(("gemeentecode", value, "columns_shifted") for value in (CANARIES[0], "2024-01-05")),
    *(("bsn", value, "columns_shifted") for value in ("0201", "2024-01-05", "5-1-2024")),
    *(("startdatum", value, "columns_shifted") for value in ("0201", CANARIES[0])),
    *(("type_opvang", value, "columns_shifted") for value in (CANARIES[0], "2024-01-05", "0363")),
    *(("reden_einde", value, "columns_shifted") for value in ("2024-01-05", "2912345678")),
    *(("v_nummer", value, "columns_shifted") for value in ("01", "2024-01-05")),
    *((column, "", "column_empty") for column in ("aanmaakdatum", "gemeentecode", "type_opvang", "startdatum")),
]


@pytest.mark.parametrize(("column", "value", "cause"), FORMS)
def test_a_form_of_all_values_of_a_column(column: str, value: str, cause: str) -> None:
    assert told(lines(*[with_field(column, value)] * 20)) == [(cause, (column,), 20)]


# Emptiness is a cause only of a whole column.
@pytest.mark.parametrize(("column", "value", "cause"), [f for f in FORMS if f[2] != "column_empty"])
@pytest.mark.parametrize("block_bytes", [1, 2**20])
def test_a_form_of_some_values_of_a_column(column: str, value: str, cause: str, block_bytes: int) -> None:
    data = lines(*[GOOD] * 3, *[with_field(column, value)] * 2)
    (found,) = check(data, block_bytes=block_bytes).diagnoses
    assert (found.id, found.columns, found.count) == (cause, (column,), 2)
    # In the good rows the V-number is empty, so every filled V-number is wrong.
    assert ("2 van de 5 " in found.message) == (column != "v_nummer")


def _joined(row: str, separator: str) -> str:
    return row.replace(";", separator)


LINES = [
    (_joined(GOOD, ","), "lines_with_commas"),
    (_joined(GOOD, "\t"), "lines_with_tabs"),
    (f'"{GOOD}"', "lines_in_quotes"),
    (f"{GOOD};", "separators_at_the_end"),
    (f"{GOOD};;;;", "separators_at_the_end"),
]


@pytest.mark.parametrize(("line", "cause"), LINES)
def test_a_form_of_whole_lines(line: str, cause: str) -> None:
    assert told(lines(*[line] * 5)) == [(cause, (), 5)]
    (some,) = check(lines(GOOD, *[line] * 2)).diagnoses
    assert (some.id, some.count) == (cause, 2)
    assert "2 van de 3 regels" in some.message


def test_every_kind_of_diagnosis_is_shown() -> None:
    shown = {cause for *_, cause in FORMS} | {cause for _, cause in LINES}
    assert shown == {kind.id for kind in diagnosis_catalogue().diagnosis}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (lines(*GOOD_ROWS), []),
        # Columns with the same cause share a sentence; the most frequent cause comes first.
        (
            lines(*[with_field("startdatum", "05-01-2024", with_field("einddatum", "05-02-2024", GOOD))] * 3),
            ["Alle datums in startdatum, einddatum zijn geschreven als DD-MM-JJJJ."],
        ),
        (
            lines(with_field("startdatum", "05-01-2024"), GOOD, GOOD),
            ["1 van de 3 datums in startdatum is geschreven als DD-MM-JJJJ."],
        ),
        # An empty value is not a date.
        (
            lines(with_field("einddatum", "05-01-2024"), with_field("einddatum", "")),
            ["Alle datums in einddatum zijn geschreven als DD-MM-JJJJ."],
        ),
        (
            lines(with_field("startdatum", "05-01-2024"), with_field("startdatum", "45296")),
            [
                "1 van de 2 datums in startdatum is geschreven als DD-MM-JJJJ.",
                "1 van de 2 datums in startdatum is een volgnummer van een spreadsheet (een getal van vijf cijfers).",
            ],
        ),
        # A form of less than a tenth of the findings is not a cause.
        (lines(*[with_field("bsn", "abc1")] * 30, with_field("bsn", "1,2E+08")), []),
        # Notices are not reported for a rejected file, and neither is their cause.
        (lines(with_field("gemeentecode", "141", with_field("bsn", "x1"))), []),
        (lines(GOOD, HEADER, GOOD), []),
    ],
)
def test_sentences(data: bytes, expected: list[str]) -> None:
    assert [each.message for each in check(data).diagnoses] == expected


@given(
    st.lists(
        st.tuples(st.sampled_from(COLUMNS), st.text("0123456789.,-/ E+VGM'\"=#", max_size=14)), min_size=1, max_size=6
    )
)
def test_a_diagnosis_never_holds_a_number_of_a_person(values: list[tuple[str, str]]) -> None:
    for each in check(lines(*(with_field(column, value) for column, value in values))).diagnoses:
        assert not holds_number(_text(each))


def _text(diagnosis: Diagnosis) -> str:
    return f"{diagnosis.message} {diagnosis.action} {diagnosis.model_dump_json()}"

"""The workbook: one sheet per table, codes as text, no formulas, filterable rows of findings, the same bytes."""

from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from dakl_pipeline.op_orde.report import OpOrdeReport
from dakl_pipeline.op_orde.workbook import to_xlsx
from tests.support.delivery_files import CANARIES, HEADER, V_CANARY, basic
from tests.support.reports import BRAM, explanation, figures, report, row

FIRST = [row(), row(BRAM, gemeente="9999"), row("123456789")]
SECOND = [row(), row(), row(BRAM, gemeente="9999"), row(BRAM, kind="203")]
FORMULA = '=HYPERLINK("x","y")'


def _sheets(made: OpOrdeReport) -> dict[str, list[list[Any]]]:
    book = load_workbook(BytesIO(to_xlsx(made)))
    return {sheet.title: [[cell.value for cell in line] for line in sheet.iter_rows()] for sheet in book}


def test_one_sheet_a_table() -> None:
    assert list(_sheets(report(FIRST))) == [
        "Overzicht",
        "1 Gemeenten",
        "2 Type opvang",
        "3 Ontbrekend",
        "4 Verblijfsduur",
        "4 Mediaan en gemiddelde",
        "5 Dubbele records",
        "Per maand",
        "Bevindingen",
        "Regels",
    ]


def test_current_beside_previous_with_codes_as_text() -> None:
    assert _sheets(report(SECOND, FIRST))["1 Gemeenten"] == [
        [
            "Gemeente",
            "Code",
            "Registraties, huidige aanlevering",
            "Registraties, eerdere aanlevering",
            "Unieke BSN's, huidige aanlevering",
            "Unieke BSN's, eerdere aanlevering",
        ],
        ["Almelo", "0141", 3, 2, 2, 2],
        ["Onbekende gemeentecode", "9999", 1, 1, 1, 1],
        ["Totaal", None, 4, 3, 2, 3],
    ]


def test_without_previous_delivery_there_is_one_column_a_measure() -> None:
    sheets = _sheets(report(FIRST))
    assert sheets["5 Dubbele records"][0] == ["Maat", "Registraties, huidige aanlevering"]


def test_the_rows_of_findings_can_be_filtered() -> None:
    made = report(SECOND, FIRST)
    heading, *lines = _sheets(made)["Regels"]
    assert heading[0] == "Regel"
    assert sorted((line[0], line[-1]) for line in lines) == [
        (3, "duplicate_row"),
        (4, "gemeente_unknown"),
        (5, "code_padded"),
    ]
    assert {line[-1]: line[5] for line in lines}["duplicate_row"] == "De regel is gelijk aan regel 2."
    book = load_workbook(BytesIO(to_xlsx(made)))
    assert book["Regels"].auto_filter.ref == "A1:H4"
    assert book["Regels"].freeze_panes == "B2"


def test_the_findings_say_how_they_stand() -> None:
    made = report(SECOND, FIRST, explanations=[explanation("gemeente_unknown", "Wordt gemeld.")])
    _, *lines = _sheets(made)["Bevindingen"]
    assert [(line[-1], line[2], line[4], line[5], line[9]) for line in lines] == [
        ("duplicate_row", "nieuw", 1, 0, None),
        ("code_padded", "nieuw", 1, 0, None),
        ("gemeente_unknown", "nog aanwezig", 1, 1, "Wordt gemeld."),
        ("bsn_eleven_test", "opgelost", 0, 1, None),
    ]


@pytest.mark.parametrize("text", [FORMULA, "+1", "-1", "@x", "{=1+1}", "http://x.example", "0141", "<b>&\"'"])
def test_no_text_of_a_supplier_becomes_a_formula_a_link_or_a_number(text: str) -> None:
    made = report(
        [row(gemeente="9999")], file_name=text, supplier=text, explanations=[explanation("gemeente_unknown", text)]
    )
    book = load_workbook(BytesIO(to_xlsx(made)))
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line]
    assert [cell.value for cell in cells].count(text) == 3
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert not any(cell.hyperlink for cell in cells)


def test_the_overview_puts_both_deliveries_beside_each_other() -> None:
    overview = {line[0]: line[1:] for line in _sheets(report(SECOND, FIRST))["Overzicht"]}
    assert overview["Aanlevering"] == ["000002", "000001"]
    assert overview["Registraties"] == ["4", "3"]
    assert overview["Telt mee, toen dit rapport werd gemaakt"] == ["ja", None]
    assert [line[1:] for line in _sheets(report(FIRST))["Overzicht"]][:2] == [["Huidige aanlevering"], ["opvang"]]


def test_a_row_is_as_high_as_its_longest_text_and_pages_fit_on_a4() -> None:
    said = "Deze bewoners wachten op een woning.\n" * 4
    made = report([row(gemeente="9999")], explanations=[explanation("gemeente_unknown", said.strip())])
    book = load_workbook(BytesIO(to_xlsx(made)))
    assert book["Bevindingen"].row_dimensions[2].height >= 4 * 15
    assert book["1 Gemeenten"].row_dimensions[2].height < 2 * 15
    for sheet in book:
        assert (sheet.page_setup.paperSize, sheet.print_title_rows) == (9, "$1:$1")
        # A width that is not written is one page.
        set_up = sheet.sheet_properties.pageSetUpPr
        assert set_up is not None
        assert set_up.fitToPage
        assert sheet.page_setup.fitToHeight == 0
        assert sheet.freeze_panes == "B2"


def test_percentages_are_shown_as_such_and_line_numbers_without_separators() -> None:
    book = load_workbook(BytesIO(to_xlsx(report(SECOND, FIRST))))
    assert {book["3 Ontbrekend"].cell(2, place).number_format for place in (4, 5)} == {'0"%"'}
    assert book["Regels"].cell(2, 1).number_format == "0"
    assert book["4 Mediaan en gemiddelde"].cell(2, 2).number_format == "#,##0.0"


def test_a_column_that_is_not_delivered_is_named() -> None:
    made = report([row()])
    without = figures(basic(row()), header=basic(HEADER))
    sheets = _sheets(made.model_copy(update={"tables": without.tables}))
    absent = ["–", "niet in het bestand"]
    assert sheets["3 Ontbrekend"][3:] == [["meldingsdatum", *absent], ["reden einde", *absent]]


def test_no_number_of_a_person_and_the_same_bytes() -> None:
    made = report(SECOND, FIRST)
    book = to_xlsx(made)
    assert to_xlsx(made) == book
    with ZipFile(BytesIO(book)) as parts:
        content = b"".join(parts.read(name) for name in parts.namelist())
    assert not [number for number in (*CANARIES, V_CANARY, "123456789") if number.encode() in content]

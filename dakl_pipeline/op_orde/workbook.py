"""The report as an Excel workbook: an overview, a sheet per table, the findings, and a row per finding for filtering.

Texts are written as text, so that codes keep their zeros and nothing written by a supplier becomes a formula.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from io import BytesIO
from textwrap import wrap
from typing import Literal

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from dakl_pipeline.intake.catalogue import SEVERITIES
from dakl_pipeline.op_orde.html import STATUSES
from dakl_pipeline.op_orde.layout import Measure, ShownTable, Value, number, shown_tables
from dakl_pipeline.op_orde.report import DeliveryFigures, OpOrdeReport, RuleFindings
from dakl_pipeline.presentation.dutch import day, moment

# Excel files contain a creation date; a fixed one keeps the bytes reproducible.
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
_A4 = 9
_SIDE_MARGIN = 0.5
# Heights in points: a line of text, and the white space around it.
_LINE, _WHITE = 15, 4
_WIDEST_LABEL = 60
# A column of numbers is as wide as the longest part of its heading, "huidige aanlevering".
_MEASURE_WIDTH = 20
# Column widths are in digits; letters are narrower on average.
_LETTERS = 1.1
# Widths in characters: the white space beside the text of a cell, and a filter button.
_INDENT = 2
_BUTTON = 3

Cell = str | int | float | None
Kind = Literal["text", "count", "percentage", "days", "line"]

# Excel replaces the comma and full stop by those of the reader's language: in Dutch 1.234 and 12,5.
_NUMBER_FORMATS: dict[Kind, str] = {
    "text": "@",
    "count": "#,##0",
    "percentage": '0"%"',
    "days": "#,##0.0",
    "line": "0",
}


@dataclass(frozen=True)
class _Column:
    """A column of a sheet: its heading, its width in characters and the kind of its cells."""

    heading: str
    width: int
    kind: Kind = "text"


def to_xlsx(report: OpOrdeReport) -> bytes:
    """Return the report as an Excel workbook.

    Args:
        report: The report.

    Returns:
        The workbook. The same report gives the same bytes.
    """
    buffer = BytesIO()
    with Workbook(buffer, _OPTIONS) as workbook:
        title = f"Op-orde-rapport {report.year}, {report.supplier}, aanlevering {report.delivery.delivery_id}"
        workbook.set_properties({"title": title, "subject": "Monitor Dakloosheid", "created": _EPOCH})
        sheets = _Sheets(workbook, title)
        sheets.add("Overzicht", *_overview(report))
        for table in shown_tables(report):
            has_total = any(row.is_total for row in table.rows)
            sheets.add(table.sheet, *_table(table, has_previous=report.previous is not None), has_total=has_total)
        sheets.add("Bevindingen", _FINDING_COLUMNS, map(_finding, report.findings), has_filter=True)
        sheets.add("Regels", _LINE_COLUMNS, _lines(report.findings), has_filter=True)
    return buffer.getvalue()


class _Sheets:
    """Adds sheets with the same layout to a workbook.

    Args:
        workbook: The workbook.
        title: Header of every printed page.
    """

    def __init__(self, workbook: Workbook, title: str) -> None:
        self._workbook = workbook
        # In a page header, `&` starts a code.
        self._title = title.replace("&", "&&")
        heading = {"bold": True, "text_wrap": True, "valign": "vcenter", "bg_color": "#F3F6FB", "bottom": 1}
        self._headings = {
            kind: workbook.add_format({**heading, **_side(kind), "border_color": "#557AA9"}) for kind in _NUMBER_FORMATS
        }
        self._cells = {
            (kind, is_total): workbook.add_format(
                {
                    "num_format": form,
                    **_side(kind),
                    "text_wrap": kind == "text",
                    "valign": "vcenter",
                    "bold": is_total,
                    "bottom": 1,
                    "bottom_color": "#D4DCE8",
                    **({"top": 1, "top_color": "#557AA9"} if is_total else {}),
                }
            )
            for kind, form in _NUMBER_FORMATS.items()
            for is_total in (False, True)
        }

    def add(
        self,
        name: str,
        columns: Sequence[_Column],
        rows: Iterable[Sequence[Cell]],
        *,
        has_total: bool = False,
        has_filter: bool = False,
    ) -> None:
        """Add a sheet with a frozen header row.

        Args:
            name: Name of the sheet.
            columns: Its columns.
            rows: The cells; strings are written as text, None as an empty cell.
            has_total: Whether the last row is the total.
            has_filter: Whether the header row has filter buttons.
        """
        sheet: Worksheet = self._workbook.add_worksheet(name)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width)
            sheet.write_string(0, place, column.heading, self._headings[column.kind])
        room = _BUTTON if has_filter else 0
        # Heights are set explicitly: not every program computes them.
        sheet.set_row(0, _height((column.heading, column.width - room) for column in columns))
        shown = list(rows)
        for line, row in enumerate(shown, start=1):
            is_total = has_total and line == len(shown)
            for place, (value, column) in enumerate(zip(row, columns, strict=True)):
                self._write(sheet, line, place, value, column.kind, is_total)
            sheet.set_row(line, _height((v, c.width) for v, c in zip(row, columns, strict=True) if isinstance(v, str)))
        sheet.freeze_panes(1, 1)
        if has_filter:
            sheet.autofilter(0, 0, len(shown), len(columns) - 1)
        sheet.set_paper(_A4)
        sheet.set_landscape()
        sheet.set_margins(left=_SIDE_MARGIN, right=_SIDE_MARGIN)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_header(f"&L{self._title}")
        sheet.set_footer("&L&A&Rpagina &P van &N")

    def _write(self, sheet: Worksheet, line: int, place: int, value: Cell, kind: Kind, is_total: bool) -> None:
        if isinstance(value, str):
            # A text in place of an unknown number is aligned like the numbers.
            sheet.write_string(line, place, value, self._cells[kind, is_total])
        elif value is None:
            sheet.write_blank(line, place, None, self._cells[kind, is_total])
        else:
            sheet.write_number(line, place, value, self._cells[kind, is_total])


def _side(kind: Kind) -> dict[str, str | int]:
    """Align text left and numbers right, with an indent between a number and the text after it."""
    return {"align": "left" if kind == "text" else "right", "indent": 1}


def _height(texts: Iterable[tuple[str, int]]) -> int:
    """Return the height of a row with these texts in columns of these widths."""
    return _LINE * max((_lines_of(text, width) for text, width in texts), default=1) + _WHITE


@lru_cache(maxsize=4096)
def _lines_of(text: str, width: int) -> int:
    return sum(max(1, len(wrap(part, int(width * _LETTERS) - _INDENT))) for part in text.split("\n"))


def _overview(report: OpOrdeReport) -> tuple[list[_Column], list[list[Cell]]]:
    delivery_statuses = {
        "selected": "ja",
        "superseded": "nee, er is een latere goedgekeurde aanlevering",
        "withdrawn": "nee, dit verslagjaar is ingetrokken",
        "cancelled": "nee, deze aanlevering is ongedaan gemaakt",
    }
    columns = [_Column(f"Monitor Dakloosheid, verslagjaar {report.year}", 58), _Column("Huidige aanlevering", 36)]
    previous = _facts(report.previous) if report.previous else None
    if previous:
        columns.append(_Column("Eerdere aanlevering", 36))
    rows: list[list[Cell]] = [["Leverancier", report.supplier]]
    rows += [[name, value] for name, value in _facts(report).items()]
    rows += [
        ["Telt mee, toen dit rapport werd gemaakt", delivery_statuses[report.status]],
        ["Versie van de regels", report.rules_version],
    ]
    if report.adults_only_note:
        rows.append(["Wie telt mee", report.adults_only_note])
    if previous:
        rows = [[*row, previous.get(str(row[0]))] for row in rows]
    return columns, rows


def _facts(figures: DeliveryFigures) -> dict[str, Cell]:
    """Return the facts on a delivery for the overview, by name; numbers as text, so that all align left."""
    delivery, total = figures.delivery, figures.total
    return {
        "Aanlevering": delivery.delivery_id,
        "Bestand": delivery.file_name,
        "Ontvangen": moment(delivery.received_at),
        "Registraties": number(total.registrations),
        "Unieke BSN's, alle ontbrekende samen als één": number(total.persons),
        "Registraties zonder bruikbaar BSN": number(total.without_usable_bsn),
        "– waarvan zonder BSN": number(total.bsn_missing),
        "– waarvan met een BSN dat niet aan de elfproef voldoet": number(total.bsn_fails_eleven_test),
    }


def _table(table: ShownTable, *, has_previous: bool) -> tuple[list[_Column], list[list[Cell]]]:
    """Return the columns and rows of a sheet: per measure the current and, if any, the previous delivery."""
    columns = [
        _Column(heading, min(max(len(heading), *(len(row.labels[place]) for row in table.rows)) + 4, _WIDEST_LABEL))
        for place, heading in enumerate(table.headings)
    ]
    for measure in table.measures:
        kind = _kind(measure)
        columns.append(_Column(f"{measure.name}, huidige aanlevering", _MEASURE_WIDTH, kind))
        if has_previous:
            columns.append(_Column(f"{measure.name}, eerdere aanlevering", _MEASURE_WIDTH, kind))
    rows: list[list[Cell]] = []
    for row in table.rows:
        cells: list[Cell] = [label or None for label in row.labels]
        for place, measure in enumerate(table.measures):
            cells.append(_cell(row.current[place], measure))
            if row.previous is not None:
                cells.append(_cell(row.previous[place], measure))
        rows.append(cells)
    return columns, rows


def _kind(measure: Measure) -> Kind:
    if measure.unit == "%":
        return "percentage"
    return "days" if measure.name == "Dagen" else "count"


def _cell(value: Value, measure: Measure) -> Cell:
    """Return the number, or a text in place of an unknown number."""
    return number(value, measure.unit) if value is None else value


_FINDING_COLUMNS = (
    _Column("Bevinding", 28),
    _Column("Ernst", 16),
    _Column("Stand", 14),
    _Column("Kolom", 15),
    _Column("Aantal", 10, "count"),
    _Column("Aantal eerder", 10, "count"),
    _Column("Uitleg", 36),
    _Column("Wat te doen", 36),
    _Column("Door wie", 20),
    _Column("Toelichting", 36),
    _Column("Toelichting van", 20),
    _Column("Regel-id", 24),
)


def _finding(finding: RuleFindings) -> tuple[Cell, ...]:
    return (
        finding.title,
        SEVERITIES[finding.severity],
        STATUSES[finding.status],
        finding.column,
        finding.count,
        finding.previous_count,
        finding.message,
        finding.action,
        finding.actor,
        _explained(finding),
        day(finding.explanation.recorded_at) if finding.explanation else None,
        finding.rule,
    )


def _explained(finding: RuleFindings) -> str | None:
    if finding.explanation is None:
        return None
    return f"{finding.asked_again}\n{finding.explanation.text}" if finding.asked_again else finding.explanation.text


_LINE_COLUMNS = (
    _Column("Regel", 10, "line"),
    _Column("Bevinding", 34),
    _Column("Ernst", 16),
    _Column("Stand", 14),
    _Column("Kolom", 15),
    _Column("Uitleg", 50),
    _Column("Wat te doen", 44),
    _Column("Regel-id", 24),
)


def _lines(findings: Iterable[RuleFindings]) -> Iterable[tuple[Cell, ...]]:
    for finding in findings:
        for place, row in enumerate(finding.rows):
            message = finding.row_messages[place] if finding.row_messages else finding.message
            yield (
                row,
                finding.title,
                SEVERITIES[finding.severity],
                STATUSES[finding.status],
                finding.column,
                message,
                finding.action,
                finding.rule,
            )

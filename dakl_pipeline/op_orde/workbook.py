"""The report as an Excel workbook: an overview, one sheet a table, the findings, and one row per finding for filtering.

Belongs here: the workbook. Does not belong here: numbers and texts. Texts are written as texts, so that no code loses
its zeros and nothing that a supplier wrote is taken for a formula.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from io import BytesIO

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from dakl_pipeline.op_orde.html import SEVERITIES, STATUSES, day, moment
from dakl_pipeline.op_orde.layout import Measure, ShownTable, Value, number, shown_tables
from dakl_pipeline.op_orde.report import FindingGroup, OpOrdeReport

# Excel files carry a date of creation; a fixed one keeps the bytes the same.
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
_A4 = 9
_NARROW, _WIDE = 12, 60

Cell = str | int | float | None


def to_xlsx(report: OpOrdeReport) -> bytes:
    """The report as an Excel workbook.

    Args:
        report: The report.

    Returns:
        The workbook. The same report gives the same bytes.
    """
    buffer = BytesIO()
    with Workbook(buffer, _OPTIONS) as workbook:
        workbook.set_properties(
            {"title": f"Op-orde-rapport {report.year}", "subject": "Monitor Dakloosheid", "created": _EPOCH}
        )
        sheets = _Sheets(workbook)
        sheets.add("Overzicht", ("Gegeven", "Waarde"), _overview(report))
        for table in shown_tables(report):
            sheets.add(table.sheet, *_columns(table, has_previous=report.previous is not None))
        sheets.add("Bevindingen", _FINDING_HEADINGS, map(_finding, report.findings))
        sheets.add("Regels", _ROW_HEADINGS, _rows(report.findings))
    return buffer.getvalue()


class _Sheets:
    """Adds sheets that look alike to a workbook."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        heading = {"bold": True, "text_wrap": True, "valign": "bottom", "bottom": 2, "bg_color": "#F3F6FB"}
        self._heading = workbook.add_format({**heading, "border_color": "#557AA9"})
        self._text = workbook.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        self._number = workbook.add_format({"num_format": "#,##0.##", "valign": "top"})
        self._whole = workbook.add_format({"num_format": "#,##0", "valign": "top"})

    def add(self, name: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
        """Add a sheet with a header line that stays in view and filters.

        Args:
            name: Name of the sheet.
            headings: The header line.
            rows: The cells; a text stays a text, None an empty cell.
        """
        sheet: Worksheet = self._workbook.add_worksheet(name)
        widths = [len(heading) for heading in headings]
        for column, heading in enumerate(headings):
            sheet.write_string(0, column, heading, self._heading)
        last = 0
        for last, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                self._write(sheet, last, column, value)
                widths[column] = max(widths[column], len(str(value)) if value is not None else 0)
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(max(width + 2, _NARROW), _WIDE))
        sheet.freeze_panes(1, 1)
        sheet.autofilter(0, 0, last, len(headings) - 1)
        sheet.set_paper(_A4)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_footer("&L&A&Rpagina &P van &N")

    def _write(self, sheet: Worksheet, row: int, column: int, value: Cell) -> None:
        if isinstance(value, str):
            sheet.write_string(row, column, value, self._text)
        elif value is not None:
            sheet.write_number(row, column, value, self._whole if isinstance(value, int) else self._number)


def _overview(report: OpOrdeReport) -> list[tuple[str, Cell]]:
    standings = {
        "selected": "ja",
        "superseded": "nee, er is een latere goedgekeurde aanlevering",
        "withdrawn": "nee, dit verslagjaar is ingetrokken",
    }
    previous = report.previous
    return [
        ("Op-orde-rapport Monitor Dakloosheid, verslagjaar", str(report.year)),
        ("Leverancier", report.supplier),
        ("Bestand", report.delivery.file_name),
        ("Aanlevering", report.delivery.delivery_id),
        ("Ontvangen", moment(report.delivery.received_at)),
        ("Telt mee, toen dit rapport werd gemaakt", standings[report.standing]),
        ("Eerdere aanlevering", previous.delivery.delivery_id if previous else "geen"),
        ("Eerdere aanlevering ontvangen", moment(previous.delivery.received_at) if previous else "–"),
        ("Versie van de regels", report.rules_version),
        ("Registraties", report.total.registrations),
        ("Unieke BSN's, alle ontbrekende samen als één", report.total.persons),
        ("Registraties zonder bruikbaar BSN", report.total.without_usable_bsn),
        ("waarvan zonder BSN", report.total.bsn_missing),
        ("waarvan met een BSN dat niet aan de elfproef voldoet", report.total.bsn_fails_eleven_test),
    ]


def _columns(table: ShownTable, *, has_previous: bool) -> tuple[list[str], list[list[Cell]]]:
    """A table as sheet: per measure the current and, if there is one, the previous delivery."""
    headings = list(table.headings)
    for measure in table.measures:
        headings.append(f"{measure.name}, huidige aanlevering")
        if has_previous:
            headings.append(f"{measure.name}, eerdere aanlevering")
    rows: list[list[Cell]] = []
    for row in table.rows:
        cells: list[Cell] = [label or None for label in row.labels]
        for place, measure in enumerate(table.measures):
            cells.append(_cell(row.current[place], measure))
            if row.previous is not None:
                cells.append(_cell(row.previous[place], measure))
        rows.append(cells)
    return headings, rows


def _cell(value: Value, measure: Measure) -> Cell:
    """A number; what stands for a number that cannot be given is a text."""
    return number(value, measure.unit) if value is None else value


_FINDING_HEADINGS = (
    "Bevinding",
    "Ernst",
    "Stand",
    "Kolom",
    "Aantal",
    "Aantal eerder",
    "Uitleg",
    "Wat te doen",
    "Door wie",
    "Toelichting",
    "Toelichting van",
    "Regel-id",
)


def _finding(finding: FindingGroup) -> tuple[Cell, ...]:
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
        finding.explanation.text if finding.explanation else None,
        day(finding.explanation.recorded_at) if finding.explanation else None,
        finding.rule,
    )


_ROW_HEADINGS = ("Regel", "Bevinding", "Ernst", "Stand", "Kolom", "Uitleg", "Wat te doen", "Regel-id")


def _rows(findings: Iterable[FindingGroup]) -> Iterable[tuple[Cell, ...]]:
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

"""The report as one self-contained HTML file: no network, no scripts, suitable for screen readers and A4 paper.

The template escapes every value, so text from a supplier is shown literally and never parsed as markup.
"""

from functools import cache
from typing import Any

import jinja2

from dakl_pipeline.intake.catalogue import SEVERITIES
from dakl_pipeline.intake.findings import MAX_FINDINGS_PER_RULE
from dakl_pipeline.op_orde import charts, layout
from dakl_pipeline.op_orde.charts import Chart
from dakl_pipeline.op_orde.report import OpOrdeReport, RuleFindings
from dakl_pipeline.presentation.dutch import day, first_few, moment, quantity
from dakl_pipeline.presentation.pages import page_template

_SHOWN_RANGES = 40
_SHOWN_MESSAGES = 5
_SHORT_MONTHS = ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")

STATUSES = {"new": "nieuw", "present": "nog aanwezig", "solved": "opgelost"}


def to_html(report: OpOrdeReport) -> bytes:
    """Return the report as an HTML page.

    Args:
        report: The report.

    Returns:
        The page, UTF-8. The same report gives the same bytes.
    """
    tables = {table.id: table for table in layout.shown_tables(report)}
    return (
        _template()
        .render(
            report=report,
            tables=tables,
            charts=_charts(report),
            open=[f for f in report.findings if f.status != "solved" and not f.is_explained],
            explained=[f for f in report.findings if f.status != "solved" and f.is_explained],
            solved=[f for f in report.findings if f.status == "solved"],
        )
        .encode("utf-8")
    )


@cache
def _template() -> jinja2.Template:
    known = {
        "moment": moment,
        "day": day,
        "number": layout.number,
        "SEVERITIES": SEVERITIES,
        "STATUSES": STATUSES,
        "NOT_DELIVERED": layout.NOT_DELIVERED,
        "MAX_ROWS": MAX_FINDINGS_PER_RULE,
        "rows": _rows,
        "row_messages": _row_messages,
        "counted": quantity,
        "change": layout.difference,
    }
    return page_template("dakl_pipeline.op_orde", "report.html.j2", known)


def _rows(finding: RuleFindings) -> str:
    ranges = layout.row_ranges(finding.rows)
    is_all = len(ranges) <= _SHOWN_RANGES and len(finding.rows) == finding.count
    return first_few(ranges, _SHOWN_RANGES, is_all=is_all)


def _row_messages(finding: RuleFindings) -> list[tuple[int, str]]:
    return list(zip(finding.rows, finding.row_messages, strict=False))[:_SHOWN_MESSAGES]


def _charts(report: OpOrdeReport) -> dict[str, Any]:
    now, before = report.tables, report.previous.tables if report.previous else None
    in_year = slice(1, -1)
    return {
        "missing": charts.horizontal_bars(
            Chart(
                id="beeld-ontbrekend",
                title="Percentage registraties zonder waarde, per kolom",
                labels=[layout.column_label(row.column) for row in now.missing],
                current=[row.percentage for row in now.missing],
                previous=[row.percentage for row in before.missing] if before else None,
                unit="%",
                maximum=100,
            )
        ),
        "duration": charts.horizontal_bars(
            Chart(
                id="beeld-verblijfsduur",
                title="Registraties naar duur van het verblijf",
                labels=[row.label for row in now.duration],
                current=[row.registrations for row in now.duration],
                previous=[row.registrations for row in before.duration] if before else None,
            ),
            label_width=270,
        ),
        "month": charts.vertical_bars(
            Chart(
                id="beeld-maand",
                title=f"Registraties per maand van {report.year} waarin het verblijf begon",
                labels=_SHORT_MONTHS,
                current=[row.registrations for row in now.start_month[in_year]],
                previous=[row.registrations for row in before.start_month[in_year]] if before else None,
            )
        ),
    }

"""The findings on a rejected file as a table for a spreadsheet."""

import csv
from collections.abc import Iterable
from io import StringIO

from dakl_pipeline.intake.catalogue import SEVERITIES, rules_by_id
from dakl_pipeline.intake.findings import Finding
from dakl_pipeline.privacy.redaction import mask_numbers

_COLUMNS = ("regel", "kolom", "soort", "ernst", "bevinding", "wat_te_doen", "door")


def findings_table(findings: Iterable[Finding], *, year: int | None) -> bytes:
    """Write findings as CSV with ``;`` and a byte order mark, as spreadsheets in the Netherlands expect.

    Args:
        findings: The findings, in display order.
        year: Reporting year, for the texts.

    Returns:
        A line for each finding; the line number is empty for findings on the whole file.
    """
    text = StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for each in findings:
        rule = rules_by_id()[each.rule]
        kind, message = SEVERITIES[rule.severity], mask_numbers(each.message)
        writer.writerow((each.row, each.column, rule.title, kind, message, rule.what_to_do(year), rule.actor))
    return text.getvalue().encode("utf-8-sig")

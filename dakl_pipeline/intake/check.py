"""The technical check of one delivered file, with the content findings of an approved one.

Belongs here: the verdict on a file. Does not belong here: the delivery window and which file counts (they need the
log of deliveries), and what is done with the registrations.
"""

from datetime import date
from functools import cache
from typing import BinaryIO

import polars as pl
from pydantic import BaseModel, ConfigDict

from dakl_pipeline.intake.catalogue import ColumnSet, catalogue
from dakl_pipeline.intake.fields import ROW
from dakl_pipeline.intake.file_name import parse_file_name
from dakl_pipeline.intake.findings import MAX_FINDINGS_PER_RULE, Collector, Finding, finding
from dakl_pipeline.intake.lines import BLOCK_BYTES
from dakl_pipeline.intake.rules import CONTENT_RULES
from dakl_pipeline.intake.scan import scan
from dakl_pipeline.intake.table_rules import TABLE_RULES, compare
from dakl_pipeline.intake.values import Context
from dakl_pipeline.reference import Methodology

__all__ = ["Finding", "Verdict", "check_delivery", "finding"]


class Verdict(BaseModel):
    """The outcome of the check of one file.

    Attributes:
        approved: no rule that rejects the file found anything.
        reporting_year: the year in the file name, else the year that was asked for, else None.
        registrations: number of lines below the header, right or wrong.
        findings: by row (the whole file first), column and rule.
        columns: the delivered set of columns, or None when the header is not right.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    approved: bool
    reporting_year: int | None
    registrations: int
    findings: tuple[Finding, ...]
    columns: ColumnSet | None


def check_delivery(
    source: BinaryIO,
    file_name: str,
    *,
    methodology: Methodology,
    today: date,
    reporting_year: int | None = None,
    block_bytes: int = BLOCK_BYTES,
) -> Verdict:
    """Check a delivered file: all technical rules but the delivery window, then the content (monitor rules 3.1 and 4).

    Every fault of the file is found in one go. Content findings (warnings and notices) are there only when the file
    has no error. No value from the file is ever part of a finding.

    Args:
        source: a binary stream at its start, read once to its end, unless it is no text at all; not closed.
        file_name: the name as delivered, without a folder.
        methodology: the settings of the statistic.
        today: the day of the check, on the Dutch calendar.
        reporting_year: the year for which the file is offered, if that is known beside its name.
        block_bytes: about how many bytes are held at a time.

    Returns:
        The verdict. Nothing is raised for a faulty file.
    """
    names = Collector()
    year = _reporting_year(file_name, reporting_year, methodology, names)
    context = Context(year=year if year and 1 <= year <= date.max.year else None, methodology=methodology, today=today)
    scanned = scan(source, context, block_bytes=block_bytes)
    collector = scanned.collector
    collector.merge(names)
    if scanned.registrations is not None and not collector.has_errors:
        _check_content(scanned.registrations, scanned.column_set, context, collector)
    return Verdict(
        approved=not collector.has_errors,
        reporting_year=year,
        registrations=scanned.rows,
        findings=collector.findings(),
        columns=scanned.column_set,
    )


def _reporting_year(name: str, asked: int | None, methodology: Methodology, collector: Collector) -> int | None:
    parsed = parse_file_name(name)
    if parsed.fault:
        collector.add(parsed.fault)
    year = asked if parsed.reporting_year is None else parsed.reporting_year
    if asked is not None and year != asked and year is not None:
        collector.add("reporting_year_differs", found=year, year=asked)
    if year is not None and year not in methodology.reporting_years:
        years = ", ".join(str(y) for y in sorted(methodology.reporting_years))
        collector.add("reporting_year_unknown", year=year, years=years)
    return year


def _check_content(
    registrations: pl.DataFrame, column_set: ColumnSet | None, context: Context, collector: Collector
) -> None:
    rules = [
        rule
        for rule in catalogue().rule
        if rule.applies_to(context.year) and (rule.column_set == "basic" or column_set == "optional")
    ]
    columns = {rule.id: rule.columns[0] if rule.columns else None for rule in rules}
    tests = _content_tests(tuple(rule.id for rule in rules), context)
    verdicts = registrations.lazy().select(pl.col(ROW), **tests).collect()
    counts = verdicts.select(pl.exclude(ROW).sum()).row(0, named=True)
    values: dict[str, int | str] = {"year": context.year or 0, "days": context.methodology.long_open_days}
    for rule_id in tests:
        if counts[rule_id]:
            rows = verdicts.lazy().filter(pl.col(rule_id)).select(ROW).head(MAX_FINDINGS_PER_RULE).collect()[ROW]
            collector.add(rule_id, rows.to_list(), count=counts[rule_id], column=columns[rule_id], **values)
    comparison = compare(registrations)
    for rule_id, table_rule in TABLE_RULES.items():
        if rule_id in columns:
            clashes = table_rule(comparison)
            _add_clashes(rule_id, clashes, columns[rule_id], collector)


@cache
def _content_tests(rule_ids: tuple[str, ...], context: Context) -> dict[str, pl.Expr]:
    return {rule_id: CONTENT_RULES[rule_id](context) for rule_id in rule_ids if rule_id in CONTENT_RULES}


def _add_clashes(rule_id: str, clashes: pl.DataFrame, column: str | None, collector: Collector) -> None:
    for row, other_row in clashes.head(MAX_FINDINGS_PER_RULE).iter_rows():
        collector.add(rule_id, (row,), column=column, other_row=other_row)
    if (more := clashes.height - MAX_FINDINGS_PER_RULE) > 0:
        collector.add(rule_id, (), count=more)

"""The technical check of one delivered file, with the content findings of an approved one.

Belongs here: the verdict on a file. Does not belong here: the delivery window and which file counts (they need the
log of deliveries), and what is done with the registrations.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import BinaryIO

from pydantic import BaseModel, ConfigDict

from dakl_pipeline.intake.catalogue import ColumnSet
from dakl_pipeline.intake.content import ContentCheck
from dakl_pipeline.intake.diagnoses import Diagnosis
from dakl_pipeline.intake.file_name import FileName, parse_file_name
from dakl_pipeline.intake.findings import Collector, Finding, FindingCount, finding, in_order
from dakl_pipeline.intake.lines import BLOCK_BYTES
from dakl_pipeline.intake.profile import FileProfile
from dakl_pipeline.intake.reading import Reading
from dakl_pipeline.intake.scan import scan
from dakl_pipeline.intake.values import Context
from dakl_pipeline.reference.methodology import Methodology

__all__ = ["Finding", "Verdict", "check_delivery", "finding"]


class Verdict(BaseModel):
    """The outcome of the check of one file.

    Attributes:
        approved: no rule that rejects the file found anything.
        reporting_year: the year in the file name, else the year that was asked for, else None.
        registrations: number of lines below the header, right or wrong.
        findings: by row (the whole file first), column and rule; at most ``MAX_FINDINGS_PER_RULE`` of each rule.
        counts: exactly how often each rule found something in each column.
        columns: the delivered set of columns, or None when the header is not right.
        profile: counts of an approved file, to compare later files with.
        diagnoses: what lies behind many findings of one kind, the cause of most of them first.
        reading: how many registrations of an approved file count, as far as the file shows; None for any other file.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    approved: bool
    reporting_year: int | None
    registrations: int
    findings: tuple[Finding, ...]
    counts: tuple[FindingCount, ...]
    columns: ColumnSet | None
    diagnoses: tuple[Diagnosis, ...] = ()
    reading: Reading | None = None
    profile: FileProfile | None = None

    def with_findings_first(self, findings: Iterable[Finding]) -> "Verdict":
        """The same verdict with findings on the file as a whole before the others.

        Args:
            findings: what came to light beside the check of the file itself.
        """
        first = tuple(findings)
        times = Counter(each.rule for each in first)
        counts = (FindingCount(rule=rule, column=None, count=n) for rule, n in times.items())
        return self.model_copy(update={"findings": (*first, *self.findings), "counts": (*counts, *self.counts)})

    def counts_by_rule(self) -> dict[str, int]:
        """Exactly how often each rule found something, by the id of the rule."""
        totals: Counter[str] = Counter()
        for each in self.counts:
            totals[each.rule] += each.count
        return dict(sorted(totals.items()))


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
    parsed = parse_file_name(file_name)
    names = Collector()
    year = _reporting_year(parsed, reporting_year, methodology, names)
    context = Context(year=year if year and 1 <= year <= date.max.year else None, methodology=methodology, today=today)
    is_well_named = parsed.fault is None and not names.has_errors
    content = ContentCheck(context)
    # Without a year that figures are made of, the content cannot be judged.
    is_judged = context.year in methodology.reporting_years
    scanned = scan(source, context, content.receive if is_judged else None, block_bytes=block_bytes)
    collector = scanned.collector
    is_right = scanned.column_set is not None and not collector.has_errors
    if scanned.column_set is not None and is_right and is_judged:
        collector.merge(content.findings(scanned.column_set))
    approved = is_right and is_well_named
    if parsed.fault and not (parsed.fault == "file_extension" and collector.has("not_csv")):
        names.add(parsed.fault)
    return Verdict(
        approved=approved,
        reporting_year=year,
        registrations=scanned.rows,
        findings=in_order((*names.findings(), *collector.findings())),
        counts=(*names.counts(), *collector.counts()),
        columns=scanned.column_set,
        profile=content.profile() if approved else None,
        diagnoses=scanned.symptoms.diagnoses(collector),
        reading=content.reading() if approved else None,
    )


def _reporting_year(name: FileName, asked: int | None, methodology: Methodology, collector: Collector) -> int | None:
    year = asked if name.reporting_year is None else name.reporting_year
    if asked is not None and year != asked and year is not None:
        collector.add("reporting_year_differs", found=year, year=asked)
    if year is not None and year not in methodology.reporting_years:
        years = ", ".join(str(y) for y in sorted(methodology.reporting_years))
        collector.add("reporting_year_unknown", year=year, years=years)
    return year

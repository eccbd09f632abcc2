"""The technical check of one delivered file, with the content findings of an approved file.

The delivery window and the selection of files do not belong here: they need the delivery log.
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
        approved: whether no rule that rejects the file found anything.
        reporting_year: the year in the file name, else the requested year, else None.
        registrations: number of lines below the header, right or wrong.
        findings: by row (the whole file first), column and rule; at most ``MAX_FINDINGS_PER_RULE`` per rule.
        counts: exact number of findings per rule and column.
        columns: the delivered set of columns, or None if the header is wrong.
        profile: counts of an approved file, to compare later files with.
        diagnoses: probable causes of many similar findings, the cause of most findings first.
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
        """Return the same verdict with findings on the whole file before the others.

        Args:
            findings: findings from outside the check of the file itself.
        """
        first = tuple(findings)
        times = Counter(each.rule for each in first)
        counts = (FindingCount(rule=rule, column=None, count=n) for rule, n in times.items())
        return self.model_copy(update={"findings": (*first, *self.findings), "counts": (*counts, *self.counts)})

    def counts_by_rule(self) -> dict[str, int]:
        """Return the exact number of findings of each rule, by rule id."""
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

    One pass finds every fault in the file. Content findings (warnings and notices) are reported only if the file has
    no error. A finding never contains a value from the file.

    Args:
        source: a binary stream at its start, read once to its end unless it is not text; not closed.
        file_name: the name as delivered, without a folder.
        methodology: the settings of the statistic.
        today: the day of the check, in Dutch time.
        reporting_year: the year for which the file is delivered, if known apart from its name.
        block_bytes: approximate number of bytes held at a time.

    Returns:
        The verdict. A faulty file raises no exception.
    """
    parsed = parse_file_name(file_name)
    names = Collector()
    year = _reporting_year(parsed, reporting_year, methodology, names)
    context = Context(year=year if year and 1 <= year <= date.max.year else None, methodology=methodology, today=today)
    is_well_named = parsed.fault is None and not names.has_errors
    content = ContentCheck(context)
    # The content can only be judged for a reporting year of the settings.
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

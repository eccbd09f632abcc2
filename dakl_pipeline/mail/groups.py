"""Findings of one delivery, grouped by rule, as a coordinator reads them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from dakl_pipeline.intake.catalogue import SEVERITIES, Rule, Severity, catalogue
from dakl_pipeline.intake.findings import MAX_FINDINGS_PER_RULE, Finding
from dakl_pipeline.mail.wording import lines
from dakl_pipeline.presentation.dutch import day, number, quantity
from dakl_pipeline.privacy.redaction import mask_numbers

# Lines and texts that a mail shows of one rule: enough to find the fault, few enough to read.
LISTED = 10


@dataclass(frozen=True)
class Message:
    """One text of a rule, with the lines of which it holds.

    Attributes:
        text: What was found.
        where: On which lines; empty for the file as a whole.
    """

    text: str
    where: str


@dataclass(frozen=True)
class FindingGroup:
    """What one rule found.

    Attributes:
        title: Name of the rule.
        level: What the rule looks at, as in the catalogue.
        severity: ``error`` rejects the file, ``warning`` or ``notice``.
        found: How often.
        messages: What was found; empty when that is not known any more.
        action: What to do.
        actor: Who does it.
        explained_on: The day on which the supplier explained it, in words; empty when that was not done.
        asked_again: Why it is asked about again although it was explained; empty when it is not.
    """

    title: str
    level: int
    severity: Severity
    found: int
    messages: tuple[Message, ...]
    action: str
    actor: str
    explained_on: str
    asked_again: str = ""

    @property
    def count(self) -> str:
        """How often, in words."""
        return f"{number(self.found)} keer"


def group_findings(
    counts: Mapping[str, int],
    findings: Iterable[Finding],
    *,
    year: int | None,
    explained: Mapping[str, date] | None = None,
    asked_again: Mapping[str, str] | None = None,
) -> tuple[FindingGroup, ...]:
    """Group findings by rule, faults first, each kind in the order of the catalogue.

    Args:
        counts: Exact number of findings per rule, as logged; decides which rules are shown.
        findings: The findings that were kept. A rule that found something when the file came in, but has none here, is
            shown without lines.
        year: Reporting year, for the texts.
        explained: When the supplier explained the findings of a rule, by rule.
        asked_again: Why findings that were explained are asked about again, by rule.

    Returns:
        A group for every rule that the catalogue still has.
    """
    by_rule: dict[str, list[Finding]] = {}
    for each in findings:
        by_rule.setdefault(each.rule, []).append(each)
    by_weight = list(SEVERITIES)
    rules = sorted((r for r in catalogue().rule if r.id in counts), key=lambda rule: by_weight.index(rule.severity))
    groups = (
        _group(rule, counts[rule.id], by_rule.get(rule.id, []), year, (explained or {}).get(rule.id)) for rule in rules
    )
    again = asked_again or {}
    return tuple(replace(group, asked_again=again.get(rule.id, "")) for rule, group in zip(rules, groups, strict=True))


def _group(
    rule: Rule, count: int, findings: Iterable[Finding], year: int | None, explained_on: date | None
) -> FindingGroup:
    return FindingGroup(
        title=rule.title,
        level=rule.level,
        severity=rule.severity,
        found=count,
        messages=_messages(findings, is_all=count <= MAX_FINDINGS_PER_RULE),
        action=rule.what_to_do(year),
        actor=rule.actor,
        explained_on=day(explained_on) if explained_on else "",
    )


def _messages(findings: Iterable[Finding], *, is_all: bool) -> tuple[Message, ...]:
    rows_of: dict[str, list[int]] = {}
    for each in findings:
        rows = rows_of.setdefault(mask_numbers(each.message), [])
        if each.row is not None:
            rows.append(each.row)
    messages = [Message(text, lines(rows, LISTED, is_all=is_all) if rows else "") for text, rows in rows_of.items()]
    if (more := len(messages) - LISTED) > 0:
        rest = f"En nog {quantity(more, 'andere regel', 'andere regels')}." if is_all else "En nog andere regels."
        messages[LISTED:] = [Message(rest, "")]
    return tuple(messages)

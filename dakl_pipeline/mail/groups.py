"""Groups the findings on one delivery by rule, for the coordinator."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from dakl_pipeline.intake.catalogue import SEVERITIES, Rule, Severity, catalogue
from dakl_pipeline.intake.findings import MAX_FINDINGS_PER_RULE, Finding
from dakl_pipeline.mail.wording import lines
from dakl_pipeline.presentation.dutch import day, number, quantity
from dakl_pipeline.privacy.redaction import mask_numbers

# Maximum number of lines and texts per rule in a mail: enough to find the fault, few enough to read.
LISTED = 10


@dataclass(frozen=True)
class Message:
    """One text of a rule, with the lines to which it applies.

    Attributes:
        text: Text of the finding.
        where: The lines; empty for the whole file.
    """

    text: str
    where: str


@dataclass(frozen=True)
class FindingGroup:
    """The findings of one rule.

    Attributes:
        title: Name of the rule.
        level: Level of the rule in the catalogue.
        severity: ``error`` (rejects the file), ``warning`` or ``notice``.
        found: Number of findings.
        messages: Texts of the findings; empty if they are no longer known.
        action: What to do.
        actor: Who does it.
        explained_on: The day on which the supplier explained it, in words; empty without an explanation.
        asked_again: Why CBS asks about it again although it was explained; empty if it does not.
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
        """The number of findings, in words."""
        return f"{number(self.found)} keer"


def group_findings(
    counts: Mapping[str, int],
    findings: Iterable[Finding],
    *,
    year: int | None,
    explained: Mapping[str, date] | None = None,
    asked_again: Mapping[str, str] | None = None,
) -> tuple[FindingGroup, ...]:
    """Group findings by rule, errors first, each severity in the order of the catalogue.

    Args:
        counts: Exact number of findings per rule, as logged; decides which rules are shown.
        findings: The findings that were kept. A rule in ``counts`` without findings here is shown without lines.
        year: Reporting year, for the texts.
        explained: By rule, when the supplier explained its findings.
        asked_again: By rule, why CBS asks about explained findings again.

    Returns:
        A group for every rule that is still in the catalogue.
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

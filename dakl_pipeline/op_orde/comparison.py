"""Compares the findings on a delivery with those on the previous approved delivery: new, still there or solved.

Rows move between deliveries, so a finding is recognised by its rule and column; the counts show whether it increased.
Both deliveries are checked with the current rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from dakl_pipeline.intake.catalogue import Rule, catalogue, rules_by_id
from dakl_pipeline.intake.check import Finding, Verdict
from dakl_pipeline.intake.findings import MAX_FINDINGS_PER_RULE, is_about_earlier, weights
from dakl_pipeline.op_orde.explanations import Explanation, asked_again
from dakl_pipeline.op_orde.report import RuleFindings, ShownExplanation, Status
from dakl_pipeline.presentation.dutch import number

Key = tuple[str, str | None]


@dataclass(frozen=True)
class _Group:
    count: int
    findings: list[Finding]


def compare_findings(
    current: Verdict,
    previous: Verdict | None,
    explanations: Mapping[str, Explanation],
    *,
    year: int,
    growth_allowed: float = 0,
) -> tuple[RuleFindings, ...]:
    """Compare the findings on a delivery with those on the previous approved one.

    Args:
        current: Verdict on the delivery.
        previous: Verdict on the previous approved delivery; None if there is none: then every finding is new.
        explanations: The supplier's last explanation by rule, with its count.
        year: Reporting year.
        growth_allowed: Share by which an explained count may grow before CBS asks again.

    Returns:
        The groups: open (comparisons with earlier files first, then by severity), explained, solved; in rule order.
    """
    now = _grouped(current)
    before = None if previous is None else _grouped(previous)
    found = weights(current.counts_by_rule(), current.findings)
    again = asked_again(explanations, found, growth_allowed=growth_allowed)
    groups = [
        _row_ranges(key, now.get(key), before, explanations.get(key[0]), year).model_copy(
            update={"asked_again": again.get(key[0], "") if key in now else ""}
        )
        for key in now.keys() | (before or {}).keys()
    ]
    return tuple(sorted(groups, key=_urgency))


def _grouped(verdict: Verdict) -> dict[Key, _Group]:
    groups = {(each.rule, each.column): _Group(each.count, []) for each in verdict.counts}
    for finding in verdict.findings:
        groups[finding.rule, finding.column].findings.append(finding)
    return groups


def _row_ranges(
    key: Key, now: _Group | None, before: dict[Key, _Group] | None, explanation: Explanation | None, year: int
) -> RuleFindings:
    rule = rules_by_id()[key[0]]
    earlier = before.get(key) if before is not None else None
    findings = now.findings if now else []
    messages = [finding.message for finding in findings]
    status: Status = "solved" if now is None else "present" if earlier else "new"
    return RuleFindings(
        rule=rule.id,
        column=key[1],
        severity=rule.severity,
        status=status,
        title=rule.title,
        message=messages[0] if len(set(messages)) == 1 else _must_hold(rule, is_listed=bool(messages) or now is None),
        action=rule.what_to_do(year),
        actor=rule.actor,
        count=now.count if now else 0,
        previous_count=None if before is None else earlier.count if earlier else 0,
        rows=tuple(finding.row for finding in findings if finding.row is not None),
        row_messages=tuple(messages) if len(set(messages)) > 1 else (),
        explanation=ShownExplanation(text=explanation.text, recorded_at=explanation.recorded_at)
        if explanation
        else None,
    )


def _must_hold(rule: Rule, *, is_listed: bool) -> str:
    where = "" if is_listed else f" De regels vallen buiten de eerste {number(MAX_FINDINGS_PER_RULE)} van deze soort."
    return f"Wat moet kloppen: {rule.tests}.{where}"


def _urgency(group: RuleFindings) -> tuple[bool, bool, bool, bool, int, int]:
    place = [rule.id for rule in catalogue().rule].index(group.rule)
    column = -1 if group.column is None else catalogue().columns("optional").index(group.column)
    is_second = not is_about_earlier(group.rule)
    return group.status == "solved", group.is_explained, is_second, group.severity == "notice", place, column

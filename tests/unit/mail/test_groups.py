"""Findings grouped by rule: order, counts, lines and texts."""

import pytest

from dakl_pipeline.intake.catalogue import Rule, catalogue, rules_by_id
from dakl_pipeline.intake.findings import MAX_FINDINGS_PER_RULE, Finding, finding
from dakl_pipeline.mail.groups import LISTED, FindingGroup, Message, group_findings


def _groups(findings: list[Finding], **more: int) -> tuple[FindingGroup, ...]:
    counts = dict(more)
    for each in findings:
        counts[each.rule] = counts.get(each.rule, 0) + 1
    return group_findings(counts, findings, year=2024)


def test_the_same_text_is_shown_once_with_its_lines() -> None:
    (group,) = _groups([finding("bsn_format", row=row, column="bsn") for row in (3, 5, 9)])
    assert group.messages == (Message("Kolom bsn bevat iets anders dan een BSN van 9 cijfers.", "Regels 3, 5 en 9"),)
    assert (group.count, group.severity, group.actor) == ("3 keer", "error", "leverancier")


def test_other_texts_are_shown_apart() -> None:
    (group,) = _groups([finding("duplicate_row", row=4, other_row=2), finding("duplicate_row", row=7, other_row=3)])
    assert [(m.where, m.text) for m in group.messages] == [
        ("Regel 4", "De regel is gelijk aan regel 2."),
        ("Regel 7", "De regel is gelijk aan regel 3."),
    ]


def test_a_fault_of_the_whole_file_has_no_line() -> None:
    (group,) = _groups([finding("separator", separator="komma's")])
    assert [m.where for m in group.messages] == [""]


def test_faults_come_first_then_warnings_then_notices() -> None:
    ids = ["code_padded", "bsn_missing", "duplicate_row", "bsn_format", "file_name"]
    groups = group_findings(dict.fromkeys(ids, 1), [], year=2024)
    titles = [rules_by_id()[name].title for name in ("file_name", "bsn_format", "bsn_missing", "duplicate_row")]
    assert [g.title for g in groups] == [*titles, rules_by_id()["code_padded"].title]
    assert [g.severity for g in groups] == ["error", "error", "warning", "warning", "notice"]


def test_many_lines_and_many_texts_are_cut() -> None:
    rows = range(2, 2 + LISTED + 5)
    (one_text,) = _groups([finding("bsn_format", row=row, column="bsn") for row in rows])
    assert one_text.messages[0].where.endswith("en nog 5")
    (many_texts,) = _groups([finding("duplicate_row", row=row + 100, other_row=row) for row in rows])
    assert len(many_texts.messages) == LISTED + 1
    assert many_texts.messages[-1] == Message("En nog 5 andere regels.", "")


def test_more_findings_than_are_kept() -> None:
    findings = [finding("bsn_format", row=row, column="bsn") for row in range(2, 2 + MAX_FINDINGS_PER_RULE)]
    (group,) = group_findings({"bsn_format": 4321}, findings, year=2024)
    assert group.count == "4.321 keer"
    assert [m.where for m in group.messages] == ["Regels 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 en verder"]
    findings = [finding("duplicate_row", row=row + 1, other_row=row) for row in range(2, 2 + MAX_FINDINGS_PER_RULE)]
    (group,) = group_findings({"duplicate_row": 4321}, findings, year=2024)
    assert group.messages[-1] == Message("En nog andere regels.", "")


def test_a_rule_of_which_the_lines_are_not_known_is_still_there() -> None:
    (group,) = group_findings({"bsn_format": 12}, [], year=2024)
    assert (group.messages, group.count) == ((), "12 keer")
    assert group.action == rules_by_id()["bsn_format"].action


@pytest.mark.parametrize("rule", catalogue().rule, ids=lambda rule: rule.id)
def test_every_rule_says_what_to_do(rule: Rule) -> None:
    (group,) = group_findings({rule.id: 1}, [], year=2024)
    assert group.title
    assert group.action
    assert "{" not in group.action

"""Findings on a file, with the texts of the catalogue.

A message contains only catalogue text and safe values (counts, row numbers, years, column names).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from dakl_pipeline.intake.catalogue import Rule, Severity, catalogue, rules_by_id

# Contract: at most this many findings per rule are kept; an extra finding then gives the total.
MAX_FINDINGS_PER_RULE = 1_000
_AGAINST_EARLIER = 2


class Finding(BaseModel):
    """One finding, as shown to the supplier.

    Attributes:
        rule: id in the rule catalogue.
        severity: ``error`` (rejects the file), ``warning`` or ``notice``.
        row: line number in the file (header = 1), or None for the whole file.
        column: delivered column name, or None.
        message: Dutch text without any value from the file.
        concerns: number of registrations that a finding on the whole file is about.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    rule: str
    severity: Severity
    row: int | None
    column: str | None
    message: str
    concerns: int = 1


class FindingCount(BaseModel):
    """The number of findings of one rule in one column, including findings that were not kept.

    Attributes:
        rule: id in the rule catalogue.
        column: delivered column name, or None.
        count: exact number.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    rule: str
    column: str | None
    count: int


def finding(
    rule_id: str, *, row: int | None = None, column: str | None = None, concerns: int = 1, **values: int | str
) -> Finding:
    """Make one finding with the text of the catalogue.

    Args:
        rule_id: id in the catalogue.
        row: line number (header = 1), or None for the whole file.
        column: delivered column name, or None.
        concerns: number of registrations that a finding on the whole file is about.
        **values: the placeholders of the rule's message; never a value from a delivered row.

    Returns:
        The finding.

    Raises:
        KeyError: if the rule is not in the catalogue, or a placeholder of its message has no value.
    """
    rule = rules_by_id()[rule_id]
    message = rule.message.format(column=column, **values)
    return Finding(rule=rule.id, severity=rule.severity, row=row, column=column, message=message, concerns=concerns)


def with_totals(findings: Collection[Finding], counts: Mapping[str, int]) -> tuple[Finding, ...]:
    """Add a finding with the total for each rule that found more than is kept, for readers of the list alone.

    Args:
        findings: the findings that were kept.
        counts: exact number of findings per rule.

    Returns:
        The findings with those totals, by row (the whole file first), column and rule.
    """
    kept = Counter(each.rule for each in findings)
    cut = (_total(rules_by_id()[r], n) for r, n in counts.items() if n > kept[r] == MAX_FINDINGS_PER_RULE)
    return in_order([*cut, *findings])


def _total(rule: Rule, count: int) -> Finding:
    text = f"{rule.title}: in totaal {count} keer; alleen de eerste {MAX_FINDINGS_PER_RULE} zijn getoond."
    return Finding(rule=rule.id, severity=rule.severity, row=None, column=None, message=text)


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings: comparisons with earlier files first, then by row (the whole file first), column and rule."""

    def place(each: Finding) -> tuple[bool, int, int, str]:
        # Possible faults of the whole delivery go before faults inside the file.
        return not is_about_earlier(each.rule), each.row or 0, _column_place(each.column), each.rule

    return tuple(sorted(findings, key=place))


@dataclass(frozen=True, slots=True)
class _Hit:
    row: int | None
    column: str | None
    values: Mapping[str, int | str]

    def order(self) -> tuple[int, int]:
        return (self.row or 0, _column_place(self.column))


@dataclass(slots=True)
class Collector:
    """Collects findings in bounded memory: the first rows per rule, and the exact count per rule and column."""

    _hits: dict[str, list[_Hit]] = field(default_factory=dict)
    _counts: Counter[tuple[str, str | None]] = field(default_factory=Counter)

    def add(
        self,
        rule_id: str,
        rows: Iterable[int | None] = (None,),
        *,
        count: int = 1,
        column: str | None = None,
        **values: int | str,
    ) -> None:
        """Add the findings of one rule in one column.

        Args:
            rule_id: id in the catalogue.
            rows: line numbers in ascending order; at least the first ``MAX_FINDINGS_PER_RULE`` of them.
            count: the total number.
            column: delivered column name, or None.
            **values: the placeholders of the message.
        """
        hits = self._hits.setdefault(rule_id, [])
        hits.extend(_Hit(row, column, values) for row in rows)
        self._counts[rule_id, column] += count
        if len(hits) > 4 * MAX_FINDINGS_PER_RULE:
            self._hits[rule_id] = sorted(hits, key=_Hit.order)[:MAX_FINDINGS_PER_RULE]

    def merge(self, other: "Collector") -> None:
        """Add all findings of another collector."""
        for rule_id, hits in other._hits.items():
            self._hits.setdefault(rule_id, []).extend(hits)
        self._counts.update(other._counts)

    def has(self, rule_id: str) -> bool:
        """Return whether a rule found anything."""
        return rule_id in self._hits

    @property
    def has_errors(self) -> bool:
        """Whether a rule that rejects the file found anything."""
        return any(_is_error(rule_id) for rule_id in self._hits)

    @property
    def error_count(self) -> int:
        """Number of findings of rules that reject the file."""
        return sum(n for (rule_id, _), n in self._counts.items() if _is_error(rule_id))

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings by row (whole file first), column and rule; at most ``MAX_FINDINGS_PER_RULE`` per rule.

        A rejected file shows only its errors, because its content cannot be judged yet (monitor rule 3.1).
        """
        return in_order(
            finding(rule_id, row=hit.row, column=hit.column, concerns=1, **hit.values)
            for rule_id, hits in self._hits.items()
            if self._is_shown(rule_id)
            for hit in sorted(hits, key=_Hit.order)[:MAX_FINDINGS_PER_RULE]
        )

    def counts(self) -> tuple[FindingCount, ...]:
        """Return the number of findings per rule and column, for the rules of ``findings``."""
        found = sorted(self._counts.items(), key=lambda item: (item[0][0], _column_place(item[0][1])))
        return tuple(
            FindingCount(rule=rule_id, column=column, count=count)
            for (rule_id, column), count in found
            if self._is_shown(rule_id)
        )

    def _is_shown(self, rule_id: str) -> bool:
        return _is_error(rule_id) or not self.has_errors


def is_about_earlier(rule_id: str) -> bool:
    """Return whether a rule compares a file with earlier deliveries."""
    return rules_by_id()[rule_id].level == _AGAINST_EARLIER


def weights(counts: Mapping[str, int], findings: Iterable[Finding]) -> dict[str, int]:
    """Return the weight of each rule: its number of findings, or of registrations concerned if it compares files.

    Args:
        counts: exact number of findings per rule.
        findings: the findings that were kept.
    """
    concerned: Counter[str] = Counter()
    for each in findings:
        concerned[each.rule] += each.concerns
    return {rule: concerned[rule] if is_about_earlier(rule) else n for rule, n in counts.items()}


def _is_error(rule_id: str) -> bool:
    return rules_by_id()[rule_id].severity == "error"


def _column_place(column: str | None) -> int:
    return -1 if column is None else catalogue().columns("optional").index(column)

"""Findings: what the intake says about a file, made from the catalogue's texts.

Belongs here: one finding, how findings are collected, limited and put in order. Does not belong here: how a rule is
tested. A message is made of catalogue text and safe values only (counts, row numbers, years, column names).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict

from dakl_pipeline.intake.catalogue import Severity, catalogue, rules_by_id

# Contract: at most this many findings per rule, then one with the total count.
MAX_FINDINGS_PER_RULE = 1_000


class Finding(BaseModel):
    """One finding, as it is shown to the supplier.

    Attributes:
        rule: id in the rule catalogue.
        severity: ``error`` (rejects the file), ``warning`` or ``notice``.
        row: line number in the file (header = 1), or None for the file as a whole.
        column: delivered column name, or None.
        message: Dutch text without any value from the file.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    rule: str
    severity: Severity
    row: int | None
    column: str | None
    message: str


def finding(rule_id: str, *, row: int | None = None, column: str | None = None, **values: int | str) -> Finding:
    """Make one finding with the text of the catalogue.

    Args:
        rule_id: id in the catalogue.
        row: line number (header = 1), or None for the whole file.
        column: delivered column name, or None.
        **values: the placeholders of the rule's message; never a value from a delivered row.

    Returns:
        The finding.

    Raises:
        KeyError: the rule is not in the catalogue, or a placeholder of its message has no value.
    """
    rule = rules_by_id()[rule_id]
    message = rule.message.format(column=column, **values)
    return Finding(rule=rule.id, severity=rule.severity, row=row, column=column, message=message)


def _total(rule_id: str, count: int) -> Finding:
    rule = rules_by_id()[rule_id]
    text = f"{rule.title}: in totaal {count} keer; alleen de eerste {MAX_FINDINGS_PER_RULE} zijn getoond."
    return Finding(rule=rule.id, severity=rule.severity, row=None, column=None, message=text)


@dataclass(frozen=True, slots=True)
class _Hit:
    row: int | None
    column: str | None
    values: Mapping[str, int | str]

    def order(self) -> tuple[int, int]:
        return (self.row or 0, _column_place(self.column))


@dataclass(slots=True)
class Collector:
    """Collects what rules find, in bounded memory: per rule the first rows and the total count."""

    _hits: dict[str, list[_Hit]] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def add(
        self,
        rule_id: str,
        rows: Iterable[int | None] = (None,),
        *,
        count: int = 1,
        column: str | None = None,
        **values: int | str,
    ) -> None:
        """Add what one rule found in one column.

        Args:
            rule_id: id in the catalogue.
            rows: line numbers in ascending order; at least the first ``MAX_FINDINGS_PER_RULE`` of them.
            count: how many there are in all.
            column: delivered column name, or None.
            **values: the placeholders of the message.
        """
        hits = self._hits.setdefault(rule_id, [])
        hits.extend(_Hit(row, column, values) for row in rows)
        self._counts[rule_id] = self._counts.get(rule_id, 0) + count
        if len(hits) > 4 * MAX_FINDINGS_PER_RULE:
            self._hits[rule_id] = sorted(hits, key=_Hit.order)[:MAX_FINDINGS_PER_RULE]

    def merge(self, other: "Collector") -> None:
        """Take over everything that another collector found."""
        for rule_id, hits in other._hits.items():
            self._hits.setdefault(rule_id, []).extend(hits)
            self._counts[rule_id] = self._counts.get(rule_id, 0) + other._counts[rule_id]

    @property
    def has_errors(self) -> bool:
        """Whether a rule that rejects the file found anything."""
        return any(rules_by_id()[rule_id].severity == "error" for rule_id in self._hits)

    @property
    def error_count(self) -> int:
        """How often a rule that rejects the file found something."""
        return sum(n for rule_id, n in self._counts.items() if rules_by_id()[rule_id].severity == "error")

    def findings(self) -> tuple[Finding, ...]:
        """The findings by row (the whole file first), column and rule.

        A rejected file shows its errors only: whether its content is right cannot be said yet (monitor rule 3.1).
        """
        only_errors = self.has_errors
        result: list[Finding] = []
        for rule_id, hits in self._hits.items():
            if only_errors and rules_by_id()[rule_id].severity != "error":
                continue
            shown = sorted(hits, key=_Hit.order)[:MAX_FINDINGS_PER_RULE]
            result.extend(finding(rule_id, row=hit.row, column=hit.column, **hit.values) for hit in shown)
            if self._counts[rule_id] > MAX_FINDINGS_PER_RULE:
                result.append(_total(rule_id, self._counts[rule_id]))
        return tuple(sorted(result, key=lambda f: (f.row or 0, _column_place(f.column), f.rule)))


def _column_place(column: str | None) -> int:
    return -1 if column is None else catalogue().columns("optional").index(column)

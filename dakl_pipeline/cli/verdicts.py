"""Shows the verdict on a file on a terminal and as JSON."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from dakl_pipeline.cli import output

if TYPE_CHECKING:
    from dakl_pipeline.intake.check import Verdict
    from dakl_pipeline.intake.findings import Finding
    from dakl_pipeline.intake.reading import Reading

# Findings shown per rule and column, and in total: enough to find the fault in the file.
_SHOWN_OF_A_KIND = 3
_LISTED = 30


def verdict_json(verdict: "Verdict") -> dict[str, Any]:
    """Return the verdict as JSON for programs."""
    from dakl_pipeline.intake.findings import with_totals

    return {
        "approved": verdict.approved,
        "reporting_year": verdict.reporting_year,
        "registrations": verdict.registrations,
        "reading": reading.model_dump(mode="json") if (reading := _reading(verdict)) else None,
        "diagnoses": [each.model_dump(mode="json") for each in verdict.diagnoses],
        "findings": [
            {
                "rule": f.rule,
                "severity": f.severity,
                "row": f.row,
                "column": f.column,
                "message": f.message,
            }
            for f in with_totals(verdict.findings, verdict.counts_by_rule())
        ],
        "counts": verdict.counts_by_rule(),
    }


def print_for_analyst(findings: "Iterable[Finding]") -> None:
    """Print the findings on a delivery that only the analyst may see, with what to do."""
    from dakl_pipeline.intake.catalogue import SEVERITIES, rules_by_id

    for each in findings:
        to_do = rules_by_id()[each.rule].what_to_do(None)
        output.say(f"Alleen voor CBS ({SEVERITIES[each.severity]}): {each.message} {to_do}")


def print_verdict(verdict: "Verdict") -> None:
    """Print a verdict with its first findings and what to do about each rule, in Dutch, for the coordinator."""
    from dakl_pipeline.intake.catalogue import SEVERITIES, rules_by_id
    from dakl_pipeline.intake.findings import MAX_FINDINGS_PER_RULE
    from dakl_pipeline.presentation.dutch import number, quantity

    output.say("GOEDGEKEURD" if verdict.approved else f"AFGEKEURD: {_why_rejected(verdict)}")
    if reading := _reading(verdict):
        for line in reading.told():
            output.say(line)
    if verdict.diagnoses:
        output.say("Waarschijnlijke oorzaak:" if len(verdict.diagnoses) == 1 else "Waarschijnlijke oorzaken:")
    for each in verdict.diagnoses:
        output.say(f"- {each.told()}")
    rows = [
        ("heel bestand" if f.row is None else f"regel {f.row}", f.column, SEVERITIES[f.severity], f.message)
        for f in _first(verdict.findings)
    ]
    if rows:
        output.print_table(("waar", "kolom", "ernst", "bevinding"), rows)
    counts = verdict.counts_by_rule()
    if (more := sum(counts.values()) - len(rows)) > 0:
        is_all = max(counts.values()) <= MAX_FINDINGS_PER_RULE
        listed = "alle" if is_all else f"de eerste {MAX_FINDINGS_PER_RULE} van elke soort"
        output.say(f"... en nog {quantity(more, 'bevinding', 'bevindingen')}; {listed} met --json")
    if rows:
        output.say("Wat te doen:")
    for rule in map(rules_by_id().__getitem__, dict.fromkeys(f.rule for f in verdict.findings)):
        to_do = rule.what_to_do(verdict.reporting_year)
        output.say(f"- {rule.title} ({number(counts[rule.id])} keer): {to_do}")


def _why_rejected(verdict: "Verdict") -> str:
    from dakl_pipeline.intake.refusal import refusal_of

    refusal = refusal_of(verdict.counts_by_rule())
    if not refusal.is_outside_window:
        return "het hele bestand is geweigerd"
    if refusal.is_faulty:
        return "het hele bestand is geweigerd, om fouten en omdat het buiten de aanleverperiode is ontvangen"
    return "ontvangen buiten de aanleverperiode; in het bestand zelf zijn geen fouten gevonden"


def _reading(verdict: "Verdict") -> "Reading | None":
    """Return what was read, or None if the file was rejected."""
    return verdict.reading if verdict.approved else None


def _first(findings: Iterable["Finding"]) -> "list[Finding]":
    """Return the first findings of each rule in each column, in their order."""

    def first_rows() -> "Iterator[Finding]":
        seen = Counter[tuple[str, str | None]]()
        for each in findings:
            seen[each.rule, each.column] += 1
            if seen[each.rule, each.column] <= _SHOWN_OF_A_KIND:
                yield each

    return list(first_rows())[:_LISTED]

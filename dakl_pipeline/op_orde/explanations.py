"""A supplier's explanations of findings, which stay valid as long as the findings do not grow."""

from collections.abc import Iterable, Mapping

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dakl_pipeline.deliveries.log import Delivery, Entry, order_of_receipt
from dakl_pipeline.errors import WrongUsage
from dakl_pipeline.intake.catalogue import rules_by_id
from dakl_pipeline.intake.findings import is_about_earlier
from dakl_pipeline.presentation.dutch import day, number
from dakl_pipeline.privacy.redaction import mask_numbers, mask_typed_numbers

MAX_LENGTH = 2_000


class Explanation(BaseModel):
    """A supplier's explanation of the findings of one rule in one reporting year.

    Attributes:
        sequence: Place in the log of explanations, from 1.
        supplier_id: The supplier.
        reporting_year: Reporting year.
        rule: Id in the rule catalogue.
        text: The explanation, with numbers that could identify a person masked.
        count: Weight of the rule when it was explained (``intake.findings.weights``); None in explanations of earlier
            versions.
        recorded_at: When it was recorded.
        recorded_by: Account that recorded it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    sequence: int = Field(ge=1)
    supplier_id: str
    reporting_year: int
    rule: str
    text: str = Field(min_length=1, max_length=MAX_LENGTH)
    count: int | None = Field(default=None, ge=0)
    recorded_at: AwareDatetime
    recorded_by: str


def safe_text(text: str) -> str:
    """Make an explanation safe to store: mask numbers and remove control characters.

    Raises:
        WrongUsage: If the result is empty or too long.
    """
    printable = "".join(c if c.isprintable() or c == "\n" else " " for c in text.replace("\r\n", "\n"))
    kept = mask_typed_numbers(printable).strip()
    if not kept:
        raise WrongUsage("an explanation needs a text")
    if len(kept) > MAX_LENGTH:
        raise WrongUsage(f"an explanation has at most {MAX_LENGTH} characters")
    return kept


def explainable_rule(rule_id: str) -> str:
    """Return the rule id if a supplier can explain findings of the rule.

    Raises:
        WrongUsage: If suppliers see no such rule, or the rule rejects a file: then only a corrected file helps.
    """
    rule = rules_by_id().get(rule_id)
    if rule is None or rule.audience == "analyst":
        raise WrongUsage(f"there is no rule {mask_numbers(rule_id)}: `dakl report` lists the rules with findings")
    if rule.severity == "error":
        raise WrongUsage(f"the rule {rule_id} rejects a file: it cannot be explained, the file must be corrected")
    return rule_id


def latest_by_rule(explanations: Iterable[Explanation]) -> dict[str, Explanation]:
    """Return the last explanation of every rule."""
    return {e.rule: e for e in sorted(explanations, key=lambda e: e.sequence)}


def with_counts(explanations: Iterable[Explanation], log: Iterable[Entry]) -> list[Explanation]:
    """Fill in missing counts of explanations, from the last approved file recorded before each explanation.

    Args:
        explanations: Explanations of one supplier and year.
        log: The log.
    """
    approved = sorted((e for e in log if isinstance(e, Delivery) and e.approved), key=order_of_receipt)

    def count_of(each: Explanation) -> int:
        if each.count is not None:
            return each.count
        files = [
            d.findings
            for d in approved
            if (d.supplier_id, d.reporting_year) == (each.supplier_id, each.reporting_year)
            and d.recorded_at <= each.recorded_at
        ]
        return files[-1].get(each.rule, 0) if files else 0

    return [each.model_copy(update={"count": count_of(each)}) for each in explanations]


def asked_again(
    explanations: Mapping[str, Explanation], found: Mapping[str, int], *, growth_allowed: float
) -> dict[str, str]:
    """Return why CBS asks again about rules that now find more than was explained (Dutch).

    Args:
        explanations: The last explanation by rule, with its count.
        found: Current weight of each rule.
        growth_allowed: Share by which the explained count may grow.

    Returns:
        A sentence by rule, only for rules that the explanation no longer covers.
    """
    return {
        rule: _outgrown(each, found[rule])
        for rule, each in explanations.items()
        if rule in found and found[rule] > (each.count or 0) * (1 + growth_allowed)
    }


def _outgrown(explanation: Explanation, now: int) -> str:
    on, what = day(explanation.recorded_at), " registraties" if is_about_earlier(explanation.rule) else ""
    then = f"hebt u {number(explanation.count)}{what} toegelicht" if explanation.count else "was er nog geen bevinding"
    return f"Bij uw toelichting van {on} {then}, nu zijn het er {number(now)}: licht dit opnieuw toe of verbeter het."

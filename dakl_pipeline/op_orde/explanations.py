"""What a supplier explains about a finding, so that it need not be explained again.

Belongs here: an explanation as a validated object, and which one counts. Does not belong here: where they are kept.
"""

from collections.abc import Iterable

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from dakl_pipeline.errors import WrongUsage
from dakl_pipeline.intake.catalogue import rules_by_id
from dakl_pipeline.redaction import mask_numbers

MAX_LENGTH = 2_000


class Explanation(BaseModel):
    """What a supplier said about the findings of one rule in one reporting year.

    Attributes:
        sequence: Place among the explanations of this supplier and year, from 1.
        supplier_id: Whose explanation it is.
        reporting_year: Year it is about.
        rule: Id in the rule catalogue.
        text: The explanation, numbers that could be a person's masked.
        recorded_at: When it was recorded.
        recorded_by: Account that recorded it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    sequence: int = Field(ge=1)
    supplier_id: str
    reporting_year: int
    rule: str
    text: str = Field(min_length=1, max_length=MAX_LENGTH)
    recorded_at: AwareDatetime
    recorded_by: str


def safe_text(text: str) -> str:
    """An explanation as it may be kept: numbers masked, control characters gone.

    Raises:
        WrongUsage: If nothing is left, or it is too long.
    """
    printable = "".join(c if c.isprintable() or c == "\n" else " " for c in text.replace("\r\n", "\n"))
    kept = mask_numbers(printable).strip()
    if not kept:
        raise WrongUsage("an explanation needs a text")
    if len(kept) > MAX_LENGTH:
        raise WrongUsage(f"an explanation has at most {MAX_LENGTH} characters")
    return kept


def explainable_rule(rule_id: str) -> str:
    """The id of a rule whose findings a supplier can explain.

    Raises:
        WrongUsage: If there is no such rule, or it rejects the file: then only a better file helps.
    """
    rule = rules_by_id().get(rule_id)
    if rule is None:
        raise WrongUsage(f"there is no rule {mask_numbers(rule_id)}: `dakl report` names the rules of the findings")
    if rule.severity == "error":
        raise WrongUsage(f"the rule {rule_id} rejects a file: it cannot be explained, the file must be corrected")
    return rule_id


def latest_by_rule(explanations: Iterable[Explanation]) -> dict[str, Explanation]:
    """The last explanation of every rule."""
    return {e.rule: e for e in sorted(explanations, key=lambda e: e.sequence)}

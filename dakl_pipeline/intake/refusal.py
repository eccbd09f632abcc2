"""Why a file was rejected: for its content, for its time of receipt, or for both.

A rejected file may also have warnings and notices; they are not a reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from dakl_pipeline.intake.catalogue import rules_by_id

WINDOW_RULE = "delivery_window"


@dataclass(frozen=True)
class Refusal:
    """The reasons why a file was rejected.

    Attributes:
        is_outside_window: Whether it was received outside the delivery window.
        is_faulty: Whether the file itself has faults.
    """

    is_outside_window: bool
    is_faulty: bool


def refusal_of(rules: Iterable[str]) -> Refusal:
    """Return why a file was rejected.

    Args:
        rules: The ids of the rules with findings on the rejected file. A rule that is no longer in the catalogue
            counts as a fault.
    """
    found = set(rules)
    faults = {rule for rule in found - {WINDOW_RULE} if rule not in rules_by_id() or is_fault(rule)}
    is_outside_window = WINDOW_RULE in found
    return Refusal(is_outside_window, bool(faults) or not is_outside_window)


def is_fault(rule: str) -> bool:
    """Return whether a rule of the catalogue rejects a file for its content."""
    return rule != WINDOW_RULE and rules_by_id()[rule].severity == "error"

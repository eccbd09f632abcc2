"""Why a file was rejected: for what is in it, for when it came, or for both.

A rejected file can also have warnings and notices: they are no reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from dakl_pipeline.intake.catalogue import rules_by_id

WINDOW_RULE = "delivery_window"


@dataclass(frozen=True)
class Refusal:
    """Why a file was rejected.

    Attributes:
        is_outside_window: Whether it came outside the delivery window.
        is_faulty: Whether the file itself has faults.
    """

    is_outside_window: bool
    is_faulty: bool


def refusal_of(rules: Iterable[str]) -> Refusal:
    """Say why a file was rejected.

    Args:
        rules: The ids of the rules that found something in a rejected file. One that the catalogue does not have any
            more is taken for a fault, because the file was rejected by it.
    """
    found = set(rules)
    faults = {rule for rule in found - {WINDOW_RULE} if rule not in rules_by_id() or is_fault(rule)}
    is_outside_window = WINDOW_RULE in found
    return Refusal(is_outside_window, bool(faults) or not is_outside_window)


def is_fault(rule: str) -> bool:
    """Whether a rule of the catalogue rejects a file for what is in it."""
    return rule != WINDOW_RULE and rules_by_id()[rule].severity == "error"

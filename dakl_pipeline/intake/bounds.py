"""Decides whether a difference between two files is large enough to report: never by a bare percentage."""

from math import sqrt

from dakl_pipeline.reference.code_lists import cached_per_code_lists, comparison_bounds
from dakl_pipeline.reference.delivered_files import Compared, ComparisonBound


@cached_per_code_lists
def bound(rule: str, against: Compared) -> ComparisonBound:
    """Return the bound of a rule for one kind of comparison.

    Raises:
        KeyError: if the rule has no such bound.
    """
    return {(each.rule, each.against): each for each in comparison_bounds()}[rule, against]


def is_large(rule: str, against: Compared, difference: float, *, of: int, expected: float = 0) -> bool:
    """Return whether a difference reaches every limit of the bound.

    Args:
        rule: id in the rule catalogue.
        against: the kind of comparison.
        difference: number of registrations that differ.
        of: the number that the share refers to.
        expected: the expected number; chance alone moves it by about its square root.
    """
    limits = bound(rule, against)
    return difference >= max(limits.minimum, limits.share * of, limits.deviations * sqrt(expected))

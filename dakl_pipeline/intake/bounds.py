"""When a difference between two files is large enough to be told: never a bare percentage."""

from math import sqrt

from dakl_pipeline.reference.code_lists import cached_per_code_lists, comparison_bounds
from dakl_pipeline.reference.delivered_files import Compared, ComparisonBound


@cached_per_code_lists
def bound(rule: str, against: Compared) -> ComparisonBound:
    """The bound of a rule for one kind of comparison.

    Raises:
        KeyError: the rule has none.
    """
    return {(each.rule, each.against): each for each in comparison_bounds()}[rule, against]


def is_large(rule: str, against: Compared, difference: float, *, of: int, expected: float = 0) -> bool:
    """Whether a difference is large by every measure of the bound.

    Args:
        rule: id in the rule catalogue.
        against: with what is compared.
        difference: how many registrations differ.
        of: the number of which the share is taken.
        expected: the number that was expected; chance alone moves it by about its square root.
    """
    limits = bound(rule, against)
    return difference >= max(limits.minimum, limits.share * of, limits.deviations * sqrt(expected))

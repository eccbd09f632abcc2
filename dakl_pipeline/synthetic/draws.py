"""Vectorised random draws for the synthetic population."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

# A BSN gets at least eight significant digits: without its leading zero it still has the eight that A2 allows.
_SMALLEST_STEM = 1_000_000
_LARGEST_STEM = 99_999_999
_STEM_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2)


def choose(rng: np.random.Generator, weights: Sequence[float], size: int) -> IntArray:
    """Draw ``size`` positions, with probabilities proportional to ``weights``."""
    return choose_at(np.asarray(weights, dtype=np.float64), rng.random(size))


def choose_at(weights: FloatArray, chances: FloatArray) -> IntArray:
    """Return the position in ``weights`` that each random value (0 to 1) selects."""
    steps = np.cumsum(weights)
    found = np.searchsorted(steps, chances * steps[-1], side="right")
    picked: IntArray = np.minimum(found, len(weights) - 1).astype(np.int64)
    return picked


def apportion(total: int, weights: Sequence[float] | FloatArray | IntArray) -> IntArray:
    """Divide ``total`` into whole parts in proportion to ``weights`` (largest remainder; ties to the first).

    Returns:
        Parts that add up to ``total``; all zero if no weight is positive.
    """
    share = np.asarray(weights, dtype=np.float64)
    if total <= 0 or share.sum() <= 0:
        return np.zeros(len(share), dtype=np.int64)
    exact = total * share / share.sum()
    parts: IntArray = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - parts), kind="stable")
    parts[order[: total - int(parts.sum())]] += 1
    return parts


def rank_in_group(group: IntArray, *keys: FloatArray | BoolArray) -> IntArray:
    """Return the rank (from 0) of every element in its group, sorted by ``keys``, most important key first."""
    order = np.lexsort((*reversed(keys), group))
    ordered = group[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(ordered) else np.zeros(0, dtype=np.int64)
    lengths = np.diff(np.r_[starts, len(ordered)])
    ranks = np.empty(len(group), dtype=np.int64)
    ranks[order] = np.arange(len(group)) - np.repeat(starts, lengths)
    return ranks


class GroupedChoice:
    """Weighted choice of an item in a group, for many draws at once (a supplier or municipality of a region)."""

    def __init__(self, groups: Sequence[int] | IntArray, weights: Sequence[float] | FloatArray, group_count: int):
        """Prepare the draw; items are positions in ``groups``, groups are numbered from 0 and in any order."""
        group_array = np.asarray(groups, dtype=np.int64)
        self._items = np.argsort(group_array, kind="stable")
        self._ends = np.cumsum(np.bincount(group_array, minlength=group_count))
        self._starts = np.r_[0, self._ends[:-1]]
        self._steps = np.r_[0.0, np.cumsum(np.asarray(weights, dtype=np.float64)[self._items])]

    def draw(self, rng: np.random.Generator, group: IntArray) -> IntArray:
        """Draw one item for every entry of ``group``; each of these groups must have items."""
        low, high = self._steps[self._starts[group]], self._steps[self._ends[group]]
        found = np.searchsorted(self._steps, low + rng.random(len(group)) * (high - low), side="right") - 1
        items: IntArray = self._items[np.clip(found, self._starts[group], self._ends[group] - 1)]
        return items


def _distinct(rng: np.random.Generator, low: int, high: int, count: int) -> IntArray:
    found = np.zeros(0, dtype=np.int64)
    while len(found) < count:
        more = rng.integers(low, high, size=int((count - len(found)) * 1.1) + 16)
        found = np.unique(np.r_[found, more])
    picked: IntArray = rng.permutation(found)[:count]
    return picked


def draw_bsns(rng: np.random.Generator, count: int, *, excluded: Sequence[int] = ()) -> IntArray:
    """Draw distinct nine-digit numbers that pass the eleven test, at most one leading zero, none in ``excluded``."""
    # One stem in eleven has no check digit; a larger draw makes one pass enough.
    stems = _distinct(rng, _SMALLEST_STEM, _LARGEST_STEM + 1, int(count * 1.12) + 64 + len(excluded))
    digits = [stems // 10**power % 10 for power in range(7, -1, -1)]
    check = sum(weight * digit for weight, digit in zip(_STEM_WEIGHTS, digits, strict=True)) % 11
    numbers = (stems * 10 + check)[check < 10]
    picked: IntArray = numbers[~np.isin(numbers, np.asarray(excluded, dtype=np.int64))][:count]
    return picked


def break_eleven_test(bsns: IntArray) -> IntArray:
    """Change the last digit of each number, so that it fails the eleven test."""
    return bsns - bsns % 10 + (bsns % 10 + 1) % 10


def draw_v_numbers(rng: np.random.Generator, count: int) -> IntArray:
    """Draw distinct ten-digit numbers without a leading zero."""
    return _distinct(rng, 10**9, 10**10, count)

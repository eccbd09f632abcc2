import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakl_pipeline.synthetic.draws import (
    GroupedChoice,
    apportion,
    break_eleven_test,
    choose_at,
    draw_bsns,
    draw_v_numbers,
    rank_in_group,
)
from tests.support.synthetic_counts import passes_eleven_test


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (10, [1.0, 1.0], [5, 5]),
        (10, [2.0, 1.0], [7, 3]),
        (1, [1.0, 1.0, 1.0], [1, 0, 0]),
        (5, [0.0, 3.0], [0, 5]),
        (0, [1.0, 3.0], [0, 0]),
        (5, [0.0, 0.0], [0, 0]),
    ],
)
def test_apportion_divides_by_largest_remainder(total: int, weights: list[float], parts: list[int]) -> None:
    assert apportion(total, weights).tolist() == parts


@given(st.integers(0, 100_000), st.lists(st.floats(0.01, 1e6), min_size=1, max_size=50))
def test_apportion_loses_nobody(total: int, weights: list[float]) -> None:
    parts = apportion(total, weights)
    assert parts.sum() == total
    assert (parts >= 0).all()
    exact = total * np.array(weights) / sum(weights)
    assert (np.abs(parts - exact) < 1 + 1e-6).all()


def test_chances_fall_on_positions_in_proportion() -> None:
    assert choose_at(np.array([1.0, 0.0, 3.0]), np.array([0.0, 0.24, 0.25, 0.99])).tolist() == [0, 0, 2, 2]


def test_rank_in_group_orders_by_the_first_key() -> None:
    group = np.array([1, 0, 1, 1])
    assert rank_in_group(group, np.array([3.0, 1.0, 1.0, 1.0]), np.array([0.0, 0.0, 5.0, 4.0])).tolist() == [2, 0, 1, 0]


def test_a_grouped_choice_stays_in_its_group_and_follows_the_weights() -> None:
    choice = GroupedChoice([2, 0, 2, 0], [1.0, 1.0, 3.0, 0.0], 3)
    drawn = choice.draw(np.random.default_rng(1), np.repeat([0, 2], 4000))
    assert set(drawn[:4000].tolist()) == {1}
    assert set(drawn[4000:].tolist()) == {0, 2}
    assert 0.70 < (drawn[4000:] == 2).mean() < 0.80


def test_bsns_are_different_and_pass_the_eleven_test() -> None:
    numbers = draw_bsns(np.random.default_rng(1), 20_000)
    assert len(set(numbers.tolist())) == len(numbers) == 20_000
    assert all(passes_eleven_test(f"{number:09d}") for number in numbers.tolist())
    # A lost leading zero leaves eight digits (A2), never fewer.
    assert numbers.min() >= 10_000_000
    assert (numbers < 100_000_000).any()


def test_excluded_bsns_are_never_drawn() -> None:
    first = draw_bsns(np.random.default_rng(1), 100)
    again = draw_bsns(np.random.default_rng(1), 100, excluded=first[:50].tolist())
    assert not set(first[:50].tolist()) & set(again.tolist())
    assert len(again) == 100


def test_a_broken_bsn_fails_the_eleven_test() -> None:
    numbers = break_eleven_test(draw_bsns(np.random.default_rng(1), 1000))
    assert not any(passes_eleven_test(f"{number:09d}") for number in numbers.tolist())


def test_v_numbers_have_ten_digits() -> None:
    numbers = draw_v_numbers(np.random.default_rng(1), 1000)
    assert len(set(numbers.tolist())) == 1000
    assert {len(str(number)) for number in numbers.tolist()} == {10}

"""Lists for analysts."""

import pytest

from dakl_pipeline.presentation.english import summarise


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b", "c"], "a, b, c"),
        (["a", "b", "c", "d", "e"], "a, b, c and 2 more"),
    ],
)
def test_of_many_items_the_first_few_are_named(items: list[str], words: str) -> None:
    assert summarise(items) == words


def test_items_with_commas_of_their_own_are_kept_apart_by_semicolons() -> None:
    assert summarise(["a, b", "c", "d"], 2, separator="; ") == "a, b; c; and 1 more"

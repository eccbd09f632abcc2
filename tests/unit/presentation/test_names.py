"""Names as people type them are understood, and unknown names get suggestions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dakl_pipeline.errors import WrongUsage
from dakl_pipeline.presentation.names import did_you_mean, known_name, nearest, one_of, spelling

KNOWN = {"leeftijd": "leeftijd", "geslacht": "geslacht", "'s-Hertogenbosch": "CR12", "Den Bosch": "CR12"}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("leeftijd", "leeftijd"),
        ("LEEFTIJD ", "leeftijd"),
        ("s Hertogenbosch", "CR12"),
        ("den-bosch", "CR12"),
        ("Dén Bosch", "CR12"),
    ],
)
def test_another_spelling_is_the_same_name(typed: str, name: str) -> None:
    assert known_name(typed, KNOWN, "name") == name


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (
            "leeftyd",
            "there is no such name. Did you mean leeftijd? Choose one of leeftijd, geslacht, CR12",
        ),
        ("zzz", "there is no such name. Choose one of leeftijd, geslacht, CR12"),
        # Two spellings of one name give one suggestion.
        ("Bosch Den", "there is no such name. Choose one of leeftijd, geslacht, CR12"),
    ],
)
def test_a_name_that_is_not_known_is_answered_with_the_choice(typed: str, message: str) -> None:
    with pytest.raises(WrongUsage) as refused:
        known_name(typed, KNOWN, "name")
    assert str(refused.value) == message


@pytest.mark.parametrize(("names", "choice"), [(["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")])
def test_names_are_a_choice_in_a_sentence(names: list[str], choice: str) -> None:
    assert one_of(names) == choice


def test_at_most_three_names_are_near_and_the_nearest_comes_first() -> None:
    known = ["almelo1", "almelo2", "almelo3", "almelo", "zwolle"]
    found = nearest("almelo", known)
    assert (found[0], len(found), "zwolle" in found) == ("almelo", 3, False)
    assert did_you_mean("zwole", known) == " Did you mean zwolle?"
    assert did_you_mean("q", known) == ""


@given(st.text())
def test_the_spelling_of_a_spelling_is_itself_and_has_no_case_or_space(name: str) -> None:
    once = spelling(name)
    assert spelling(f" {name}-") == once
    assert not any(char.isspace() or char in "-'" for char in once)

"""Ownership of a file: ids that may be misspelt, and files that may be another supplier's."""

import pytest

from dakl_pipeline.intake.whose import may_share, near_ids, newness, of_another
from tests.support.profiles import profile

KNOWN = ("opvang-twente", "leger-des-heils", "ggd-utrecht", "gemeente-almelo")


@pytest.mark.parametrize(
    ("supplier", "near"),
    [
        ("opvang-twetne", ["opvang-twente"]),
        ("opvang-twnte", ["opvang-twente"]),
        ("opvangtwente", ["opvang-twente"]),
        ("opvang--twente", ["opvang-twente"]),
        ("twente-opvang", ["opvang-twente"]),
        ("opvang-twente-2", ["opvang-twente"]),
        ("twente", ["opvang-twente"]),
        ("legerdesheils", ["leger-des-heils"]),
        ("gdd-utrecht", ["ggd-utrecht"]),
        ("gemeente-almere", []),
        ("gemeente-almello", ["gemeente-almelo"]),
        ("gemeente-leiden", []),
        ("ggd-utrecht-2", ["ggd-utrecht"]),
        ("gemeente-arnhem", []),
        ("humanitas", []),
        ("ggd", []),
        ("x", []),
    ],
)
def test_ids_that_may_be_meant(supplier: str, near: list[str]) -> None:
    assert near_ids(supplier, KNOWN, similarity=0.8) == near


@pytest.mark.parametrize(
    ("one", "other"), [("s001", "s002"), ("supplier-12", "supplier-21"), ("opvang-1-a", "opvang-2-a")]
)
def test_ids_with_another_number_are_two_suppliers(one: str, other: str) -> None:
    assert near_ids(one, [other], similarity=0.8) == []


def test_a_new_supplier_is_said_to_be_new_and_what_may_be_meant() -> None:
    assert newness("ggd-utrecht", KNOWN, similarity=0.8) == []
    assert [f.rule for f in newness("humanitas", KNOWN, similarity=0.8)] == ["supplier_new"]
    said = newness("opvang", ["opvang-a", "opvang-b", "opvang-c", "opvang-d"], similarity=0.8)
    assert [f.rule for f in said] == ["supplier_new", "supplier_resembles"]
    assert said[1].message == "Leverancier opvang is nieuw. Bedoelde u opvang-a of opvang-b of opvang-c?"


def test_whose_file_it_may_be_by_its_municipalities() -> None:
    others = {"a": profile(), "b": profile(by_municipality={"0141": 60, "0344": 60}), "c": profile(1)}
    (found,) = of_another(profile(), others)
    assert found.message.endswith("de gemeenten zijn die van a en b.")
    assert of_another(profile(by_municipality={"0363": 120}), others) == []
    assert not may_share(profile(by_municipality={"0363": 120}), profile())
    assert may_share(profile(), profile(by_municipality={"0141": 10}))
    assert not may_share(profile(), profile(by_municipality={"0141": 9}))

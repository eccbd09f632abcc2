"""The promises of docs/privacy.md: each has tests that exist, and a mutation that still fits the code."""

import ast
from collections import Counter

import pytest

from tests.mutations.promises import Mutation, Promise, mutations, promises
from tests.support.paths import ROOT

PROMISES = promises()


def test_the_promises_are_numbered_without_gaps() -> None:
    assert PROMISES
    assert [promise.number for promise in PROMISES] == list(range(1, len(PROMISES) + 1))


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: f"P{promise.number}")
def test_every_promise_names_tests_that_exist(promise: Promise) -> None:
    assert promise.tests
    for test in promise.tests:
        file, _, name = test.partition("::")
        defined = {
            node.name
            for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
            if isinstance(node, ast.FunctionDef)
        }
        assert name.partition("[")[0] in defined, test


def test_every_promise_can_be_broken() -> None:
    broken = Counter(mutation.promise for mutation in mutations())
    assert set(broken) == {promise.number for promise in PROMISES}


@pytest.mark.parametrize("mutation", mutations(), ids=lambda mutation: f"P{mutation.promise}-{mutation.file}")
def test_a_mutation_still_fits_the_code(mutation: Mutation) -> None:
    assert (ROOT / mutation.file).read_text(encoding="utf-8").count(mutation.old) == 1
    assert mutation.old != mutation.new

"""The promises of docs/privacy.md, and the mutations that break them."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.support.paths import ROOT

_PAGE = ROOT / "docs" / "privacy.md"
_ROW = re.compile(r"\| P(?P<number>[0-9]+) \| (?P<text>.*) \| (?P<tests>`tests/.*`) \|")
_MUTATIONS = Path(__file__).with_name("mutations.toml")


@dataclass(frozen=True)
class Promise:
    """A promise to the people in the data.

    Attributes:
        number: Its number on the page.
        text: The promise.
        tests: The tests that prove it, as pytest names them without parameters.
    """

    number: int
    text: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Mutation:
    """A protection taken away.

    Attributes:
        promise: Number of the promise that it breaks.
        file: File of the project.
        old: Text that occurs once in it.
        new: What takes its place.
    """

    promise: int
    file: str
    old: str
    new: str


def promises() -> list[Promise]:
    """The promises, in the order of the page."""
    rows = filter(None, map(_ROW.fullmatch, _PAGE.read_text(encoding="utf-8").splitlines()))
    return [Promise(int(row["number"]), row["text"], tuple(re.findall("`([^`]+)`", row["tests"]))) for row in rows]


def mutations() -> list[Mutation]:
    """The mutations, in order."""
    return [Mutation(**each) for each in tomllib.loads(_MUTATIONS.read_text(encoding="utf-8"))["mutation"]]

"""Recognises typed names in any spelling, and suggests the nearest ones if there is no match."""

import difflib
import unicodedata
from collections.abc import Iterable, Mapping

from dakl_pipeline.errors import WrongUsage

_LISTED = 3
_LIKENESS = 0.7


def spelling(name: str) -> str:
    """Normalise the spelling of a name: drop case, accents, spaces and punctuation such as hyphens, but not ``+``."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(char for char in decomposed if char.isalnum() or char == "+")


def nearest(typed: str, known: Iterable[str]) -> list[str]:
    """Return the known names most similar to a typed name, nearest first.

    Args:
        typed: The typed text.
        known: The known names.
    """
    by_spelling: dict[str, str] = {}
    for name in known:
        by_spelling.setdefault(spelling(name), name)
    found = difflib.get_close_matches(spelling(typed), by_spelling, n=_LISTED, cutoff=_LIKENESS)
    return [by_spelling[each] for each in found]


def did_you_mean(typed: str, known: Iterable[str]) -> str:
    """Return a question with the similar names, after a space; empty if there are none."""
    found = nearest(typed, known)
    return f" Did you mean {one_of(found)}?" if found else ""


def one_of(names: Iterable[str]) -> str:
    """Return names as a choice in a sentence: ``a``, ``a or b``, ``a, b or c``."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def known_name(typed: str, known: Mapping[str, str], what: str) -> str:
    """Return the known name that matches a typed name.

    Args:
        typed: The typed text.
        known: Every accepted spelling, with the name that it stands for.
        what: What kind of name it is, for the error.

    Raises:
        WrongUsage: If there is no such name; the message lists the names and suggests similar ones.
    """
    by_spelling = {spelling(each): name for each, name in known.items()}
    if (found := by_spelling.get(spelling(typed))) is not None:
        return found
    near = list(dict.fromkeys(known[each] for each in nearest(typed, known)))
    hint = f"Did you mean {one_of(near)}? " if near else ""
    raise WrongUsage(f"there is no such {what}. {hint}Choose one of {', '.join(dict.fromkeys(known.values()))}")

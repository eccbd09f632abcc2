"""Names as people type them: the same name in another spelling, and the nearest one when there is none."""

import difflib
import unicodedata
from collections.abc import Iterable, Mapping

from dakl_pipeline.errors import WrongUsage

_LISTED = 3
_LIKENESS = 0.7


def spelling(name: str) -> str:
    """What two spellings of a name have in common: no case, accents, spaces, hyphens, apostrophes or the like."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(char for char in decomposed if char.isalnum() or char == "+")


def nearest(typed: str, known: Iterable[str]) -> list[str]:
    """The names that may be meant, nearest first.

    Args:
        typed: What somebody typed.
        known: The names that there are.
    """
    by_spelling: dict[str, str] = {}
    for name in known:
        by_spelling.setdefault(spelling(name), name)
    found = difflib.get_close_matches(spelling(typed), by_spelling, n=_LISTED, cutoff=_LIKENESS)
    return [by_spelling[each] for each in found]


def did_you_mean(typed: str, known: Iterable[str]) -> str:
    """A question with the names that may be meant, after a space; nothing when none is near."""
    found = nearest(typed, known)
    return f" Did you mean {one_of(found)}?" if found else ""


def one_of(names: Iterable[str]) -> str:
    """Some names as a choice in a sentence: ``a``, ``a or b``, ``a, b or c``."""
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def known_name(typed: str, known: Mapping[str, str], what: str) -> str:
    """The name that somebody means.

    Args:
        typed: What they typed.
        known: Every spelling that is understood, with the name that it stands for.
        what: What it is a name of, in a sentence.

    Raises:
        WrongUsage: If there is no such name; it says which there are, and which may be meant.
    """
    by_spelling = {spelling(each): name for each, name in known.items()}
    if (found := by_spelling.get(spelling(typed))) is not None:
        return found
    near = list(dict.fromkeys(known[each] for each in nearest(typed, known)))
    hint = f"Did you mean {one_of(near)}? " if near else ""
    raise WrongUsage(f"there is no such {what}. {hint}Choose one of {', '.join(dict.fromkeys(known.values()))}")

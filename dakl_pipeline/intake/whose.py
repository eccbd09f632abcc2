"""Whose file it is: what an analyst should know when a supplier id is new or a file looks like another supplier's.

Until there is a register of suppliers this is all there is.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from difflib import SequenceMatcher

from dakl_pipeline.intake.bounds import bound, is_large
from dakl_pipeline.intake.findings import Finding, finding
from dakl_pipeline.intake.profile import FileProfile
from dakl_pipeline.presentation.dutch import listed

# Names that a finding shows; more would hide the right one.
_LISTED = 3
# A shorter id is part of too many others.
_LONG_ENOUGH = 4


def newness(supplier_id: str, known: Collection[str], *, similarity: float) -> list[Finding]:
    """What to say of a supplier of whom no file was approved yet.

    Args:
        supplier_id: Who delivers.
        known: The suppliers of whom a file was approved.
        similarity: From this likeness on an id may be a misspelling of another.
    """
    if supplier_id in known:
        return []
    near = near_ids(supplier_id, known, similarity=similarity)
    resembles = [finding("supplier_resembles", supplier=supplier_id, suppliers=" of ".join(near))] if near else []
    return [finding("supplier_new", supplier=supplier_id), *resembles]


def near_ids(supplier_id: str, known: Iterable[str], *, similarity: float) -> list[str]:
    """The known ids for which an id may be a misspelling, at most three, nearest first.

    Near is: the same apart from hyphens, the same letters in another order, one the beginning or end of the other, or
    much the same in the words that they do not share. Ids that only have another number are those of two suppliers.
    """
    found = {other: _likeness(supplier_id, other) for other in known if not _is_numbered(supplier_id, other)}
    near = {other: likeness for other, likeness in found.items() if likeness >= similarity}
    return sorted(near, key=lambda other: (-near[other], other))[:_LISTED]


def _is_numbered(one: str, other: str) -> bool:
    """Whether two ids are the same but for a number that both have."""
    bare = {re.sub("[0-9]+", "#", each) for each in (one, other)}
    return len(bare) == 1 and "#" in bare.pop()


def _likeness(one: str, other: str) -> float:
    """From 0 to 1, which is for ids that differ in a way that is easily made by mistake."""
    plain, theirs = (each.replace("-", "") for each in (one, other))
    short, long = sorted((plain, theirs), key=len)
    is_part = len(short) >= _LONG_ENOUGH and (long.startswith(short) or long.endswith(short))
    if is_part or sorted(plain) == sorted(theirs):
        return 1
    # A word that many ids begin with, as gemeente, makes none of them alike.
    words, their_words = Counter(one.split("-")), Counter(other.split("-"))
    mine, yours = ("".join((a - b).elements()) for a, b in ((words, their_words), (their_words, words)))
    if len(mine) == len(yours) and sum(a != b for a, b in zip(mine, yours, strict=True)) == 1:
        return 1 if len(short) > _LONG_ENOUGH else 0
    return SequenceMatcher(None, mine, yours, autojunk=False).ratio()


def may_share(now: FileProfile, other: FileProfile) -> bool:
    """Whether enough registrations can be the same, by the counts per municipality, to look at the files themselves."""
    return _in_common(now, other) >= bound("content_of_other_supplier", "other_supplier").minimum


def _in_common(now: FileProfile, other: FileProfile) -> int:
    """At most how many registrations two files share, by the counts per municipality."""
    return sum(min(n, other.by_municipality.get(code, 0)) for code, n in now.by_municipality.items())


def of_another(now: FileProfile, others: dict[str, FileProfile]) -> list[Finding]:
    """Who else delivers where all of this file is, when it has nothing in common with the supplier's own.

    Args:
        now: The profile of the file.
        others: By supplier, the file of the same year that counts.
    """
    rule = "file_of_other_supplier"
    shared = {supplier: _in_common(now, profile) for supplier, profile in others.items()}
    likely = sorted(
        (s for s, n in shared.items() if is_large(rule, "other_supplier", n, of=now.registrations)),
        key=lambda s: (-shared[s], s),
    )
    return [finding(rule, suppliers=listed(likely[:_LISTED]))] if likely else []

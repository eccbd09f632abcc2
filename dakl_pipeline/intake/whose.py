"""Findings for the analyst if a supplier id is new or a file resembles another supplier's.

There is no register of suppliers yet to check against.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable
from difflib import SequenceMatcher

from dakl_pipeline.intake.bounds import bound, is_large
from dakl_pipeline.intake.findings import Finding, finding
from dakl_pipeline.intake.profile import FileProfile
from dakl_pipeline.presentation.dutch import listed

# Maximum number of names in a finding; more would hide the right one.
_LISTED = 3
# Shorter ids are part of too many others.
_LONG_ENOUGH = 4


def newness(supplier_id: str, known: Collection[str], *, similarity: float) -> list[Finding]:
    """Return the findings on a supplier without an earlier approved file.

    Args:
        supplier_id: The supplier of the file.
        known: The suppliers with an approved file.
        similarity: Likeness from which an id may be a misspelling of another.
    """
    if supplier_id in known:
        return []
    near = near_ids(supplier_id, known, similarity=similarity)
    resembles = [finding("supplier_resembles", supplier=supplier_id, suppliers=" of ".join(near))] if near else []
    return [finding("supplier_new", supplier=supplier_id), *resembles]


def near_ids(supplier_id: str, known: Iterable[str], *, similarity: float) -> list[str]:
    """Return the known ids of which an id may be a misspelling, at most three, nearest first.

    Two ids are near if they are equal apart from hyphens, have the same letters in another order, if one begins or
    ends with the other, or if their unshared words are similar. Ids that differ only in a number are two suppliers.
    """
    found = {other: _likeness(supplier_id, other) for other in known if not _is_numbered(supplier_id, other)}
    near = {other: likeness for other, likeness in found.items() if likeness >= similarity}
    return sorted(near, key=lambda other: (-near[other], other))[:_LISTED]


def _is_numbered(one: str, other: str) -> bool:
    """Return whether two ids differ only in a number that both have."""
    bare = {re.sub("[0-9]+", "#", each) for each in (one, other)}
    return len(bare) == 1 and "#" in bare.pop()


def _likeness(one: str, other: str) -> float:
    """Return a likeness from 0 to 1; 1 for a difference that is easily made by mistake."""
    plain, theirs = (each.replace("-", "") for each in (one, other))
    short, long = sorted((plain, theirs), key=len)
    is_part = len(short) >= _LONG_ENOUGH and (long.startswith(short) or long.endswith(short))
    if is_part or sorted(plain) == sorted(theirs):
        return 1
    # Shared words are ignored: many ids begin with a word such as gemeente.
    words, their_words = Counter(one.split("-")), Counter(other.split("-"))
    mine, yours = ("".join((a - b).elements()) for a, b in ((words, their_words), (their_words, words)))
    if len(mine) == len(yours) and sum(a != b for a, b in zip(mine, yours, strict=True)) == 1:
        return 1 if len(short) > _LONG_ENOUGH else 0
    return SequenceMatcher(None, mine, yours, autojunk=False).ratio()


def may_share(now: FileProfile, other: FileProfile) -> bool:
    """Return whether two files can share enough registrations, by municipality, to compare the files themselves."""
    return _in_common(now, other) >= bound("content_of_other_supplier", "other_supplier").minimum


def _in_common(now: FileProfile, other: FileProfile) -> int:
    """Return the maximum number of registrations that two files can share, by the counts per municipality."""
    return sum(min(n, other.by_municipality.get(code, 0)) for code, n in now.by_municipality.items())


def of_another(now: FileProfile, others: dict[str, FileProfile]) -> list[Finding]:
    """Return a finding on suppliers whose file has the same municipalities, for a file unlike the supplier's own.

    Args:
        now: The profile of the file.
        others: By supplier, the profile of the selected file of the same year.
    """
    rule = "file_of_other_supplier"
    shared = {supplier: _in_common(now, profile) for supplier, profile in others.items()}
    likely = sorted(
        (s for s, n in shared.items() if is_large(rule, "other_supplier", n, of=now.registrations)),
        key=lambda s: (-shared[s], s),
    )
    return [finding(rule, suppliers=listed(likely[:_LISTED]))] if likely else []

"""Whose file it is: what an analyst should know when a supplier id is new or a file looks like another supplier's.

Belongs here: the rules for the analyst, over ids and profiles. Does not belong here: what a supplier reads; that
never depends on another supplier (``previous``). Until there is a register of suppliers this is all there is.
"""

from collections.abc import Collection, Iterable
from difflib import SequenceMatcher

from dakl_pipeline.dutch import listed
from dakl_pipeline.intake.bounds import bound, is_large
from dakl_pipeline.intake.findings import Finding, finding
from dakl_pipeline.intake.profile import FileProfile

# Names that a finding shows; more would hide the right one.
_SHOWN = 3
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
    near = near_ids(supplier_id, known, similarity=similarity)[:_SHOWN]
    resembles = [finding("supplier_resembles", supplier=supplier_id, suppliers=" of ".join(near))] if near else []
    return [finding("supplier_new", supplier=supplier_id), *resembles]


def near_ids(supplier_id: str, known: Iterable[str], *, similarity: float) -> list[str]:
    """The known ids for which an id may be a misspelling, nearest first.

    Near is: the same apart from hyphens, the same letters in another order, one the beginning or end of the other, or
    much the same.
    """
    plain = supplier_id.replace("-", "")
    likeness = {}
    for other in known:
        theirs = other.replace("-", "")
        ratio = SequenceMatcher(None, plain, theirs, autojunk=False).ratio()
        short, long = sorted((plain, theirs), key=len)
        is_part = len(short) >= _LONG_ENOUGH and (long.startswith(short) or long.endswith(short))
        if sorted(plain) == sorted(theirs) or is_part or ratio >= similarity:
            likeness[other] = ratio
    return sorted(likeness, key=lambda other: (-likeness[other], other))


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
    return [finding(rule, suppliers=listed(likely[:_SHOWN]))] if likely else []

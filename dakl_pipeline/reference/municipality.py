"""Municipality codes in the municipal division of a reporting year."""

from typing import Literal

from dakl_pipeline.reference.code_lists import cached_per_code_lists, municipal_mergers, municipalities
from dakl_pipeline.reference.geography import Municipality

CodeStatus = Literal["current", "merged", "divided", "unknown"]


@cached_per_code_lists
def _division(year: int) -> dict[str, Municipality]:
    return {m.code: m for m in municipalities() if m.is_valid_in(year)}


@cached_per_code_lists
def successors(code: str, year: int) -> tuple[Municipality, ...]:
    """The municipalities of the division of a year to which a code leads (monitor rule 5.4).

    Args:
        code: Municipality code of 4 digits.
        year: Reporting year.

    Returns:
        The municipality itself when it exists in that year; else its successors, through any number of mergers; none
        for a code that leads nowhere.
    """
    by_code = _division(year)
    found: dict[str, Municipality] = {}
    seen: set[str] = set()
    waiting = [code]
    while waiting:
        here = waiting.pop(0)
        if here in seen:
            continue
        seen.add(here)
        if here in by_code:
            found[here] = by_code[here]
        else:
            waiting.extend(m.new_code for m in municipal_mergers() if m.old_code == here)
    return tuple(found.values())


def code_status(code: str, year: int) -> CodeStatus:
    """The status of a code in a year: ``merged`` leads to one region, ``divided`` to several.

    Args:
        code: Municipality code of 4 digits.
        year: Reporting year.

    Returns:
        ``current``, ``merged``, ``divided`` or ``unknown``.
    """
    found = successors(code, year)
    if not found:
        return "unknown"
    if found[0].code == code:
        return "current"
    return "merged" if len({m.region_code for m in found}) == 1 else "divided"


@cached_per_code_lists
def codes_with_status(status: CodeStatus, year: int) -> tuple[str, ...]:
    """Every code in the reference files with a status in a year (``unknown`` codes cannot be listed in full).

    Args:
        status: The status.
        year: Reporting year.

    Returns:
        Codes of 4 digits, ascending.
    """
    codes = {m.code for m in municipalities()} | {m.old_code for m in municipal_mergers()}
    return tuple(sorted(code for code in codes if code_status(code, year) == status))

"""The name of a delivered file: its reporting year, and whether it is fit to be kept and shown.

Belongs here: the pattern of the name and what a name may not carry. Does not belong here: whether the reporting year
is open for delivery.
"""

import re
from dataclasses import dataclass
from typing import Literal

import polars as pl

from dakl_pipeline.intake.eleven_test import is_bsn

_NAME = re.compile(r"DAKL_J([1-9][0-9]{3})_([A-Za-z0-9 ._-]{1,100})\.csv")
_YEAR = re.compile(r"DAKL_J([1-9][0-9]{3})_")
_DIGITS = re.compile(r"[0-9]+")
_DATE = re.compile(r"(?<![0-9])(19|20)[0-9]{2}([-_. ]?)(0[1-9]|1[0-2])\2(0[1-9]|[12][0-9]|3[01])(?![0-9])")
_SEPARATED_DIGITS = re.compile(r"[0-9](?:[ ._-]?[0-9])*")

_BSN_DIGITS = 9
_V_NUMBER_DIGITS = 10


@dataclass(frozen=True, slots=True)
class FileName:
    """What a file name says.

    Attributes:
        reporting_year: the year in the name; also given for a name that is wrong after the year, else None.
        fault: id of the rule that the name breaks, or None for a good name.
    """

    reporting_year: int | None
    fault: Literal["file_name", "file_name_number"] | None


def parse_file_name(name: str) -> FileName:
    """Read ``DAKL_J<reporting year>_<free text>.csv`` (webinar 2024; contract: free text of at most 100 characters).

    The free text holds ASCII letters, digits, space, ``-``, ``_`` and ``.``; so a path, a control character or a
    letter with an accent makes a bad name. It may not carry a number that could be a BSN or V-number.

    Args:
        name: the name as delivered, without a folder.

    Returns:
        The reporting year and the fault, if any.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        prefix = _YEAR.match(name)
        return FileName(int(prefix.group(1)) if prefix else None, "file_name")
    return FileName(int(match.group(1)), "file_name_number" if _holds_number(match.group(2)) else None)


def _holds_number(text: str) -> bool:
    # A calendar date is no number of a person, whatever its digits add up to.
    without_dates = _DATE.sub("date", text)
    runs = _DIGITS.findall(without_dates)
    if any(len(run) > _BSN_DIGITS - 1 or (len(run) == _BSN_DIGITS - 1 and _is_bsn(f"0{run}")) for run in runs):
        return True
    separated = (re.sub(r"[ ._-]", "", run) for run in _SEPARATED_DIGITS.findall(without_dates))
    return any(
        len(number) == _V_NUMBER_DIGITS or (len(number) == _BSN_DIGITS and _is_bsn(number)) for number in separated
    )


def _is_bsn(number: str) -> bool:
    return bool(pl.select(is_bsn(pl.lit(number))).item())

"""The name of a delivered file: its reporting year, and whether the name may be stored and shown."""

import re
from dataclasses import dataclass
from typing import Literal

from dakl_pipeline.privacy.redaction import holds_number
from dakl_pipeline.reference.code_lists import file_kinds

_NAME = re.compile(r"DAKL_J([1-9][0-9]{3})_([A-Za-z0-9 ._-]{1,100})\.csv")
_YEAR = re.compile(r"DAKL_J([1-9][0-9]{3})_")

NameRule = Literal["file_name", "file_extension", "file_name_number"]
NAME_RULES: tuple[NameRule, ...] = ("file_name", "file_extension", "file_name_number")


@dataclass(frozen=True, slots=True)
class FileName:
    """A parsed file name.

    Attributes:
        reporting_year: the year in the name, even if the rest of the name is wrong; None without a year.
        fault: id of the rule that the name breaks, or None for a good name.
    """

    reporting_year: int | None
    fault: NameRule | None


def parse_file_name(name: str) -> FileName:
    """Parse ``DAKL_J<reporting year>_<free text>.csv`` (webinar 2024; contract: free text of at most 100 characters).

    The free text may contain ASCII letters, digits, space, ``-``, ``_`` and ``.``, but no path, control character or
    accented letter, and no number that could be a BSN or V-number.

    Args:
        name: the name as delivered, without a folder.

    Returns:
        The reporting year and the fault, if any.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        prefix = _YEAR.match(name)
        year = int(prefix.group(1)) if prefix else None
        stem, _, extension = name.rpartition(".")
        # Correct except for its extension.
        is_known = any(extension.lower() in kind.extensions for kind in file_kinds())
        return FileName(year, "file_extension" if is_known and _NAME.fullmatch(f"{stem}.csv") else "file_name")
    return FileName(int(match.group(1)), "file_name_number" if holds_number(match.group(2)) else None)

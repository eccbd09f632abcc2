"""Detects and masks numbers that could identify a person, in every text that leaves the program.

A number may be split into groups by anything that is no letter or digit, and written in the digits of any script. A
match is: eight or more digits with only small marks between the groups (calendar dates and years are skipped); or, with
up to eight characters between groups, whole groups that form a BSN, or a row of two to four with ten digits in all.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

# Eight digits are a BSN that lost its leading zero, nine a BSN, ten a V-number; more could contain one.
_FEWEST_DIGITS = 8
_BSN_DIGITS = 9
_V_NUMBER_DIGITS = 10
# A V-number has no check digit: ten digits in more groups than this are treated as a list of numbers.
_MOST_GROUPS = 4
# Separators between the groups of one number: short, without letters or digits. A comma or a line end also separates
# the numbers of a list, so across those only a BSN or a V-number counts.
_BETWEEN = re.compile(r"[^A-Za-z0-9]{1,8}")
_MASK = re.compile(r"[^A-Za-z0-9,;:|\n]{1,3}")
# Timestamps and the year in a file name are never numbers of a person, whatever their digits.
_MOMENT = re.compile(
    r"(?<![0-9])(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?:[+-][0-9]{2}:[0-9]{2})?(?![0-9])"
)
_YEAR_OF_A_FILE = re.compile(r"(?<=DAKL_J)[0-9]{4}(?=_)")
# One group: a whole calendar date, or digits.
_DATE = r"(?:19|20)[0-9]{2}(?P<mark>[-_. ]?)(?:0[1-9]|1[0-2])(?P=mark)(?:0[1-9]|[12][0-9]|3[01])(?![0-9])"
_GROUP = re.compile(rf"(?<![0-9])(?P<date>{_DATE})|(?P<digits>[0-9]+)")
_YEAR = re.compile("(?:19|20)[0-9]{2}")
# A pseudonym, a digest or a key: 64 hexadecimal characters, or at least 32 of them.
_HEXADECIMAL = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{32,}(?![0-9A-Za-z])")


@dataclass(frozen=True, slots=True)
class _Group:
    start: int
    end: int
    digits: str
    is_date: bool

    @property
    def counts(self) -> bool:
        """Whether its digits count in the search for a number of unknown length."""
        return not self.is_date and not _YEAR.fullmatch(self.digits)


def holds_number(text: str) -> bool:
    """Return whether a text contains a number that could be the BSN or V-number of a person.

    Args:
        text: any text, for example the free text of a file name, or a supplier id.
    """
    return any(True for _ in _numbers(_plain(text)))


def mask_numbers(text: str) -> str:
    """Replace every number that could be a BSN or V-number, and every long hexadecimal run, by ``#``.

    Args:
        text: any text, for example an error of a library or a file name.

    Returns:
        The text, in the same length, with the digits of such numbers and 32 or more hexadecimal characters replaced.
        Calendar dates and years (1900-2099) stay readable if they are not part of a BSN.
    """
    # Hexadecimal first: masking only a digit run inside it would leave the rest readable.
    masked = _HEXADECIMAL.sub(lambda match: "#" * len(match.group()), text)
    # Masking may join the groups around the masked digits.
    while spans := list(_numbers(_plain(masked))):
        characters = list(masked)
        for start, end in spans:
            characters[start:end] = ("#" if _is_digit(character) else character for character in masked[start:end])
        masked = "".join(characters)
    return masked


def _is_digit(character: str) -> bool:
    return unicodedata.digit(character, None) is not None


def _plain(text: str) -> str:
    """Return the text, in the same length, with all digits as ASCII and other non-ASCII letters as ``x``."""
    if text.isascii():
        return text
    return "".join(
        str(unicodedata.digit(c)) if _is_digit(c) else "x" if c.isalnum() and not c.isascii() else c for c in text
    )


def _numbers(plain: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of every number that could identify a person."""
    for no_number in (_MOMENT, _YEAR_OF_A_FILE):
        plain = no_number.sub(lambda match: "x" * len(match.group()), plain)
    groups = [
        _Group(m.start(), m.end(), re.sub("[^0-9]", "", m.group()), bool(m["date"])) for m in _GROUP.finditer(plain)
    ]
    for near in _rows(groups, plain, _MASK):
        if sum(len(group.digits) for group in near if group.counts) >= _FEWEST_DIGITS:
            yield near[0].start, near[-1].end
    for row in _rows(groups, plain, _BETWEEN):
        digits = "".join(group.digits for group in row)
        if len(digits) == _V_NUMBER_DIGITS and 1 < len(row) <= _MOST_GROUPS and all(group.counts for group in row):
            yield row[0].start, row[-1].end
        yield from _bsns(row)


def _rows(groups: list[_Group], plain: str, between: re.Pattern[str]) -> Iterator[list[_Group]]:
    """Yield runs of groups with only ``between`` separating them."""
    row: list[_Group] = []
    for group in groups:
        if row and not between.fullmatch(plain, row[-1].end, group.start):
            yield row
            row = []
        row.append(group)
    if row:
        yield row


def _bsns(row: list[_Group]) -> Iterator[tuple[int, int]]:
    """Yield the start and end of whole groups that together form nine digits that pass the eleven test."""
    for first, group in enumerate(row):
        digits = ""
        for last in row[first : first + _BSN_DIGITS]:
            digits += last.digits
            if len(digits) == _BSN_DIGITS and _passes_eleven_test(digits):
                yield group.start, last.end
            if len(digits) >= _BSN_DIGITS:
                break


def _passes_eleven_test(digits: str) -> bool:
    weighted = sum(weight * int(digit) for weight, digit in zip((9, 8, 7, 6, 5, 4, 3, 2, -1), digits, strict=True))
    return weighted % 11 == 0


def mask_line(text: str) -> str:
    """Make a line of any origin safe to show: see :func:`mask_numbers` and :func:`mask_unprintable`."""
    return mask_unprintable(mask_numbers(text))


def mask_unprintable(text: str) -> str:
    """Replace every unprintable character by ``?``: control characters, direction marks, undecodable bytes.

    Args:
        text: any line of text, for example a file name.

    Returns:
        A line that a terminal shows unchanged and that can be encoded as UTF-8.
    """
    return "".join(character if character.isprintable() else "?" for character in text)

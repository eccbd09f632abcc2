"""Masking of numbers that could identify a person, for every text that leaves the program.

Belongs here: the functions that make a text safe to show. Does not belong here: deciding what to show.
"""

import re

# Digits, also with single separators between them: separators do not hide a number.
_DIGITS = re.compile(r"(?<![0-9])[0-9](?:[ ._-]?[0-9])*(?![0-9])")
# Parts of such a run that are a calendar date or a year stay readable.
_DATE_OR_YEAR = re.compile(
    r"(?<![0-9])(?:19|20)[0-9]{2}(?:([-_. ]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12][0-9]|3[01]))?(?![0-9])"
)
_LONG_RUN = re.compile("[0-9]{8,}")
# Eight digits are a BSN that lost its leading zero, nine a BSN, ten a V-number; more could hold one.
_FEWEST_DIGITS = 8
# A pseudonym, a digest of one or a key: 64 hexadecimal characters, or a longer part of them.
_HEXADECIMAL = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{32,}(?![0-9A-Za-z])")


def mask_numbers(text: str) -> str:
    """Replace every digit run that could be a BSN or V-number, and every long hexadecimal run, by ``#``.

    Args:
        text: any text, for example an error of a library or a file name.

    Returns:
        The text with eight or more digits (also with single separators between them) and 32 or more hexadecimal
        characters replaced, sign for sign. Calendar dates and years (1900-2099) do not count as such digits.
    """

    def mask(match: re.Match[str]) -> str:
        found = match.group()
        others = re.sub("[^0-9]", "", _DATE_OR_YEAR.sub("", found))
        if len(others) < _FEWEST_DIGITS:
            return found
        return re.sub("[0-9]", "#", found)

    # Hexadecimal first: a masked digit run inside would leave readable rests of it.
    masked = _HEXADECIMAL.sub(lambda match: "#" * len(match.group()), text)
    masked = _LONG_RUN.sub(lambda m: m.group() if _DATE_OR_YEAR.fullmatch(m.group()) else "#" * len(m.group()), masked)
    return _DIGITS.sub(mask, masked)


def mask_unprintable(text: str) -> str:
    """Replace every character that is not printable by ``?``: controls, marks of direction, bytes of no encoding.

    Args:
        text: any line of text, for example a file name.

    Returns:
        A line that a terminal shows as it is and that can be written as UTF-8.
    """
    return "".join(character if character.isprintable() else "?" for character in text)

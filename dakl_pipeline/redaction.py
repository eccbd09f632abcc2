"""Masking of numbers that could identify a person, for every text that leaves the program.

Belongs here: the one function that makes a text safe to show. Does not belong here: deciding what to show.
"""

import re

# Eight digits are a BSN that lost its leading zero, nine a BSN, ten a V-number; separators inside do not hide one.
_NUMBER = re.compile(r"(?<![0-9])[0-9](?:[ ._-]?[0-9]){7,}(?![0-9])")
_DATE = re.compile(r"(19|20)[0-9]{2}[-_. ]?(0[1-9]|1[0-2])[-_. ]?(0[1-9]|[12][0-9]|3[01])")
# A pseudonym, a digest of one or a key: 64 hexadecimal characters, or a longer part of them.
_HEXADECIMAL = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{32,}(?![0-9A-Za-z])")


def mask_numbers(text: str) -> str:
    """Replace every digit run that could be a BSN or V-number, and every long hexadecimal run, by ``#``.

    Args:
        text: any text, for example an error of a library or a file name.

    Returns:
        The text with eight or more digits (also with single separators between them) and 32 or more hexadecimal
        characters replaced, sign for sign. Calendar dates (1900-2099) stay readable.
    """

    def mask(match: re.Match[str]) -> str:
        found = match.group()
        return found if _DATE.fullmatch(found) else re.sub("[0-9]", "#", found)

    return _HEXADECIMAL.sub(lambda match: "#" * len(match.group()), _NUMBER.sub(mask, text))

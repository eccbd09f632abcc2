"""Detects and masks numbers that could identify a person, in every text that leaves the program.

A number may be split into groups by anything that is no letter or digit, and written in the digits of any script: text
is read in its compatibility form (NFKC), so full-width, superscript and circled digits count. A match is:

- eight or more digits with only small marks between the groups;
- whole groups that form a BSN, with up to eight characters between them;
- a row of two to four groups with ten digits in all, or of any number of groups if the same character joins them;
- groups joined by the same character that form a BSN without its leading zero.

Years do not count, and neither do dates with hyphens. A date without hyphens does not count unless it is also a valid
BSN without its leading zero, as one in eleven is. In what people type a number may be anywhere between other numbers,
so there more is taken for one: lists that form a BSN or V-number, and moments.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
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
_BETWEEN_TYPED = re.compile(r"[^A-Za-z0-9]+")
_MASK = re.compile(r"[^A-Za-z0-9,;:|\n]{1,3}")
# Timestamps of the program and the year in a file name are never numbers of a person, whatever their digits.
_MOMENT = re.compile(
    r"(?<![0-9])(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?"
    r"(?:[+-][0-9]{2}:[0-9]{2})?(?![0-9])"
)
_YEAR_OF_A_FILE = re.compile(r"(?<=DAKL_J)[0-9]{4}(?=_)")
# One group: a whole calendar date, or digits.
_MONTH, _DAY = "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"
_DATE = rf"(?:19|20)[0-9]{{2}}(?P<mark>[-_. ]?){_MONTH}(?P=mark){_DAY}(?![0-9])"
_DUTCH_DATE = rf"{_DAY}-{_MONTH}-(?:19|20)[0-9]{{2}}(?![0-9])"
_GROUP = re.compile(rf"(?<![0-9])(?P<date>{_DATE}|{_DUTCH_DATE})|(?P<digits>[0-9]+)")
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


@dataclass(frozen=True, slots=True)
class _Plain:
    """A text in ASCII digits, with the place of each of its characters in the original.

    Attributes:
        text: The text in its compatibility form; letters outside ASCII are ``x``.
        origin: Place in the original of each character; None when they are the same.
    """

    text: str
    origin: Sequence[int] | None

    def places(self, start: int, end: int, *, only_digits: bool) -> Iterator[int]:
        """Yield the places in the original of the characters, or of the digits alone, in a span."""
        for place in range(start, end):
            if not only_digits or self.text[place].isdigit():
                yield self.origin[place] if self.origin else place


def holds_number(text: str) -> bool:
    """Return whether a text that a person typed holds a number that could be a BSN or V-number.

    Args:
        text: for example the free text of a file name, or a supplier id.
    """
    return any(True for _ in _numbers(_plain(text).text, is_typed=True))


def mask_numbers(text: str) -> str:
    """Replace every number that could be a BSN or V-number, and every long hexadecimal run, by ``#``.

    Args:
        text: a text of the program or of a library, for example an error.

    Returns:
        The text, in the same length, with the digits of such numbers and 32 or more hexadecimal characters replaced.
        Years (1900-2099), dates with hyphens and moments stay readable if they are not part of a BSN.
    """
    return _masked(text, is_typed=False)


def mask_typed_numbers(text: str) -> str:
    """Mask as :func:`mask_numbers` does, but more: whatever :func:`holds_number` finds.

    Args:
        text: a text that a person typed, for example a reason or the name of a file.
    """
    return _masked(text, is_typed=True)


def _masked(text: str, *, is_typed: bool) -> str:
    # Hexadecimal first: masking only a digit run inside it would leave the rest readable.
    plain = _plain(text)
    spans = [match.span() for match in _HEXADECIMAL.finditer(plain.text)]
    masked = _with_hashes(text, (place for span in spans for place in plain.places(*span, only_digits=False)))
    # Masking may join the groups around the masked digits.
    while True:
        plain = _plain(masked)
        numbers = list(_numbers(plain.text, is_typed=is_typed))
        if not numbers:
            return masked
        masked = _with_hashes(masked, (place for span in numbers for place in plain.places(*span, only_digits=True)))


def _with_hashes(text: str, places: Iterator[int]) -> str:
    characters = list(text)
    for place in places:
        characters[place] = "#"
    return "".join(characters)


def _plain(text: str) -> _Plain:
    if text.isascii():
        return _Plain(text, None)
    plain, origin = [], []
    for place, character in enumerate(text):
        form = unicodedata.normalize("NFKC", character)
        # A mark without a number in it stays one character and a mark.
        for part in form if character.isalnum() or any(map(str.isnumeric, form)) else character:
            written = _ascii(part)
            plain.append(written)
            origin.extend([place] * len(written))
    return _Plain("".join(plain), origin)


def _ascii(character: str) -> str:
    """A character in ASCII: its number, ``x`` for a letter, or itself for a mark."""
    if character.isascii():
        return character
    value = unicodedata.numeric(character, -1)
    # A number of at most two digits, such as a digit of another script or a number in a circle.
    if value in range(100):
        return str(int(value))
    return "x" if character.isalnum() else character


def _numbers(plain: str, *, is_typed: bool) -> Iterator[tuple[int, int]]:
    """Yield the start and end of every number that could identify a person."""
    for no_number in (_YEAR_OF_A_FILE,) if is_typed else (_MOMENT, _YEAR_OF_A_FILE):
        plain = no_number.sub(lambda match: "x" * len(match.group()), plain)
    groups = [_group(match) for match in _GROUP.finditer(plain)]
    for near in _rows(groups, plain, _MASK):
        if sum(len(group.digits) for group in near if group.counts) >= _FEWEST_DIGITS:
            yield near[0].start, near[-1].end
    for row in _rows(groups, plain, _BETWEEN_TYPED if is_typed else _BETWEEN):
        yield from _windows(row, _BSN_DIGITS)
        if is_typed:
            yield from _windows(row, _FEWEST_DIGITS)
        for window in _windows(row, _V_NUMBER_DIGITS) if is_typed else [(row[0].start, row[-1].end)]:
            if _is_v_number([group for group in row if window[0] <= group.start < window[1]]):
                yield window
    for row in _joined_alike(groups, plain):
        yield from _windows(row, _FEWEST_DIGITS)
        if len(row) > 1 and sum(len(group.digits) for group in row) == _V_NUMBER_DIGITS and _no_date(row):
            yield row[0].start, row[-1].end


def _group(match: "re.Match[str]") -> _Group:
    digits = re.sub("[^0-9]", "", match.group())
    # A date with hyphens is a date. Any other may also be a BSN that lost its leading zero.
    is_date = bool(match["date"]) and ("-" in match.group() or not _is_bsn(digits))
    return _Group(match.start(), match.end(), digits, is_date)


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


def _joined_alike(groups: list[_Group], plain: str) -> Iterator[list[_Group]]:
    """Yield runs of groups that are joined by the same single character; a group may end one run and begin another."""
    row: list[_Group] = []
    mark = ""
    for group in groups:
        between = plain[row[-1].end : group.start] if row else ""
        if row and (len(between) != 1 or between.isalnum() or between != (mark or between)):
            yield row
            row = row[-1:] if len(between) == 1 and not between.isalnum() else []
        mark = between if row else ""
        row.append(group)
    if row:
        yield row


def _windows(row: list[_Group], length: int) -> Iterator[tuple[int, int]]:
    """Yield the start and end of whole groups with that many digits, if these could be a number of that length."""
    for first, group in enumerate(row):
        digits = ""
        for place, last in enumerate(row[first : first + length], start=first):
            digits += last.digits
            if len(digits) >= length:
                if len(digits) == length and _could_be(row[first : place + 1], digits):
                    yield group.start, last.end
                break


def _could_be(groups: list[_Group], digits: str) -> bool:
    if len(digits) == _FEWEST_DIGITS:
        return _is_bsn(digits) and _no_date(groups)
    return len(digits) == _V_NUMBER_DIGITS or _is_bsn(digits)


def _is_v_number(groups: list[_Group]) -> bool:
    return (
        1 < len(groups) <= _MOST_GROUPS
        and sum(len(group.digits) for group in groups) == _V_NUMBER_DIGITS
        and all(group.counts for group in groups)
    )


def _no_date(groups: list[_Group]) -> bool:
    """Whether groups hold no date, and more than years."""
    return not any(group.is_date for group in groups) and any(group.counts for group in groups)


def _is_bsn(digits: str) -> bool:
    """Whether digits pass the eleven test, with a leading zero if there are eight."""
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    weighted = sum(weight * int(digit) for weight, digit in zip(weights, digits.zfill(_BSN_DIGITS), strict=True))
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

"""Keyed pseudonyms: HMAC-SHA-256 (RFC 2104), with a domain that keeps BSNs, V-numbers and registrations apart.

Nothing here reverses a pseudonym.
"""

import hashlib
import hmac
import re
from itertools import pairwise
from typing import Literal

import polars as pl
import polars_hash as plh

from dakl_pipeline.errors import Missing, Refused

Domain = Literal["bsn", "v"]
DOMAIN_PREFIXES: dict[Domain, str] = {"bsn": "dakloos/v1|bsn|", "v": "dakloos/v1|v|"}
_CHECK_MESSAGE = b"dakloos/v1|key-check|"
_STAY_PREFIX = "dakloos/v1|stay|"
# 128 bits: no two stays of a country meet, and nobody finds the place behind one without the key.
STAY_ID_LENGTH = 32
_PSEUDONYM_LENGTH = 64
# Keeps what is needed beside the result small.
_ROWS_AT_ONCE = 1 << 18
# Fewer different characters of the sixteen in 64 draws happen once in 10^12.
_FEWEST_CHARACTERS = 10
_KEY_PATTERN = re.compile("[0-9a-f]{64}")


class PseudonymKey:
    """The secret key: 64 lower-case hexadecimal characters, whose ASCII bytes are the HMAC key.

    Never appears in ``repr``, ``str``, pickles or errors.

    Args:
        text: The key.

    Raises:
        Missing: If the text is not 64 lower-case hexadecimal characters. The text is not repeated.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not _KEY_PATTERN.fullmatch(text):
            raise Missing("the pseudonym key is not 64 lower-case hexadecimal characters: check the key source")
        self._text = text

    def __repr__(self) -> str:
        return "PseudonymKey(hidden)"

    def __reduce__(self) -> str:
        raise TypeError("a pseudonym key is never pickled")

    def reveal(self) -> str:
        """Return the key itself, for the hash function only."""
        return self._text

    @property
    def check_value(self) -> str:
        """The value that identifies the key without storing it: 64 hexadecimal characters."""
        return hmac.new(self._text.encode("ascii"), _CHECK_MESSAGE, hashlib.sha256).hexdigest()


def is_trivial(text: str) -> bool:
    """Return whether a key was written by a person rather than drawn: it has few characters, or a pattern.

    A random key is taken for one with a chance of about 1 in 10^12.

    Args:
        text: 64 lower-case hexadecimal characters.
    """
    has_few = len(set(text)) < _FEWEST_CHARACTERS
    repeats = any(text[period:] == text[:-period] for period in range(1, len(text) // 2 + 1))
    steps = {(after - before) % 256 for before, after in pairwise(bytes.fromhex(text))}
    return has_few or repeats or len(steps) == 1


def pseudonyms(numbers: pl.Series, domain: Domain, key: PseudonymKey) -> pl.Series:
    """Replace numbers by their pseudonyms.

    Args:
        numbers: Strings: BSNs of nine digits or V-numbers of ten digits; nulls stay null.
        domain: Whether the numbers are BSNs or V-numbers.
        key: The secret key.

    Returns:
        Strings of 64 lower-case hexadecimal characters, in the same order.

    Raises:
        Refused: If any number could not be replaced. A number is never returned unchanged.
    """
    message = pl.concat_str(pl.lit(DOMAIN_PREFIXES[domain]), "number")
    result = _keyed(numbers.alias("number").to_frame(), message, key).alias(numbers.name)
    is_replaced = result.str.len_bytes() == _PSEUDONYM_LENGTH
    if result.null_count() != numbers.null_count() or not is_replaced.all():
        raise Refused("a number could not be pseudonymised; nothing was written")
    return result


def stay_ids(delivery_ids: pl.Series, line_numbers: pl.Series, key: PseudonymKey) -> pl.Series:
    """Keyed ids of registrations, which replace their place in a delivered file.

    Args:
        delivery_ids: Strings: the delivery of each registration.
        line_numbers: Integers: its line in the file.
        key: The secret key.

    Returns:
        Strings of 32 lower-case hexadecimal characters, in the same order. Whoever holds the file and the key can make
        them again; without the key they lead nowhere.
    """
    places = pl.DataFrame({"delivery": delivery_ids, "line": line_numbers})
    place = pl.concat_str(pl.lit(_STAY_PREFIX), "delivery", pl.lit("|"), "line")
    return _keyed(places, place, key).str.slice(0, STAY_ID_LENGTH).alias("stay_id")


def _keyed(frame: pl.DataFrame, message: pl.Expr, key: PseudonymKey) -> pl.Series:
    """HMAC-SHA-256 of a message per row, in hexadecimal; a null message stays null."""
    # Hashing a number twice costs less than finding out which are the same.
    parts = [
        part.select(message.alias("message")).select(
            plh.col("message").chash.hmac_sha256(key=key.reveal()).alias("keyed")
        )
        for part in frame.iter_slices(_ROWS_AT_ONCE)
    ]
    return pl.concat(parts, rechunk=False).to_series() if parts else pl.Series("keyed", dtype=pl.String)

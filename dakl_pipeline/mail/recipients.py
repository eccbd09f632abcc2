"""The recipients of a mail: the coordinators of suppliers, which CBS lists in ``coordinators.csv``."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

from dakl_pipeline.errors import Refused
from dakl_pipeline.presentation.dutch import listed

COLUMNS = ("supplier_id", "name", "email")
ORGANISATION = "organisation"
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
# Domains that never exist (RFC 2606), used until the address of a home is set.
_PLACEHOLDER = re.compile(r".*[@.](example(\.(com|net|org))?|invalid|test)", re.IGNORECASE)
# With more names, a greeting is too long to read.
_MOST_NAMES = 3


@dataclass(frozen=True)
class Recipient:
    """A recipient of mails.

    Attributes:
        name: Display name; may be empty.
        email: The address.
        organisation: The organisation for which a coordinator delivers; empty if unknown.
    """

    name: str
    email: str
    organisation: str = ""

    @property
    def is_placeholder(self) -> bool:
        """Whether the address is a placeholder to which no mail can be sent."""
        return bool(_PLACEHOLDER.fullmatch(self.email))


def is_address(text: str) -> bool:
    """Return whether a text is a plain mail address."""
    return bool(_ADDRESS.fullmatch(text))


def greeting_of(to: Sequence[Recipient]) -> str:
    """Return the first line of a mail to several recipients, with the names that are known.

    Args:
        to: Recipients.
    """
    names = list(dict.fromkeys(each.name for each in to if each.name))
    nameless = len(to) - sum(bool(each.name) for each in to)
    if not names or len(names) > _MOST_NAMES:
        return "Beste coördinatoren," if len(to) > 1 else "Beste coördinator,"
    if nameless:
        names.append("collega's" if nameless > 1 else "collega")
    return f"Beste {listed(names)},"


def organisation_of(to: Sequence[Recipient]) -> str | None:
    """Return the organisation of the coordinators of one supplier, or None if unknown."""
    return next((each.organisation for each in to if each.organisation), None)


def read_coordinators(text: str) -> dict[str, tuple[Recipient, ...]]:
    """Read the recipients of the mails of each supplier.

    Args:
        text: CSV with the columns ``supplier_id``, ``name``, ``email`` and optionally ``organisation``, separated by
            ``,`` or ``;``. A supplier may have several rows.

    Returns:
        The recipients by supplier, in the order of the file.

    Raises:
        Refused: If a line is invalid; the message names the line.
    """
    separator = ";" if ";" in text.partition("\n")[0] else ","
    rows = csv.DictReader(StringIO(text), delimiter=separator)
    header = [name.strip().lower() for name in rows.fieldnames or ()]
    if header not in ([*COLUMNS], [*COLUMNS, ORGANISATION]):
        raise Refused(f"the first line must be {','.join(COLUMNS)}, with or without ,{ORGANISATION}")
    found: dict[str, tuple[Recipient, ...]] = {}
    for row in rows:
        if None in row:
            raise Refused(f"line {rows.line_num} has more fields than the first line")
        supplier, name, email, *rest = ((row[field] or "").strip() for field in rows.fieldnames or ())
        organisation = rest[0] if rest else ""
        if not supplier or not is_address(email) or not name.isprintable() or not organisation.isprintable():
            raise Refused(f"line {rows.line_num} needs a supplier id, a name and one mail address")
        known = found.get(supplier, ())
        if organisation and organisation_of(known) not in (None, organisation):
            raise Refused(f"line {rows.line_num} names another organisation for {supplier} than an earlier line")
        found[supplier] = (*known, Recipient(name, email, organisation))
    return found

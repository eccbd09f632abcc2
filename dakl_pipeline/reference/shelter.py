"""Codes of a stay in shelter: type of shelter, reason of ending and exclusion reason."""

from dakl_pipeline.reference.rows import Row


class ShelterType(Row, key=("code",)):
    """A type of shelter, with the years in which its code is valid and whether it is in the published population."""

    code: str
    ethos_category: str
    name: str
    report_label: str
    valid_from_year: int | None
    valid_to_year: int | None
    is_published: bool
    source: str

    def is_valid_in(self, year: int) -> bool:
        """Whether the code may be delivered for this reporting year."""
        return (self.valid_from_year or year) <= year <= (self.valid_to_year or year)


class EndReason(Row, key=("code",)):
    """A reason of ending a stay (A5)."""

    code: str
    name: str
    source: str


class EndReasonElsewhere(Row, key=("standard", "code")):
    """A reason of ending in a message standard that suppliers' software uses.

    Attributes:
        standard: Name of the standard.
        code: Its code.
        meaning: Meaning of the code there (Dutch).
        meant_code: The reason of ending (A5) that is probably meant; None if there is none.
        source: Where it comes from.
    """

    standard: str
    code: str
    meaning: str
    meant_code: str | None
    source: str


class ExclusionReason(Row, key=("reason",)):
    """A reason why a stay does not count; the first that applies, by priority, is reported. The label is Dutch."""

    priority: int
    reason: str
    description: str
    label: str
    source: str

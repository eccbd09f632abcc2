"""Reference data on delivered files: their kinds, plausible years, comparison bounds and placeholder numbers."""

from typing import Any, Literal

from pydantic import Field, model_validator

from dakl_pipeline.reference.rows import Row

Compared = Literal["itself", "own_year", "year_before", "other_year", "other_supplier"]
NumberKind = Literal["bsn", "v_number"]


class FileKind(Row, key=("signature", "inside")):
    """A kind of file that suppliers send for a delivery.

    Attributes:
        kind: Its name (Dutch).
        extensions: Extensions of its name, in lower case, without a dot.
        signature: Its first bytes; None if they are not fixed.
        inside: Text near its start that distinguishes it from kinds with the same signature.
        how_to: How to convert it to a csv file (Dutch).
        source: Where the signature comes from.
    """

    kind: str
    extensions: tuple[str, ...]
    signature: bytes | None
    inside: bytes | None
    how_to: str
    source: str

    @model_validator(mode="before")
    @classmethod
    def _split(cls, data: Any) -> Any:
        signature, inside = data["signature"], data["inside"]
        return {
            **data,
            "extensions": tuple((data["extensions"] or "").split()),
            "signature": bytes.fromhex(signature) if signature else None,
            "inside": inside.encode() if inside else None,
        }


class PlausibleYear(Row, key=("column",)):
    """The years that a date column may name, counted from the reporting year; both ends included."""

    column: str
    earliest: int
    latest: int
    reason: str
    source: str


class ComparisonBound(Row, key=("rule", "against")):
    """The size from which a difference between two files is a finding: all three bounds must be reached.

    Attributes:
        rule: Id in the rule catalogue.
        against: What a file is compared with: the previous file of its own year, that of the year before, of any other
            year, of another supplier, or only itself.
        minimum: Number of registrations.
        share: Share of the registrations compared.
        deviations: Multiple of the square root of the expected number, which is about the effect of chance alone.
        source: Where it comes from.
    """

    rule: str
    against: Compared
    minimum: int = Field(ge=1)
    share: float = Field(ge=0)
    deviations: float = Field(ge=0)
    source: str


class PlaceholderNumber(Row, key=("kind", "value")):
    """A number that software or people enter when the real one is unknown: it belongs to nobody (assumption D43)."""

    kind: NumberKind
    value: str = Field(pattern="^(?:[0-9]{9}|[0-9]{10})$")
    reason: str
    source: str

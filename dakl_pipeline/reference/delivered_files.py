"""What is known of delivered files: their kinds, plausible years, comparison bounds and placeholder numbers."""

from typing import Any, Literal

from pydantic import Field, model_validator

from dakl_pipeline.reference.rows import Row

Compared = Literal["itself", "own_year", "year_before", "other_year", "other_supplier"]
NumberKind = Literal["bsn", "v_number"]


class FileKind(Row, key=("signature", "inside")):
    """A kind of file that suppliers send for a delivery.

    Attributes:
        kind: What it is called (Dutch).
        extensions: Endings of its name, small letters, without a full stop.
        signature: Its first bytes; None where it has no fixed ones.
        inside: What stands among its first bytes too; tells apart kinds with the same signature.
        how_to: How it becomes a csv file (Dutch).
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
    """Which years a date column may name, counted from the reporting year; both ends included."""

    column: str
    earliest: int
    latest: int
    reason: str
    source: str


class ComparisonBound(Row, key=("rule", "against")):
    """How large a difference between two files must be to be told: each of the three must be reached.

    Attributes:
        rule: Id in the rule catalogue.
        against: With what a file is compared: the one before it of its own year, that of the year before, of any other
            year, of another supplier, or nothing but itself.
        minimum: Number of registrations.
        share: Part of the registrations compared.
        deviations: Times the square root of the number expected, which is about what chance alone does.
        source: Where it comes from.
    """

    rule: str
    against: Compared
    minimum: int = Field(ge=1)
    share: float = Field(ge=0)
    deviations: float = Field(ge=0)
    source: str


class PlaceholderNumber(Row, key=("kind", "value")):
    """A number that software or people fill in where the real one is not known: it is nobody's (assumption D43)."""

    kind: NumberKind
    value: str = Field(pattern="^(?:[0-9]{9}|[0-9]{10})$")
    reason: str
    source: str

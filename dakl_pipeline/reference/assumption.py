"""Assumptions: decisions on points that the source texts leave open."""

from pydantic import Field

from dakl_pipeline.reference.rows import Row


class Assumption(Row, key=("id",)):
    """A decision on a point that the source texts leave open, until the real value is known.

    Attributes:
        id: ``A`` and a number for an assumption of the monitor rules, ``D`` for a further decision of the pipeline.
        title: The point, in a few words.
        text: The decision.
        where: The places in the project: ``<file> (<name>, ...)``, separated by ``;``.
        source: Where it comes from.
    """

    id: str = Field(pattern="^[AD][1-9][0-9]*$")
    title: str
    text: str
    where: str
    source: str

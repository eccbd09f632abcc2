"""Assumptions: what the source texts leave open, and how it is settled."""

from pydantic import Field

from dakl_pipeline.reference.rows import Row


class Assumption(Row, key=("id",)):
    """What the source texts leave open and how it is settled, until the real value is known.

    Attributes:
        id: ``A`` and a number for an assumption of the monitor rules, ``D`` for a further decision of the pipeline.
        title: In a few words.
        text: What is settled.
        where: The place in the project: ``<file> (<name>, ...)``, separated by ``;``.
        source: Where it comes from.
    """

    id: str = Field(pattern="^[AD][1-9][0-9]*$")
    title: str
    text: str
    where: str
    source: str

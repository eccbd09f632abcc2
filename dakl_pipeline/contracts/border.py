"""The border of the statistical zone: what leads to one person does not cross it, whatever column it is in.

The contracts already keep columns about persons on their side (``Table``); this looks at the values.
"""

import polars as pl

from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.errors import Refused

# A pseudonym, the id of a stay, or as many digits as a BSN or V-number has, each as a word of its own.
_PERSONAL = r"\b(?:[0-9a-f]{64}|[0-9a-f]{32})\b|(?:^|[^0-9A-Za-z-])[0-9]{9,10}(?:$|[^0-9A-Za-z-])"
# The digest of a delivered file looks like a pseudonym.
_DIGESTS = frozenset(("sha256",))


def require_nobody_in(table: Table, frame: pl.DataFrame) -> None:
    """Refuse rows of the statistical zone in which a value looks like a pseudonym or number of a person.

    Args:
        table: A table of the warehouse or the history.
        frame: Its rows.

    Raises:
        Refused: If one does; names the table and column, never the value.
    """
    texts = [name for name, dtype in frame.schema.items() if dtype == pl.String and name not in _DIGESTS]
    crossing = frame.lazy().select(pl.col(texts).str.contains(_PERSONAL).any()).collect() if texts else None
    found = [] if crossing is None else [name for name in texts if crossing[name].item()]
    if found:
        raise Refused(
            f"{table.name} was not kept: {', '.join(found)} holds what looks like a number or pseudonym of a person. "
            "The last good figures stay; report this to the maintainers"
        )

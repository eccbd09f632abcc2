"""The origins of a column: the lineage of the contracts, followed back to the columns of the sources."""

from dakl_pipeline.contracts import TABLES

_STEPS = {(table.asset, column): upstream for table in TABLES.values() for column, upstream in table.lineage().items()}


def origins(asset: str, column: str) -> tuple[tuple[str, str], ...]:
    """The source columns that a column is derived from: those without upstream columns.

    Args:
        asset: Key of the asset.
        column: Its column.

    Returns:
        Each ``(asset, column)`` once, in alphabetical order. Empty when the column has no upstream columns itself.
    """
    ends: set[tuple[str, str]] = set()
    seen: set[tuple[str, str]] = set()
    ahead = list(_STEPS.get((asset, column), ()))
    while ahead:
        place = ahead.pop()
        if place not in seen:
            seen.add(place)
            if upstream := _STEPS.get(place):
                ahead.extend(upstream)
            else:
                ends.add(place)
    return tuple(sorted(ends))

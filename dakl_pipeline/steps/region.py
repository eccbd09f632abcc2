"""Stage 4: from the municipality of the shelter to its centrumregio.

Belongs here: the municipal division of a year and mergers (monitor rule 5.4). Does not belong here: what happens to
stays without a region.
"""

from collections.abc import Iterable
from functools import cache

import polars as pl

from dakl_pipeline.contracts.stays import REGIONAL_STAYS
from dakl_pipeline.reference import municipal_mergers, municipalities


def _successors(code: str, current: dict[str, str]) -> Iterable[str]:
    """The municipalities of the division that an old code leads to, through any number of mergers."""
    to_follow, seen = [code], {code}
    while to_follow:
        old = to_follow.pop()
        for merger in municipal_mergers():
            if merger.old_code != old or merger.new_code in seen:
                continue
            seen.add(merger.new_code)
            if merger.new_code in current:
                yield merger.new_code
            else:
                to_follow.append(merger.new_code)


@cache
def municipality_regions(year: int) -> pl.DataFrame:
    """Where every known municipality code leads to in a reporting year.

    A code of the division of that year leads to its region. An old code leads to its successor; divided over successors
    in one region it still has that region, over several regions it has none.

    Args:
        year: Reporting year.

    Returns:
        ``gemeente_code, municipality_status (current, merged or divided), region_code (null when divided)``. Codes that
        are not in it are unknown.
    """
    current = {m.code: m.region_code for m in municipalities() if m.is_valid_in(year)}
    rows: list[tuple[str, str, str | None]] = [(code, "current", region) for code, region in current.items()]
    for code in sorted({merger.old_code for merger in municipal_mergers()} - current.keys()):
        regions = {current[successor] for successor in _successors(code, current)}
        if len(regions) == 1:
            rows.append((code, "merged", regions.pop()))
        elif regions:
            rows.append((code, "divided", None))
    schema = {"gemeente_code": pl.String, "municipality_status": pl.String, "region_code": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("gemeente_code")


def map_to_region(stays: pl.DataFrame, *, year: int) -> pl.DataFrame:
    """Add the centrumregio of each stay (monitor rule 5.4).

    Args:
        stays: Frame of the contract ``stays.enriched``.
        year: Reporting year.

    Returns:
        Frame of the contract ``stays.regional``, with the stays in the same order.
    """
    return (
        stays.join(municipality_regions(year), on="gemeente_code", how="left", maintain_order="left")
        .with_columns(pl.col("municipality_status").fill_null("unknown"))
        .select(REGIONAL_STAYS.column_names)
    )

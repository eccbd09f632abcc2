"""Column lineage for the Dagster UI, one step back and all the way to the sources.

The open-source UI draws no graph of columns, so the column list of an asset describes its lineage in words, with links;
programs can read the same lineage as data.
"""

from collections.abc import Iterable

import dagster as dg

from dakl_pipeline.contracts.columns import Table
from dakl_pipeline.contracts.origins import origins


def column_lineage(table: Table) -> dg.TableColumnLineage:
    """The lineage of every column of a table, one step back, as data.

    Args:
        table: The table.
    """
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(asset_key=dg.AssetKey(asset), column_name=name) for asset, name in upstream]
            for column, upstream in table.lineage().items()
            if upstream
        }
    )


def describe_column(table: Table, column: str) -> str:
    """The description of a column with its origin, in Markdown with links.

    Args:
        table: The table.
        column: Its column.
    """
    upstream = table.lineage()[column]
    ends = origins(table.asset, column)
    lineage = []
    if upstream:
        lineage.append(f"Komt uit {_links(upstream)}")
    if ends and set(ends) != set(upstream):
        lineage.append(f"Gaat terug op {_links(ends)}")
    # Two trailing spaces make a line break.
    return "\n\n".join(filter(None, [table.columns[column].description, "  \n".join(lineage)]))


def _links(columns: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"[{asset}.{column}](/assets/{asset})" for asset, column in columns)

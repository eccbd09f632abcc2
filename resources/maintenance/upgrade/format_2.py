"""From format 1 (made up to commit ca83999) to format 2: the tables between the stages hold no dates of persons.

The registers had birth dates, and stays had their dates and their place in a delivered file. Those tables are removed,
not converted: the next run makes them again from deliveries and registers.
"""

from pathlib import Path

_WITH_DATES = ("registers.", "stays.")


def to_format_2(root: Path) -> list[str]:
    """Convert a copy of a home of format 1.

    Args:
        root: The copy; files that it shares with the home are removed here and stay there.

    Returns:
        The steps that were done, one line each.

    Raises:
        OSError: If something cannot be removed.
    """
    tables = [path for path in root.glob("stages/[0-9]*/*.parquet") if path.name.startswith(_WITH_DATES)]
    for path in tables:
        path.unlink()
    return [f"{len(tables)} tables with dates of persons removed: the next run makes them without"]

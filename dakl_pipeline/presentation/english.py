"""Lists as English readers write them, for analysts: on the terminal, in errors and in reasons."""

from collections.abc import Sequence


def summarise(items: Sequence[str], shown: int = 3, *, separator: str = ", ") -> str:
    """The first of some items, and how many more there are: ``a, b, c and 2 more``.

    Args:
        items: The items.
        shown: How many of them are named.
        separator: What stands between them; a semicolon also stands before *and*, as the items may hold commas.
    """
    text, more = separator.join(items[:shown]), len(items) - shown
    return f"{text}{separator.rstrip(', ')} and {more} more" if more > 0 else text

"""English lists, for analysts: on the terminal, in errors and in reasons."""

from collections.abc import Sequence


def summarise(items: Sequence[str], shown: int = 3, *, separator: str = ", ") -> str:
    """Return the first items, and how many more there are: ``a, b, c and 2 more``.

    Args:
        items: The items.
        shown: Maximum number of items named.
        separator: Separator; a semicolon is repeated before *and*, because items may then contain commas.
    """
    text, more = separator.join(items[:shown]), len(items) - shown
    return f"{text}{separator.rstrip(', ')} and {more} more" if more > 0 else text

"""A progress bar on a terminal, with output lines above it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from dakl_pipeline.cli import output

if TYPE_CHECKING:
    from rich.progress import Progress

_BAR_WIDTH = 24
# Often enough to see that it moves, while a command of several minutes still prints little.
_UPDATES_PER_SECOND = 4


class Bar(Protocol):
    """The progress of a command."""

    def advance(self) -> None:
        """Count one more item as done."""

    def set(self, done: int, of: int, what: str = "") -> None:
        """Set the number of items done and the total; ``what`` names the current item."""

    def say(self, text: str) -> None:
        """Print a line of the result on standard output, above the bar."""


class _Silent:
    """Stands in for the bar when standard error is no terminal: only results are printed."""

    def advance(self) -> None:
        pass

    def set(self, done: int, of: int, what: str = "") -> None:
        pass

    def say(self, text: str) -> None:
        output.say(text)


class _Drawn:
    def __init__(self, bar: "Progress", label: str, total: int) -> None:
        self._bar = bar
        self._label = label
        self._task = bar.add_task(label, total=total)

    def advance(self) -> None:
        self._bar.advance(self._task)

    def set(self, done: int, of: int, what: str = "") -> None:
        label = f"{self._label}: {what}" if what else self._label
        self._bar.update(self._task, completed=done, total=of, description=label)

    def say(self, text: str) -> None:
        # The bar is removed and redrawn: standard output may be the same terminal, or a file that needs every line.
        self._bar.stop()
        output.say(text)
        self._bar.start()


@contextmanager
def progress(label: str, total: int) -> Iterator[Bar]:
    """Show a progress bar on standard error if that is a terminal.

    Standard output and standard error are not redirected: other output goes where it would go without a bar.

    Args:
        label: The activity.
        total: Number of items.

    Yields:
        The bar.
    """
    # Rich's own test is not used: with FORCE_COLOR it treats any file as a terminal.
    if not sys.stderr.isatty():
        yield _Silent()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.table import Column

    # The description comes last: at 80 columns it is the part that is cut.
    columns = (
        BarColumn(_BAR_WIDTH),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis")),
    )
    bar = Progress(
        *columns,
        console=Console(file=sys.stderr),
        transient=True,
        refresh_per_second=_UPDATES_PER_SECOND,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with bar:
        yield _Drawn(bar, label, total)

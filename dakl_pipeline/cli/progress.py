"""A progress bar on a terminal, and lines above it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from dakl_pipeline.cli import output

if TYPE_CHECKING:
    from rich.progress import Progress

_BAR_WIDTH = 24
# Often enough to see that it moves; a command of minutes still prints little.
_UPDATES_PER_SECOND = 4


class Bar(Protocol):
    """How far a command is."""

    def advance(self) -> None:
        """One more is done."""

    def set(self, done: int, of: int, what: str = "") -> None:
        """So many are done of so many; ``what`` is being done now."""

    def say(self, text: str) -> None:
        """Print a line of the outcome, on standard output, above the bar."""


class _Silent:
    """What is there when nobody looks: only outcomes are printed."""

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
        # Taken away and drawn again: standard output may be the same terminal, or a file that must get every line.
        self._bar.stop()
        output.say(text)
        self._bar.start()


@contextmanager
def progress(label: str, total: int) -> Iterator[Bar]:
    """A progress bar on standard error when that is a terminal; nothing elsewhere.

    Standard output and error stay what they are: what others print meanwhile goes where it would go without a bar.

    Args:
        label: What is being done.
        total: How many there are to do.

    Yields:
        The bar.
    """
    # Not what Rich takes for a terminal: FORCE_COLOR makes one of any file.
    if not sys.stderr.isatty():
        yield _Silent()
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.table import Column

    # What is being done comes last: at 80 columns it is the part that gives way.
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

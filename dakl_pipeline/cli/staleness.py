"""Reports, a sentence per year, which figures do not include all deliveries yet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dakl_pipeline.cli import output
from dakl_pipeline.errors import DaklError
from resources.workflows.opened_home import OpenedHome

if TYPE_CHECKING:
    from dakl_pipeline.deliveries.waiting import Waiting


@dataclass(frozen=True)
class Behind:
    """A year whose figures are not known to be current.

    Attributes:
        year: Reporting year.
        waiting: Changes that the figures do not include yet.
        problem: Why the changes could not be determined; None if they were.
    """

    year: int
    waiting: "Sequence[Waiting]" = field(default=())
    problem: str | None = None

    def as_json(self, clock: output.Clock) -> dict[str, Any]:
        """Return the same as JSON for programs."""
        return {
            "year": self.year,
            "changes": [
                {
                    "what": each.what,
                    "at": None if each.at is None else each.at.isoformat(),
                    "delivery_id": each.delivery_id,
                }
                for each in self.waiting
            ],
            "message": self.message(clock),
        }

    def message(self, clock: output.Clock) -> str:
        """Return a sentence with the waiting changes and what to do about them."""
        from dakl_pipeline.operation.reruns import in_words

        if self.problem is not None:
            return f"{self.year}: cannot determine whether changes wait to be counted: {self.problem}"
        changes = [each.what + (f" at {clock.minute(each.at)}" if each.at else "") for each in self.waiting]
        zone = f" ({clock.zone})" if any(each.at for each in self.waiting) else ""
        number = output.quantity(len(changes), "change", "changes")
        return (
            f"{self.year}: {number} not counted yet: {in_words(changes)}{zone}; "
            f"bring up to date with `dakl run --year {self.year}`"
        )


def years_behind(opened: OpenedHome, years: Iterable[int]) -> list[Behind]:
    """Return the years whose figures miss changes, or for which that cannot be determined.

    Args:
        opened: The home.
        years: Reporting years.
    """
    found = []
    for year in years:
        try:
            if waiting := opened.years.waiting(year):
                found.append(Behind(year, waiting))
        except DaklError as error:
            found.append(Behind(year, problem=str(error)))
        except Exception as error:
            # The figures can still be shown; the text of an unforeseen error may quote a row.
            found.append(Behind(year, problem=f"unexpected {type(error).__name__}"))
    return found


def say_behind(behind: Iterable[Behind], clock: output.Clock, *, aside: bool = False) -> None:
    """Print the waiting changes.

    Args:
        behind: The years.
        clock: The analysts' clock.
        aside: Whether to print on standard error, because standard output or a file is for programs.
    """
    from dakl_pipeline.privacy.redaction import mask_line

    for each in behind:
        line = mask_line(each.message(clock))
        output.echo_error(f"dakl: {line}") if aside else output.say_wrapped(line)

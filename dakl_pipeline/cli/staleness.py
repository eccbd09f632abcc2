"""Whether figures that are shown are those of what was delivered, in a sentence for each year that is behind."""

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
    """A year of which the figures are not known to be current.

    Attributes:
        year: Reporting year.
        waiting: What they do not show yet.
        problem: Why nobody could look; None if somebody did.
    """

    year: int
    waiting: "Sequence[Waiting]" = field(default=())
    problem: str | None = None

    def as_json(self, clock: output.Clock) -> dict[str, Any]:
        """The same for programs."""
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
        """What waits, and what to do about it."""
        from dakl_pipeline.operation.reruns import in_words

        if self.problem is not None:
            return f"{self.year}: whether anything waits to be counted could not be looked at: {self.problem}"
        changes = [each.what + (f" at {clock.minute(each.at)}" if each.at else "") for each in self.waiting]
        zone = f" ({clock.zone})" if any(each.at for each in self.waiting) else ""
        number = output.quantity(len(changes), "change", "changes")
        return (
            f"{self.year}: {number} not counted yet: {in_words(changes)}{zone}; "
            f"bring up to date with `dakl run --year {self.year}`"
        )


def years_behind(opened: OpenedHome, years: Iterable[int]) -> list[Behind]:
    """The years of which the figures do not show everything, or of which that is not known.

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
            # The figures can be shown all the same; the text of an unforeseen error may quote a row.
            found.append(Behind(year, problem=f"unexpected {type(error).__name__}"))
    return found


def say_behind(behind: Iterable[Behind], clock: output.Clock, *, aside: bool = False) -> None:
    """Say what waits.

    Args:
        behind: The years.
        clock: The clock of the analysts.
        aside: On standard error, because standard output or a file is for programs.
    """
    from dakl_pipeline.privacy.redaction import mask_line

    for each in behind:
        line = mask_line(each.message(clock))
        output.echo_error(f"dakl: {line}") if aside else output.say_wrapped(line)

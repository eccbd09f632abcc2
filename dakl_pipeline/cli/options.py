"""Options that several commands share, and how their values are read."""

import getpass
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from dakl_pipeline.errors import Missing, Refused, WrongUsage
from dakl_pipeline.presentation.names import did_you_mean, one_of
from dakl_pipeline.privacy.redaction import holds_number, mask_line
from resources.config.home import Home, home_of_environment
from resources.storage.home_format import require_format
from resources.workflows.opened_home import OpenedHome

if TYPE_CHECKING:
    from dakl_pipeline.deliveries.log import Actor
    from dakl_pipeline.reference.methodology import Methodology
    from resources.storage.warehouse import Warehouse

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="Folder with all state (else DAKL_HOME, else ./dakl_home).")
]
YearOption = Annotated[int, typer.Option("--year", help="Reporting year.")]
OptionalYear = Annotated[int | None, typer.Option("--year", help="Reporting year; all when left out.")]
SupplierOption = Annotated[str, typer.Option("--supplier", help="Supplier id: a-z, 0-9 and -, at most 64 characters.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV for programs.")]
AcceptLate = Annotated[
    str | None,
    typer.Option("--accept-late", metavar="WHY", help="Accept it outside the window; the log says WHY."),
]

_SUPPLIER_ID = re.compile("[a-z0-9][a-z0-9-]{0,63}")


def one_format(*, json: bool, csv: bool) -> None:
    """See to it that one format is asked for at most.

    Raises:
        WrongUsage: If both are.
    """
    if json and csv:
        raise WrongUsage("choose one of --json and --csv")


def open_home(home: Path | None) -> OpenedHome:
    """The home that the option, the environment or the default names, opened.

    Raises:
        Missing: If it is not there, or of an older format.
        Refused: If it is of a newer format.
    """
    return OpenedHome(require_format(home_of_any_format(home).require(), mark=True))


def actor() -> "Actor":
    """Who types: the account of this machine."""
    from dakl_pipeline.deliveries.log import Actor

    return Actor(getpass.getuser())


def named_home(home: Path | None) -> Home:
    """The home that the option, the environment or the default names, there or not.

    Raises:
        Missing: If it is of an older format.
        Refused: If it is of a newer format.
    """
    return require_format(home_of_any_format(home))


def home_of_any_format(home: Path | None) -> Home:
    """The home that the option, the environment or the default names, there or not, for those who judge its format."""
    return Home(home) if home is not None else home_of_environment()


def home_option(home: Home) -> str:
    """What a command that is printed needs to be about this home too: nothing, or the option with a space before it."""
    return "" if home == home_of_environment() else f" --home {shlex.quote(str(home.root))}"


def known_year(year: int, methodology: "Methodology") -> int:
    """A reporting year of the settings.

    Raises:
        WrongUsage: If the pipeline does not make that year.
    """
    if year not in methodology.reporting_years:
        years = ", ".join(map(str, methodology.reporting_years))
        raise WrongUsage(f"{year} is not a reporting year of this pipeline (there are: {years})")
    return year


def counted_warehouse(opened: OpenedHome, year: int | None) -> "Warehouse":
    """The warehouse of a home, in which a year is counted.

    Args:
        opened: The home.
        year: Reporting year; any when None.

    Raises:
        Missing: If the year has not been counted yet.
        WrongUsage: If the pipeline does not make that year.
    """
    warehouse = opened.warehouse
    if year is not None and known_year(year, opened.methodology) not in warehouse.years():
        raise Missing(f"there are no figures of {year} yet: make them with `dakl run --year {year}`")
    return warehouse


def supplier_id(text: str) -> str:
    """A supplier id.

    Raises:
        WrongUsage: If it does not have the form of one, or holds a number that could be a BSN or V-number.
    """
    if not _SUPPLIER_ID.fullmatch(text):
        raise WrongUsage("a supplier id starts with a-z or 0-9 and holds a-z, 0-9 and -, at most 64 characters")
    if holds_number(text):
        raise WrongUsage("a supplier id may not hold a number that could be a BSN or V-number, also not in groups")
    return text


def known_supplier(text: str, known: Iterable[str]) -> str:
    """A supplier id that is in the log.

    Args:
        text: What somebody typed.
        known: The suppliers that are in the log.

    Raises:
        WrongUsage: If nothing of that supplier is in the log; it says which may be meant.
    """
    wanted, suppliers = supplier_id(text), sorted(set(known))
    if wanted not in suppliers:
        raise WrongUsage(f"nothing of {wanted} is in the log.{_meant(wanted, suppliers)}")
    return wanted


def _meant(supplier: str, known: Sequence[str]) -> str:
    """A question with the suppliers that may be meant: by spelling, or as one of whom a part of the id was typed."""
    from dakl_pipeline.intake.whose import near_ids

    near = near_ids(supplier, known, similarity=1.0)
    return f" Did you mean {one_of(near)}?" if near else did_you_mean(supplier, known)


@contextmanager
def asking_about(supplier: str, known: Callable[[], Iterable[str]]) -> Iterator[None]:
    """Ask with an error whether another supplier was meant, if nothing of this one is in the log.

    Args:
        supplier: Its id.
        known: Gives the suppliers that are in the log; called after an error only.
    """
    try:
        yield
    except (Missing, Refused) as error:
        suppliers = set(known())
        if supplier in suppliers or not (hint := _meant(supplier, sorted(suppliers))):
            raise
        raise type(error)(f"{error}.{hint}") from None


def instant(text: str | None, methodology: "Methodology") -> datetime:
    """A moment in ISO 8601, on the Dutch clock when it names no zone; now when there is none.

    Raises:
        WrongUsage: If it is no moment.
    """
    if text is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(methodology.time_zone))
        return zoned.astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongUsage("a time is written like 2025-05-12T14:30 or 2025-05-12T14:30+02:00") from None


def today(methodology: "Methodology") -> date:
    """Today on the Dutch calendar."""
    return datetime.now(ZoneInfo(methodology.time_zone)).date()


def late_reason(text: str | None) -> str | None:
    """The reason to accept something late, as :func:`reason`; None when it was not given."""
    return None if text is None else reason(text, "--accept-late")


def reason(text: str, option: str) -> str:
    """Why something is done, on one line and without numbers that could be a person's.

    Raises:
        WrongUsage: If it is empty: the log must say why.
    """
    words = " ".join(text.split())
    if not words:
        raise WrongUsage(f"{option} needs a reason")
    return mask_line(words)

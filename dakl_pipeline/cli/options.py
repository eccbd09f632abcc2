"""Options shared by several commands, and functions that parse their values."""

import errno
import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from dakl_pipeline.cli.output import echo_error
from dakl_pipeline.errors import Missing, Refused, WrongUsage
from dakl_pipeline.presentation.names import did_you_mean, one_of
from dakl_pipeline.privacy.redaction import holds_number, mask_typed_numbers, mask_unprintable
from resources.config.home import Home, home_of_environment
from resources.config.protection import close_home
from resources.storage.home_format import require_format
from resources.storage.private_folder import remove_leftovers
from resources.workflows.opened_home import OpenedHome

if TYPE_CHECKING:
    from dakl_pipeline.deliveries.log import Actor
    from dakl_pipeline.operation.audit import Action
    from dakl_pipeline.reference.methodology import Methodology
    from resources.storage.warehouse import Warehouse

HomeOption = Annotated[
    Path | None, typer.Option("--home", help="Folder with all state (else DAKL_HOME, else ./dakl_home).")
]
# Anything longer could be the number of a person.
_YEAR = {"min": 1000, "max": 9999}
YearOption = Annotated[int, typer.Option("--year", help="Reporting year.", **_YEAR)]
OptionalYear = Annotated[int | None, typer.Option("--year", help="Reporting year; all when left out.", **_YEAR)]
Years = Annotated[list[int], typer.Option("--year", help="Reporting year; may be repeated.", **_YEAR)]
OptionalYears = Annotated[list[int] | None, typer.Option("--year", help="Reporting year; may be repeated.", **_YEAR)]
SupplierOption = Annotated[str, typer.Option("--supplier", help="Supplier id: a-z, 0-9 and -, at most 64 characters.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV for programs.")]
AcceptLate = Annotated[
    str | None,
    typer.Option("--accept-late", metavar="WHY", help="Accept it outside the window; the log records WHY."),
]
ReceivedWhy = Annotated[
    str | None,
    typer.Option("--received-why", metavar="WHY", help="Why the time is not that of the clock; the log records WHY."),
]

_NO_ROOM = (errno.EROFS, errno.ENOSPC, errno.EDQUOT)
_SUPPLIER_ID = re.compile("[a-z0-9][a-z0-9-]{0,63}")


def one_format(*, json: bool, csv: bool) -> None:
    """Allow at most one output format.

    Raises:
        WrongUsage: If both are requested.
    """
    if json and csv:
        raise WrongUsage("choose one of --json and --csv")


def open_home(home: Path | None, *, mark: bool = True) -> OpenedHome:
    """Open the home named by the option, the environment or the default.

    Raises:
        Missing: If it does not exist or has an older format.
        Refused: If it has a newer format.
    """
    found = require_format(home_of_any_format(home).require(), mark=mark)
    close_home(found)
    remove_leftovers(found.root)
    return OpenedHome(found)


def actor() -> "Actor":
    """Return the account that runs the command."""
    from resources.config.account import account_of_process

    return account_of_process()


def log_reading(opened: OpenedHome, action: "Action") -> None:
    """Log a command that only reads the home, before it does.

    Where the disk is full or read-only, the figures and a backup of what is left come first: the command says that it
    is not in the audit log.

    Raises:
        Refused: If it cannot be logged for another reason.
    """
    from resources.storage.append_log import NotLogged

    try:
        opened.audit.log(actor(), action)
    except NotLogged as error:
        if error.errno not in _NO_ROOM:
            raise
        echo_error(f"dakl: not in the audit log, which cannot be written: {os.strerror(error.errno)}")


def named_home(home: Path | None) -> Home:
    """Return the home named by the option, the environment or the default, whether or not it exists.

    Raises:
        Missing: If it has an older format.
        Refused: If it has a newer format.
    """
    return require_format(home_of_any_format(home))


def home_of_any_format(home: Path | None) -> Home:
    """Return the same home as :func:`named_home`, without checking its format."""
    return Home(home) if home is not None else home_of_environment()


def home_option(home: Home) -> str:
    """Return the ``--home`` option, with a leading space, for a printed command; empty for the default home."""
    return "" if home == home_of_environment() else f" --home {shlex.quote(str(home.root))}"


def known_year(year: int, methodology: "Methodology") -> int:
    """Return the year if it is a reporting year of the settings.

    Raises:
        WrongUsage: If it is not.
    """
    if year not in methodology.reporting_years:
        years = ", ".join(map(str, methodology.reporting_years))
        raise WrongUsage(f"{year} is not a reporting year of this pipeline (choose from {years})")
    return year


def counted_warehouse(opened: OpenedHome, year: int | None) -> "Warehouse":
    """Return the warehouse of a home if it holds a year.

    Args:
        opened: The home.
        year: Reporting year; any when None.

    Raises:
        Missing: If the year has not been counted yet.
        WrongUsage: If it is not a reporting year.
    """
    warehouse = opened.warehouse
    if year is not None and known_year(year, opened.methodology) not in warehouse.years():
        raise Missing(f"there are no figures for {year} yet: make them with `dakl run --year {year}`")
    return warehouse


def supplier_id(text: str) -> str:
    """Return the text if it is a supplier id.

    Raises:
        WrongUsage: If the text is malformed or holds a number that could be a BSN or V-number.
    """
    if not _SUPPLIER_ID.fullmatch(text):
        raise WrongUsage("a supplier id starts with a-z or 0-9 and holds a-z, 0-9 and -, at most 64 characters")
    if holds_number(text):
        raise WrongUsage("a supplier id may not hold a number that could be a BSN or V-number, not even in groups")
    return text


def known_supplier(text: str, known: Iterable[str]) -> str:
    """Return a supplier id that is in the log.

    Args:
        text: The text that was typed.
        known: The suppliers in the log.

    Raises:
        WrongUsage: If the supplier is not in the log; the message suggests similar ids.
    """
    wanted, suppliers = supplier_id(text), sorted(set(known))
    if wanted not in suppliers:
        raise WrongUsage(f"{wanted} has no entries in the log.{_meant(wanted, suppliers)}")
    return wanted


def _meant(supplier: str, known: Sequence[str]) -> str:
    """Return a question that suggests suppliers with a similar id, or whose id contains the typed text."""
    from dakl_pipeline.intake.whose import near_ids

    near = near_ids(supplier, known, similarity=1.0)
    return f" Did you mean {one_of(near)}?" if near else did_you_mean(supplier, known)


@contextmanager
def asking_about(supplier: str, known: Callable[[], Iterable[str]]) -> Iterator[None]:
    """Add to an error a question whether another supplier was meant, if this one is not in the log.

    Args:
        supplier: Its id.
        known: Returns the suppliers in the log; called only after an error.
    """
    try:
        yield
    except (Missing, Refused) as error:
        suppliers = set(known())
        if supplier in suppliers or not (hint := _meant(supplier, sorted(suppliers))):
            raise
        raise type(error)(f"{error}.{hint}") from None


def instant(text: str | None, methodology: "Methodology") -> datetime:
    """Parse a time in ISO 8601, in Dutch time if it has no offset; the current time if the text is None.

    Raises:
        WrongUsage: If the text is not a valid time.
    """
    if text is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(methodology.time_zone))
        return zoned.astimezone(UTC)
    except (ValueError, OverflowError):
        raise WrongUsage("write a time as 2025-05-12T14:30 or 2025-05-12T14:30+02:00") from None


def today(methodology: "Methodology") -> date:
    """Return today's date in Dutch time."""
    return datetime.now(ZoneInfo(methodology.time_zone)).date()


def late_reason(text: str | None) -> str | None:
    """Return the reason for late acceptance, cleaned by :func:`reason`; None if none was given."""
    return None if text is None else reason(text, "--accept-late")


def time_reason(text: str | None, time: str | None, option: str) -> str | None:
    """Return the reason for another time than the clock's, cleaned by :func:`reason`; None if none was given.

    Raises:
        WrongUsage: If no other time was given.
    """
    if text is not None and time is None:
        raise WrongUsage(f"--received-why is about the time of {option}: name that too")
    return None if text is None else reason(text, "--received-why")


def reason(text: str, option: str) -> str:
    """Return a reason on one line, with numbers that could identify a person masked.

    Raises:
        WrongUsage: If it is empty: the log must record a reason.
    """
    words = " ".join(text.split())
    if not words:
        raise WrongUsage(f"{option} needs a reason")
    return mask_unprintable(mask_typed_numbers(words))

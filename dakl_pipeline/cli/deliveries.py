"""The commands about deliveries: check one, receive one, withdraw a year, and the log of them.

Belongs here: reading arguments, calling, showing. Does not belong here: the check (``dakl_pipeline.intake``) and how
the log is kept (``resources``).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from dakl_pipeline import names
from dakl_pipeline.cli import mails as mail_commands
from dakl_pipeline.cli import options as opt
from dakl_pipeline.cli import reports, show
from dakl_pipeline.errors import DaklError, Refused, WrongUsage
from dakl_pipeline.redaction import mask_unprintable

if TYPE_CHECKING:
    from dakl_pipeline.intake.log import Delivery, Withdrawal
    from dakl_pipeline.reference import Methodology

# What an entry of the log is called, by its verdict.
VERDICTS = {True: "approved", False: "rejected", None: "withdrawal"}
CSV_COLUMNS = (
    *("delivery_id", "kind", "supplier", "year", "received_at", "file_name", "sha256", "registrations", "approved"),
    *("selected", "reason", "accepted_late", "recorded_by", "recorded_at", "catalogue_version", "same_content_as"),
)
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A delivery: DAKL_J<year>_<free text>.csv")]


def check(
    file: FileArgument, year: opt.OptionalYear = None, json: opt.JsonOption = False, home: opt.HomeOption = None
) -> None:
    """Check a file technically and report content findings; nothing is stored and no home is needed."""
    from dakl_pipeline.intake.check import check_delivery

    methodology = opt.methodology_of(opt.named_home(home))
    if year is not None:
        opt.known_year(year, methodology)
    with _opened(file) as source:
        today = opt.today(methodology)
        verdict = check_delivery(source, file.name, methodology=methodology, today=today, reporting_year=year)
    show.print_json(show.verdict_json(verdict)) if json else show.print_verdict(verdict)
    if not verdict.approved:
        raise typer.Exit(Refused.exit_code)


def deliver(
    file: FileArgument,
    supplier: opt.SupplierOption,
    received_at: Annotated[
        str | None, typer.Option("--received-at", metavar="TIME", help="Time of receipt (ISO 8601); now when left out.")
    ] = None,
    accept_late: opt.AcceptLate = None,
    json: opt.JsonOption = False,
    home: opt.HomeOption = None,
) -> None:
    """Receive a file: check it, log it with its verdict and make its op-orde report."""
    from dakl_pipeline.mail.notice import what_counts
    from resources.delivery_store import DeliveryStore
    from resources.minors import MinorsOfHome
    from resources.reception import receive

    opened = opt.open_home(home)
    methodology = opt.methodology_of(opened)
    store = DeliveryStore(opened.deliveries)
    entry, verdict = receive(
        store,
        _existing(file),
        supplier_id=opt.supplier_id(supplier),
        received_at=opt.instant(received_at, methodology),
        recorded_at=datetime.now(UTC),
        accept_late=opt.late_reason(accept_late),
        methodology=methodology,
        minors=MinorsOfHome(opened.registers),
    )
    report_files = reports.report_of(opened, entry, methodology)
    mail_file = mail_commands.mail_about(entry, opened, methodology, verdict=verdict)
    if json:
        show.print_json(
            {
                "delivery_id": entry.delivery_id,
                **show.verdict_json(verdict),
                "report": report_files,
                "mail": mail_file,
                "same_content_as": entry.same_content_as,
            }
        )
    else:
        show.say(f"aanlevering {entry.delivery_id} van {entry.supplier_id}, sha256 {entry.sha256}")
        show.print_verdict(verdict)
        if report_files:
            show.say(f"op-orde-rapport: {report_files[0]}")
        if mail_file:
            show.say(f"mail: {mail_file}")
        if entry.same_content_as:
            show.say(f"Let op: dezelfde inhoud als aanlevering {entry.same_content_as}")
        if verdict.approved:
            # The file is in the log whatever another entry looks like; commands that need them all say what is wrong.
            with suppress(DaklError):
                show.say(what_counts(entry, store.entries(), methodology))
            show.say(f"Werk de cijfers bij met: dakl run --year {entry.reporting_year}")
    if not verdict.approved:
        raise typer.Exit(Refused.exit_code)


def withdraw(
    supplier: opt.SupplierOption,
    year: opt.YearOption,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="Time of the withdrawal (ISO 8601); now when left out.")
    ] = None,
    accept_late: opt.AcceptLate = None,
    home: opt.HomeOption = None,
) -> None:
    """Withdraw a year of a supplier."""
    from resources.delivery_store import DeliveryStore
    from resources.reception import withdraw as log_withdrawal

    opened = opt.open_home(home)
    methodology = opt.methodology_of(opened)
    store = DeliveryStore(opened.deliveries)
    with opt.asking_about(supplier, store.suppliers):
        entry = log_withdrawal(
            store,
            supplier_id=opt.supplier_id(supplier),
            year=opt.known_year(year, methodology),
            at=opt.instant(at, methodology),
            recorded_at=datetime.now(UTC),
            accept_late=opt.late_reason(accept_late),
            methodology=methodology,
        )
    mail_file = mail_commands.mail_about(entry, opened, methodology)
    show.say(f"intrekking {entry.delivery_id}: {supplier} trekt {year} in")
    if mail_file:
        show.say(f"mail: {mail_file}")
    show.say(f"Werk de cijfers bij met: dakl run --year {year}")


def deliveries(
    year: opt.OptionalYear = None,
    supplier: Annotated[str | None, typer.Option("--supplier", help="Only of this supplier.")] = None,
    verdict: Annotated[
        str | None, typer.Option("--verdict", metavar="VERDICT", help=f"Only {names.one_of(VERDICTS.values())}.")
    ] = None,
    selected: Annotated[bool, typer.Option("--selected", help="Only the files that count.")] = False,
    json: opt.JsonOption = False,
    csv: opt.CsvOption = False,
    home: opt.HomeOption = None,
) -> None:
    """Every delivery: supplier, year, time, approved or rejected, selected or not, and why."""
    from resources.delivery_store import DeliveryStore

    opt.one_format(json=json, csv=csv)
    opened = opt.open_home(home)
    methodology = opt.methodology_of(opened)
    asked = verdict and names.known_name(verdict, {each: each for each in VERDICTS.values()}, "verdict")
    entries = DeliveryStore(opened.deliveries).entries()
    if supplier is not None:
        supplier = opt.known_supplier(supplier, (entry.supplier_id for entry in entries))
    rows = [
        row
        for row in _log_rows(entries, methodology)
        if year in (None, row["year"])
        and supplier in (None, row["supplier"])
        and asked in (None, VERDICTS[row["approved"]])
        and (row["selected"] or not selected)
    ]
    if json:
        show.print_json(rows)
    elif csv:
        show.print_csv(rows, CSV_COLUMNS)
    else:
        _print_log(rows, show.Clock.of(methodology))


def _log_rows(entries: "Sequence[Delivery | Withdrawal]", methodology: "Methodology") -> list[dict[str, Any]]:
    """The entries of the log as rows for programs, in the order of logging."""
    from dakl_pipeline.intake.log import Withdrawal
    from dakl_pipeline.intake.selection import standings

    rows: list[dict[str, Any]] = [
        {
            **_of_entry(s.delivery),
            "file_name": s.delivery.file_name,
            "sha256": s.delivery.sha256,
            "registrations": s.delivery.registrations,
            "approved": s.delivery.approved,
            "selected": s.is_selected,
            "reason": s.reason,
            "catalogue_version": s.delivery.catalogue_version,
            "same_content_as": s.delivery.same_content_as,
            "findings": s.delivery.findings,
        }
        for s in standings(entries, methodology)
    ]
    rows += [
        {
            **_of_entry(entry),
            "approved": None,
            "selected": False,
            "reason": "withdrawal of a year by its supplier",
        }
        for entry in entries
        if isinstance(entry, Withdrawal)
    ]
    return sorted(rows, key=lambda row: row["delivery_id"])


def _of_entry(entry: "Delivery | Withdrawal") -> dict[str, Any]:
    return {
        "delivery_id": entry.delivery_id,
        "kind": entry.kind,
        "supplier": entry.supplier_id,
        "year": entry.reporting_year,
        "received_at": entry.received_at.isoformat(),
        "accepted_late": entry.late_reason,
        "recorded_by": entry.recorded_by,
        "recorded_at": entry.recorded_at.isoformat(),
    }


def _print_log(rows: list[dict[str, Any]], clock: show.Clock) -> None:
    table = [
        (
            row["delivery_id"],
            row["supplier"],
            row["year"],
            clock.minute(datetime.fromisoformat(row["received_at"])),
            VERDICTS[row["approved"]] + (" (late)" if row["accepted_late"] else ""),
            "yes" if row["selected"] else "no",
            row.get("file_name"),
            row["reason"] + (f"; same content as {row['same_content_as']}" if row.get("same_content_as") else ""),
        )
        for row in rows
    ]
    columns = ("delivery_id", "supplier", "year", "received_at", "verdict", "selected", "file", "reason")
    if table:
        show.print_table(columns, table)
    number = show.counted(len(rows), "delivery", "deliveries")
    show.say(f"{number}, {sum(row['selected'] for row in rows)} selected. {clock.note}")


def _existing(file: Path) -> Path:
    if not file.is_file():
        raise WrongUsage(f"there is no file {mask_unprintable(file.name)} here, or it is not a file")
    return file


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    try:
        with _existing(file).open("rb") as source:
            yield source
    except PermissionError:
        raise WrongUsage(f"{file.name} cannot be read: permission denied") from None

"""The commands about deliveries: check or receive one, withdraw a year, cancel a mistake, and the log of them.

Belongs here: reading arguments, calling, showing. Does not belong here: the check (``dakl_pipeline.intake``) and how
the log is kept (``resources``).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from zoneinfo import ZoneInfo

import typer

from dakl_pipeline.cli import mails as mail_commands
from dakl_pipeline.cli import options as opt
from dakl_pipeline.cli import reports, show, verdicts
from dakl_pipeline.errors import DaklError, Refused, WrongUsage
from dakl_pipeline.redaction import mask_unprintable

_DELIVERY_ID = re.compile("0*[1-9][0-9]{0,8}")
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
    show.print_json(verdicts.verdict_json(verdict)) if json else verdicts.print_verdict(verdict)
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
    from dakl_pipeline.mail.standing import what_counts
    from resources.delivery_store import DeliveryStore
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
    )
    report_files = reports.report_of(opened, entry, methodology)
    mail_file = mail_commands.mail_about(entry, opened, methodology, verdict=verdict)
    if json:
        show.print_json(
            {
                "delivery_id": entry.delivery_id,
                **verdicts.verdict_json(verdict),
                "report": report_files,
                "mail": mail_file,
                "same_content_as": entry.same_content_as,
                "for_analyst": [each.model_dump(include={"rule", "severity", "message"}) for each in entry.for_analyst],
            }
        )
    else:
        show.say(f"aanlevering {entry.delivery_id} van {entry.supplier_id}, sha256 {entry.sha256}")
        verdicts.print_for_analyst(entry.for_analyst)
        verdicts.print_verdict(verdict)
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
    entry = log_withdrawal(
        DeliveryStore(opened.deliveries),
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


def cancel(
    entry: Annotated[str, typer.Argument(metavar="DELIVERY_ID", help="The entry, as `dakl deliveries` lists it.")],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="What was wrong; kept, and told to the supplier.")],
    home: opt.HomeOption = None,
) -> None:
    """Cancel a delivery or a withdrawal that was a mistake: it stays in the log and no longer counts."""
    from dakl_pipeline.intake.log import Delivery, delivery_id
    from dakl_pipeline.intake.selection import standings
    from resources.delivery_store import DeliveryStore
    from resources.reception import cancel as log_cancellation

    opened = opt.open_home(home)
    methodology = opt.methodology_of(opened)
    if not _DELIVERY_ID.fullmatch(entry):
        raise WrongUsage("name the entry by its number, such as 000007: `dakl deliveries` lists them")
    store = DeliveryStore(opened.deliveries)
    cancellation, cancelled = log_cancellation(
        store, delivery_id=delivery_id(int(entry)), why=opt.reason(why, "--why"), recorded_at=datetime.now(UTC)
    )
    mail_file = mail_commands.mail_about(cancellation, opened, methodology)
    what = "delivery" if isinstance(cancelled, Delivery) else "withdrawal"
    year, supplier = cancelled.reporting_year, cancelled.supplier_id
    about = "" if year is None else f" for {year}"
    show.say(f"{cancellation.delivery_id}: {what} {cancelled.delivery_id} of {supplier}{about} no longer counts")
    if mail_file:
        show.say(f"mail: {mail_file}")
    if year is not None:
        counting = [s.delivery for s in standings(store.entries(), methodology) if s.is_selected]
        now = [d.delivery_id for d in counting if (d.supplier_id, d.reporting_year) == (supplier, year)]
        show.say(f"What counts for {year} now: {f'delivery {now[0]}' if now else 'nothing'} of {supplier}")
        show.say(f"Bring the figures up to date with: dakl run --year {year}")


def deliveries(year: opt.OptionalYear = None, json: opt.JsonOption = False, home: opt.HomeOption = None) -> None:
    """Every delivery: supplier, year, time, approved or rejected, selected or not, and why."""
    from dakl_pipeline.intake.log import Delivery, Withdrawal, cancellations
    from dakl_pipeline.intake.selection import standings, words_of
    from resources.delivery_store import DeliveryStore

    opened = opt.open_home(home)
    methodology = opt.methodology_of(opened)
    entries = DeliveryStore(opened.deliveries).entries()
    cancelled = cancellations(entries)
    rows: list[dict[str, Any]] = [
        {
            "delivery_id": s.delivery.delivery_id,
            "kind": s.delivery.kind,
            "supplier": s.delivery.supplier_id,
            "year": s.delivery.reporting_year,
            "received_at": s.delivery.received_at.isoformat(),
            "file_name": s.delivery.file_name,
            "sha256": s.delivery.sha256,
            "registrations": s.delivery.registrations,
            "approved": s.delivery.approved,
            "selected": s.is_selected,
            "reason": s.reason,
            "accepted_late": s.delivery.late_reason,
            "recorded_by": s.delivery.recorded_by,
            "recorded_at": s.delivery.recorded_at.isoformat(),
            "catalogue_version": s.delivery.catalogue_version,
            "same_content_as": s.delivery.same_content_as,
            "findings": s.delivery.findings,
            "for_analyst": [each.message for each in s.delivery.for_analyst],
        }
        for s in standings(entries, methodology)
    ]
    rows += [
        {
            "delivery_id": w.delivery_id,
            "kind": w.kind,
            "supplier": w.supplier_id,
            "year": w.reporting_year,
            "received_at": w.received_at.isoformat(),
            "accepted_late": w.late_reason,
            "recorded_by": w.recorded_by,
            "recorded_at": w.recorded_at.isoformat(),
            "reason": words_of(cancelled[w.delivery_id])
            if w.delivery_id in cancelled
            else "withdrawal of a year by its supplier"
            if isinstance(w, Withdrawal)
            else f"cancels {w.cancels}: {w.why}",
        }
        for w in entries
        if not isinstance(w, Delivery)
    ]
    rows = sorted((r for r in rows if year in (None, r["year"])), key=lambda r: r["delivery_id"])
    if json:
        show.print_json(rows)
        return
    columns = ("delivery_id", "supplier", "year", "received_at", "verdict", "selected", "reason")
    clock = ZoneInfo(methodology.time_zone)

    def verdict(row: dict[str, Any]) -> str:
        return {True: "approved", False: "rejected"}[row["approved"]] if "approved" in row else str(row["kind"])

    table = [
        {
            **row,
            "verdict": verdict(row) + (" (late)" if row["accepted_late"] else ""),
            "selected": "yes" if row.get("selected") else "no",
            "received_at": f"{datetime.fromisoformat(row['received_at']).astimezone(clock):%Y-%m-%d %H:%M}",
            "reason": row["reason"]
            + (f"; same content as {row['same_content_as']}" if row.get("same_content_as") else ""),
        }
        for row in rows
    ]
    show.print_table(columns, [[row[column] for column in columns] for row in table])
    show.say(f"{len(rows)} deliveries, {sum(bool(row.get('selected')) for row in rows)} selected")


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

"""The delivery commands: check or receive a file, withdraw a year, cancel a mistake, list the log."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dakl_pipeline.cli import options as opt
from dakl_pipeline.cli import output, verdicts
from dakl_pipeline.errors import DaklError, Refused, WrongUsage
from dakl_pipeline.presentation import names
from dakl_pipeline.privacy.redaction import mask_numbers
from resources.storage.received_file import opened_regular
from resources.workflows.opened_home import OpenedHome

_DELIVERY_ID = re.compile("0*[1-9][0-9]{0,8}")

if TYPE_CHECKING:
    from dakl_pipeline.deliveries.log import Entry
    from dakl_pipeline.reference.methodology import Methodology
    from resources.workflows.deliver import FollowUp

# Labels of the log entries.
VERDICTS = ("approved", "rejected", "withdrawal", "cancellation")
CSV_COLUMNS = (
    *("delivery_id", "kind", "supplier", "year", "received_at", "file_name", "sha256", "registrations", "approved"),
    *("selected", "reason", "accepted_late", "recorded_by", "recorded_at", "catalogue_version", "same_content_as"),
    *("content_of_other", "at_another_time", "received_why"),
)
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A delivery: DAKL_J<year>_<free text>.csv")]


def check(
    file: FileArgument, year: opt.OptionalYear = None, json: opt.JsonOption = False, home: opt.HomeOption = None
) -> None:
    """Run the technical check on a file and report content findings; stores nothing and needs no home."""
    from dakl_pipeline.intake.check import check_delivery

    methodology = OpenedHome(opt.named_home(home)).methodology
    if year is not None:
        opt.known_year(year, methodology)
    with opened_regular(file) as source:
        today = opt.today(methodology)
        verdict = check_delivery(source, file.name, methodology=methodology, today=today, reporting_year=year)
    output.print_json(verdicts.verdict_json(verdict)) if json else verdicts.print_verdict(verdict)
    if not verdict.approved:
        raise typer.Exit(Refused.exit_code)


def deliver(
    file: FileArgument,
    supplier: opt.SupplierOption,
    received_at: Annotated[
        str | None, typer.Option("--received-at", metavar="TIME", help="Time of receipt (ISO 8601); now when left out.")
    ] = None,
    received_why: opt.ReceivedWhy = None,
    accept_late: opt.AcceptLate = None,
    json: opt.JsonOption = False,
    home: opt.HomeOption = None,
) -> None:
    """Receive a file: check it, log it with its verdict and make its op-orde report."""
    from dakl_pipeline.mail.delivery_status import what_counts
    from resources.workflows.deliver import deliver

    opened = opt.open_home(home)
    at = opt.instant(received_at, opened.methodology)
    delivered = deliver(
        opened,
        file,
        supplier_id=opt.supplier_id(supplier),
        received_at=at,
        now=datetime.now(UTC),
        actor=opt.actor(),
        accept_late=opt.late_reason(accept_late),
        received_why=opt.time_reason(received_why, received_at, "--received-at"),
    )
    entry, verdict = delivered.entry, delivered.verdict
    report_files, mail_file = _followed_up(delivered.follow_up)
    if json:
        output.print_json(
            {
                "delivery_id": entry.delivery_id,
                **verdicts.verdict_json(verdict),
                "report": report_files,
                "mail": mail_file,
                "same_content_as": entry.same_content_as,
                "content_of_other": entry.content_of_other,
                "for_analyst": [each.model_dump(include={"rule", "severity", "message"}) for each in entry.for_analyst],
            }
        )
    else:
        output.say(f"aanlevering {entry.delivery_id} van {entry.supplier_id}, sha256 {entry.sha256}")
        verdicts.print_for_analyst(entry.for_analyst)
        verdicts.print_verdict(verdict)
        if report_files:
            output.say(f"op-orde-rapport: {report_files[0]}")
        if mail_file:
            output.say(f"mail: {mail_file}")
        if entry.same_content_as:
            output.say(f"Let op: dezelfde inhoud als aanlevering {entry.same_content_as}")
        if entry.content_of_other:
            output.say(f"Let op: dezelfde inhoud als aanlevering {entry.content_of_other} van een andere leverancier")
        if entry.is_at_another_time and entry.received_why is None:
            output.say("Let op: een andere ontvangsttijd dan nu, zonder reden (--received-why)")
        if verdict.approved:
            # This file is logged even if another entry is damaged; commands that need all entries report that.
            with suppress(DaklError):
                output.say(what_counts(entry, opened.deliveries.entries(), opened.methodology))
            output.say(f"Werk de cijfers bij met: dakl run --year {entry.reporting_year}{opt.home_option(opened.home)}")
    if not verdict.approved:
        raise typer.Exit(Refused.exit_code)


def withdraw(
    supplier: opt.SupplierOption,
    year: opt.YearOption,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="Time of the withdrawal (ISO 8601); now when left out.")
    ] = None,
    received_why: opt.ReceivedWhy = None,
    accept_late: opt.AcceptLate = None,
    home: opt.HomeOption = None,
) -> None:
    """Withdraw a year of a supplier."""
    from resources.workflows.deliver import withdraw

    opened = opt.open_home(home)
    with opt.asking_about(supplier, opened.deliveries.suppliers):
        entry, follow_up = withdraw(
            opened,
            supplier_id=opt.supplier_id(supplier),
            year=opt.known_year(year, opened.methodology),
            at=opt.instant(at, opened.methodology),
            now=datetime.now(UTC),
            actor=opt.actor(),
            accept_late=opt.late_reason(accept_late),
            received_why=opt.time_reason(received_why, at, "--at"),
        )
    _, mail_file = _followed_up(follow_up)
    output.say(f"intrekking {entry.delivery_id}: {supplier} trekt {year} in")
    if mail_file:
        output.say(f"mail: {mail_file}")
    output.say(f"Werk de cijfers bij met: dakl run --year {year}{opt.home_option(opened.home)}")


def cancel(
    entry: Annotated[str, typer.Argument(metavar="DELIVERY_ID", help="The entry, as `dakl deliveries` lists it.")],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="What was wrong; kept, and sent to the supplier.")],
    home: opt.HomeOption = None,
) -> None:
    """Cancel a delivery or a withdrawal that was a mistake: it stays in the log and no longer counts."""
    from dakl_pipeline.deliveries.log import Delivery, delivery_id
    from dakl_pipeline.deliveries.selection import delivery_statuses
    from resources.workflows.deliver import cancel

    opened = opt.open_home(home)
    if not _DELIVERY_ID.fullmatch(entry):
        raise WrongUsage("name the entry by its number, such as 000007: `dakl deliveries` lists them")
    before = opened.deliveries.entries()
    cancellation, cancelled, follow_up = cancel(
        opened,
        delivery_id=delivery_id(int(entry)),
        why=opt.reason(why, "--why"),
        now=datetime.now(UTC),
        actor=opt.actor(),
    )
    _, mail_file = _followed_up(follow_up)
    what = "delivery" if isinstance(cancelled, Delivery) else "withdrawal"
    year, supplier = cancelled.reporting_year, cancelled.supplier_id
    about = "" if year is None else f" for {year}"
    output.say(f"{cancellation.delivery_id}: {what} {cancelled.delivery_id} of {supplier}{about} no longer counts")
    if mail_file:
        output.say(f"mail: {mail_file}")
    if year is not None:
        then, now = (
            [
                s.delivery.delivery_id
                for s in delivery_statuses(log, opened.methodology)
                if s.is_selected and (s.delivery.supplier_id, s.delivery.reporting_year) == (supplier, year)
            ]
            for log in (before, opened.deliveries.entries())
        )
        counts = "still counts" if now == then else "counts now"
        output.say(f"For {year}, {f'delivery {now[0]}' if now else 'nothing'} of {supplier} {counts}")
        if now != then:
            output.say(f"Bring the figures up to date with: dakl run --year {year}{opt.home_option(opened.home)}")


def deliveries(
    year: opt.OptionalYear = None,
    supplier: Annotated[str | None, typer.Option("--supplier", help="Only of this supplier.")] = None,
    verdict: Annotated[
        str | None, typer.Option("--verdict", metavar="VERDICT", help=f"Only {names.one_of(VERDICTS)}.")
    ] = None,
    selected: Annotated[bool, typer.Option("--selected", help="Only the files that count.")] = False,
    json: opt.JsonOption = False,
    csv: opt.CsvOption = False,
    home: opt.HomeOption = None,
) -> None:
    """List every delivery: supplier, year, time, approved or rejected, selected or not, and why."""
    opt.one_format(json=json, csv=csv)
    opened = opt.open_home(home)
    asked = verdict and names.known_name(verdict, {each: each for each in VERDICTS}, "verdict")
    entries = opened.deliveries.entries()
    if supplier is not None:
        supplier = opt.known_supplier(supplier, (entry.supplier_id for entry in entries))
    rows = [
        row
        for row in _log_rows(entries, opened.methodology)
        if year in (None, row["year"])
        and supplier in (None, row["supplier"])
        and asked in (None, _verdict(row))
        and (row["selected"] or not selected)
    ]
    if json:
        output.print_json(rows)
    elif csv:
        output.print_csv(rows, CSV_COLUMNS)
    else:
        _print_log(rows, output.Clock.of(opened.methodology))


def _log_rows(entries: "Sequence[Entry]", methodology: "Methodology") -> list[dict[str, Any]]:
    """Return the log entries as rows for programs, in the order of logging."""
    from dakl_pipeline.deliveries.log import Delivery, Withdrawal, cancellations
    from dakl_pipeline.deliveries.selection import delivery_statuses, words_of

    cancelled = cancellations(entries)

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
            "content_of_other": s.delivery.content_of_other,
            "findings": s.delivery.findings,
            "for_analyst": [each.message for each in s.delivery.for_analyst],
        }
        for s in delivery_statuses(entries, methodology)
    ]
    rows += [
        {
            **_of_entry(entry),
            "approved": None,
            "selected": False,
            "reason": words_of(cancelled[entry.delivery_id])
            if entry.delivery_id in cancelled
            else "withdrawal of a year by its supplier"
            if isinstance(entry, Withdrawal)
            else f"cancels {entry.cancels}: {entry.why}",
        }
        for entry in entries
        if not isinstance(entry, Delivery)
    ]
    return sorted(rows, key=lambda row: row["delivery_id"])


def _verdict(row: dict[str, Any]) -> str:
    """Return the label of a log entry: one of :data:`VERDICTS`."""
    return str(row["kind"]) if row["approved"] is None else VERDICTS[0] if row["approved"] else VERDICTS[1]


def _of_entry(entry: "Entry") -> dict[str, Any]:
    return {
        "delivery_id": entry.delivery_id,
        "kind": entry.kind,
        "supplier": entry.supplier_id,
        "year": entry.reporting_year,
        "received_at": entry.received_at.isoformat(),
        "at_another_time": entry.is_at_another_time,
        "received_why": entry.received_why,
        "accepted_late": entry.late_reason,
        "recorded_by": entry.recorded_by,
        "recorded_at": entry.recorded_at.isoformat(),
    }


def _print_log(rows: list[dict[str, Any]], clock: output.Clock) -> None:
    table = [
        (
            row["delivery_id"],
            row["supplier"],
            row["year"],
            clock.minute(datetime.fromisoformat(row["received_at"])),
            _verdict(row) + (" (late)" if row["accepted_late"] else ""),
            "yes" if row["selected"] else "no",
            row.get("file_name"),
            "; ".join(_remarks(row)),
        )
        for row in rows
    ]
    columns = ("delivery_id", "supplier", "year", "received_at", "verdict", "selected", "file", "reason")
    if table:
        output.print_table(columns, table)
    number = output.quantity(len(rows), "delivery", "deliveries")
    output.say(f"{number}, {sum(row['selected'] for row in rows)} selected. {clock.note}")


def _remarks(row: dict[str, Any]) -> list[str]:
    """Return the remarks on an entry; a selected file needs no reason, it is the last approved one."""
    said = [] if row["selected"] else [row["reason"]]
    if row.get("same_content_as"):
        said.append(f"same content as {row['same_content_as']}")
    if row.get("content_of_other"):
        said.append(f"same content as {row['content_of_other']} of another supplier")
    if row["at_another_time"] and row["kind"] != "cancellation":
        said.append(f"time of receipt given: {row['received_why'] or 'no reason'}")
    return said


def _followed_up(follow_up: "FollowUp") -> tuple[list[str], str | None]:
    """Print the problems that occurred after an entry was logged.

    Returns:
        The files of the report, and the path of the mail; None without a mail.
    """
    for problem in follow_up.problems:
        typer.echo(f"dakl: {mask_numbers(problem)}", err=True)
    mail = None if follow_up.mail is None else str(follow_up.mail)
    return [str(path) for path in follow_up.report], mail

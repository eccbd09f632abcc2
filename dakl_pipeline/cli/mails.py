"""The command for the mails to suppliers: ``dakl mails``."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from dakl_pipeline.cli import options as opt
from dakl_pipeline.cli import output
from dakl_pipeline.cli.progress import progress
from dakl_pipeline.errors import Missing, Refused
from dakl_pipeline.privacy.redaction import mask_numbers
from resources.config.home import Home

if TYPE_CHECKING:
    from collections.abc import Sequence

    from resources.workflows.supplier_mail import Mail


def mails(
    send: Annotated[
        bool, typer.Option("--send", help="Send the waiting mails through the mail server in DAKL_SMTP_HOST.")
    ] = False,
    json: opt.JsonOption = False,
    home: opt.HomeOption = None,
) -> None:
    """List the mails to suppliers and whether they were sent; mails missing after a crash are made now."""
    from dakl_pipeline.operation.audit import MailsMade
    from resources.mail.server import MailServer
    from resources.workflows.deliver import make_missing_mails

    opened = opt.open_home(home)
    settings, mailbox = opened.mail_settings, opened.mails
    log = mailbox.entries()
    missing = mailbox.missing(log)
    problems: list[str] = []
    if missing:
        opened.audit.log(opt.actor(), MailsMade(mails=len(missing)))
        with progress("making mails", len(missing)) as bar:
            problems = make_missing_mails(opened, log, bar.advance)
    if send:
        if settings.smtp_host is None:
            raise Missing("no mail server is set: set DAKL_SMTP_HOST; until then the mails stay in the home")
        server = MailServer(settings.smtp_host, settings)
        problems += mailbox.send(mailbox.mails(log), server, retry_delays=settings.smtp_retry_delays)
    _list(mailbox.mails(log), opened.home, output.Clock.of(opened.methodology), is_json=json)
    if problems:
        *first, last = problems
        for problem in first:
            typer.echo(f"dakl: {mask_numbers(problem)}", err=True)
        raise Refused(f"{last}; nothing is lost, so try again with `dakl mails --send`" if send else last)


def _list(mails: "Sequence[Mail]", home: Home, clock: output.Clock, *, is_json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {
            "delivery_id": mail.entry.delivery_id,
            "kind": mail.entry.kind,
            "supplier": mail.entry.supplier_id,
            "year": mail.entry.reporting_year,
            "to": [recipient.email for recipient in mail.to],
            "sent_at": None if mail.sent_at is None else mail.sent_at.isoformat(timespec="seconds"),
            "file": mail.path.relative_to(home.root).as_posix(),
        }
        for mail in mails
    ]
    if is_json:
        output.print_json(rows)
        return
    columns = ("delivery_id", "supplier", "year", "to", "sent_at")
    table = [
        (
            row["delivery_id"],
            row["supplier"],
            row["year"],
            ", ".join(row["to"]) or "no address",
            "waits" if mail.sent_at is None else clock.minute(mail.sent_at),
        )
        for row, mail in zip(rows, mails, strict=True)
    ]
    output.print_table(columns, table)
    # A path in every row would not fit on a line.
    if rows:
        output.say(f"They are <year>/<supplier>/<delivery_id>-mail.eml in {home.reports}")
    sent = sum(mail.sent_at is not None for mail in mails)
    output.say(f"{output.quantity(len(rows), 'mail', 'mails')}, {sent} sent. {clock.note}")

"""The mails to suppliers, on the command line.

Belongs here: making mails at the end of a command, listing them and sending what waits. Does not belong here: how that
is done (``resources.workflows.supplier_mail``).
"""

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dakl_pipeline.cli import options as opt
from dakl_pipeline.cli import output
from dakl_pipeline.cli.progress import progress
from dakl_pipeline.errors import DaklError, Missing, Refused
from dakl_pipeline.privacy.redaction import mask_numbers
from resources.config.home import Home

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dakl_pipeline.deliveries.log import Entry
    from dakl_pipeline.intake.check import Verdict
    from dakl_pipeline.reference import Methodology
    from resources.workflows.supplier_mail import Mail, Mailbox


def mail_about(
    entry: "Entry",
    home: Home,
    methodology: "Methodology",
    *,
    verdict: "Verdict | None" = None,
) -> str | None:
    """Make the mail about a new entry of the log, and send it when there is a mail server.

    Mails that a crash left out are made too. The entry stands, whatever goes wrong here: problems become lines on
    stderr and ``dakl mails`` tries again.

    Args:
        entry: The entry.
        home: The home.
        methodology: Settings of the statistic.
        verdict: Of a delivery, with its findings.

    Returns:
        Where the mail is; None when it could not be made.
    """
    from resources.mail.server import MailServer
    from resources.mail.settings import load_mail_settings
    from resources.workflows.supplier_mail import Mailbox

    path = None
    try:
        settings = load_mail_settings()
        mailbox = Mailbox(home, methodology, settings)
        log = mailbox.entries()
        path = str(mailbox.post(entry, log, verdict))
        problems = _post_missing(mailbox, log)
        if settings.smtp_host is not None:
            problems += mailbox.send(mailbox.mails([entry]), MailServer(settings.smtp_host, settings), pauses=())
    except DaklError as error:
        problems = [str(error)]
    except OSError as error:
        problems = [f"{os.strerror(error.errno) if error.errno else type(error).__name__}: {error.filename}"]
    except Exception as error:
        # Its text may quote what was delivered; its kind does not.
        problems = [f"unexpected {type(error).__name__}"]
    for problem in problems:
        line = mask_numbers(f"{entry.delivery_id} is logged, but about mail: {problem} (`dakl mails` tries again)")
        typer.echo(f"dakl: {line}", err=True)
    return path


def mails(
    send: Annotated[
        bool, typer.Option("--send", help="Send what waits, by the mail server that DAKL_SMTP_HOST names.")
    ] = False,
    json: opt.JsonOption = False,
    home: opt.HomeOption = None,
) -> None:
    """Every mail to suppliers and whether it was sent; one that a crash left out is made now."""
    from resources.mail.server import MailServer
    from resources.mail.settings import load_mail_settings
    from resources.workflows.supplier_mail import Mailbox

    opened = opt.open_home(home)
    settings = load_mail_settings()
    methodology = opt.methodology_of(opened)
    mailbox = Mailbox(opened, methodology, settings)
    log = mailbox.entries()
    problems = _post_missing(mailbox, log)
    if send:
        if settings.smtp_host is None:
            raise Missing("there is no mail server: set DAKL_SMTP_HOST; until then the mails stay in the home")
        server = MailServer(settings.smtp_host, settings)
        problems += mailbox.send(mailbox.mails(log), server, pauses=settings.smtp_pauses)
    _list(mailbox.mails(log), opened, output.Clock.of(methodology), is_json=json)
    if problems:
        *first, last = problems
        for problem in first:
            typer.echo(f"dakl: {mask_numbers(problem)}", err=True)
        raise Refused(f"{last}; nothing is lost, so try again with `dakl mails --send`" if send else last)


def _post_missing(mailbox: "Mailbox", log: "Sequence[Entry]") -> list[str]:
    missing = mailbox.missing(log)
    problems: list[str] = []
    if not missing:
        return problems
    with progress("making mails", len(missing)) as bar:
        for entry in missing:
            try:
                mailbox.post(entry, log)
            except Refused as error:
                problems.append(f"the mail of {entry.delivery_id} is not made: {error}")
            bar.advance()
    return problems


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
    output.say(f"{output.counted(len(rows), 'mail', 'mails')}, {sent} sent. {clock.note}")

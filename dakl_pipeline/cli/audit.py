"""The commands of the audit log: ``dakl audit verify`` and ``dakl audit show``."""

from datetime import UTC, datetime

import typer

from dakl_pipeline.cli import options as opt
from dakl_pipeline.cli import output
from dakl_pipeline.errors import Refused

audit_app = typer.Typer(help="The chained log of who did what with a home.", rich_markup_mode=None)


@audit_app.command()
def verify(json: opt.JsonOption = False, home: opt.HomeOption = None) -> None:
    """Verify the audit log, and deliveries, history and warehouse against it; changes nothing."""
    from resources.maintenance.health.doctor import OF_AUDIT, examine

    opened = opt.open_home(home)
    found = examine(opened.home, now=datetime.now(UTC), codes={}, checks=OF_AUDIT)
    lines = [output.finding_line(finding) for findings in found for finding in findings]
    is_intact = all(line["status"] != "fault" for line in lines)
    outside = opened.audit.heads.last()
    if json:
        head = None if outside is None else {"entry": outside.sequence, "sha256": outside.digest}
        output.print_json(
            {
                "intact": is_intact,
                "entries": opened.audit.last(),
                "head_outside": head,
                "head_file": str(opened.audit.heads.path),
                "checks": lines,
            }
        )
    else:
        output.print_findings(lines)
        output.say("intact" if is_intact else "NOT intact")
    if not is_intact:
        raise typer.Exit(Refused.exit_code)


@audit_app.command("show")
def list_entries(json: opt.JsonOption = False, home: opt.HomeOption = None) -> None:
    """List the entries of the audit log: number, time, who and what."""
    from dakl_pipeline.operation.audit import in_words

    opened = opt.open_home(home)
    entries = opened.audit.entries()
    if json:
        output.print_json([entry.model_dump(mode="json") for entry in entries])
        return
    clock = output.Clock.of(opened.methodology)
    rows = [
        (entry.sequence, clock.minute(entry.recorded_at), entry.who.in_words, in_words(entry.action))
        for entry in entries
    ]
    if rows:
        output.print_table(("number", "time", "who", "what"), rows)
    output.say(f"{output.quantity(len(rows), 'entry', 'entries')}. {clock.note}")

"""The maintenance commands of a home: check, back up, restore and upgrade it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from dakl_pipeline.cli import options as opt
from dakl_pipeline.cli import output
from dakl_pipeline.cli.progress import progress
from dakl_pipeline.errors import Refused, WrongUsage
from dakl_pipeline.presentation.english import summarise
from dakl_pipeline.privacy.redaction import mask_line
from resources.config.home import Home
from resources.workflows.opened_home import OpenedHome


def doctor(json: opt.JsonOption = False, home: opt.HomeOption = None) -> None:
    """Check the home, key, registers, deliveries, figures and versions; changes nothing."""
    # A home in another format is reported as a finding.
    opened = opt.home_of_any_format(home).require()
    from assets.chain import code_versions
    from resources.maintenance.health.doctor import CHECKS, examine

    findings = []
    with progress("checking", len(CHECKS)) as bar:
        for found in examine(opened, now=datetime.now(UTC), codes=code_versions()):
            bar.advance()
            findings += found
    lines = [output.finding_line(finding) for finding in findings]
    faults = sum(finding.status == "fault" for finding in findings)
    warnings = sum(finding.status == "warning" for finding in findings)
    if json:
        output.print_json({"well": not faults, "checks": lines})
    else:
        output.print_findings(lines)
        in_words = output.quantity(faults, "fault", "faults"), output.quantity(warnings, "warning", "warnings")
        output.say(f"{output.quantity(len(lines), 'check', 'checks')}: {', '.join(in_words)}")
    if faults:
        raise typer.Exit(Refused.exit_code)


def upgrade(home: opt.HomeOption = None) -> None:
    """Upgrade a home that an earlier version made; the old home is kept beside it."""
    opened = opt.home_of_any_format(home).require()
    from resources.maintenance.upgrade.swap import upgrade_home
    from resources.storage.home_format import FORMAT

    with progress("copying", 1) as bar:
        upgraded = upgrade_home(opened, actor=opt.actor(), advance=bar.set)
    if upgraded is None:
        output.say(f"{opened.root} is up to date: format {FORMAT}")
        return
    output.say(f"{opened.root} now has format {FORMAT}; it had format {upgraded.before}")
    output.say(f"{output.quantity(upgraded.files, 'file', 'files')} copied; no delivered file changed")
    for line in upgraded.converted.done:
        output.say(line)
    if upgraded.converted.figures_problem:
        output.say(f"Not all figures can be read: {upgraded.converted.figures_problem}")
    output.say(f"The old home is kept at {upgraded.kept}. It holds BSNs: remove it when all is well.")
    _say_what_next(opened, opt.home_option(opened))


def backup(
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="A .tar.gz or .tar.gz.age file that is not there yet.")
    ],
    recipient: Annotated[
        list[str] | None,
        typer.Option("--recipient", metavar="AGE1...", help="Who can decrypt it; may be repeated."),
    ] = None,
    unencrypted: Annotated[
        bool, typer.Option("--unencrypted", help="Do not encrypt it, whatever DAKL_BACKUP_RECIPIENTS says.")
    ] = False,
    home: opt.HomeOption = None,
) -> None:
    """Back up a home without its key to one file; deliveries and runs can go on meanwhile."""
    opened = opt.open_home(home)
    from dakl_pipeline.operation.audit import BackedUp
    from resources.config.environment import load_environment
    from resources.maintenance.archive import ENCRYPTED_ENDING
    from resources.maintenance.backup import plan
    from resources.maintenance.encryption import recipients_of

    if unencrypted and recipient:
        raise WrongUsage("choose one of --recipient and --unencrypted")
    given = recipient or [load_environment().backup_recipients]
    to = [] if unencrypted else recipients_of(given)
    if bool(to) != out.name.endswith(ENCRYPTED_ENDING):
        raise WrongUsage(
            f"the backup will be encrypted: let --out end in {ENCRYPTED_ENDING}, or add --unencrypted"
            if to
            else f"--out ends in {ENCRYPTED_ENDING}: name who can decrypt it with --recipient or DAKL_BACKUP_RECIPIENTS"
        )

    def log() -> None:
        opt.log_reading(opened, BackedUp(file=mask_line(out.name)))

    kept = plan(opened.home, out, log)
    with progress("copying", len(kept.files)) as bar:
        made = kept.write(out, recipients=to, advance=bar.advance)
    for why, names in (
        ("it is damaged", made.damaged),
        ("it holds the key", made.with_key),
        ("no home has such a file, or it is a link", kept.unknown),
    ):
        for name in names:
            output.say(f"left out, because {why}: {mask_line(str(opened.home.root / name))}")
    output.say(f"{made.files} files in {out}, {made.size / 1e6:.1f} MB")
    if to:
        output.say(f"Only {output.quantity(len(to), 'recipient', 'recipients')} can read it, with their age identity.")
    else:
        output.say("It holds BSNs in the clear, and only you can read it: keep it that way wherever you store it.")
        output.say("To encrypt it, name a recipient: --recipient age1... --out FILE.tar.gz.age")
    output.say("It does not hold the key: keep a copy of the key, apart from this file.")
    if not made.is_signed:
        output.say("It is not signed, because there is no key: a restore cannot tell whether somebody changed it.")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `dakl backup` made.")],
    identity: Annotated[
        Path | None, typer.Option("--identity", metavar="FILE", help="File with the age identity of a recipient.")
    ] = None,
    unverified: Annotated[
        bool,
        typer.Option("--unverified", help="Restore what can be of a changed backup, or one of another key."),
    ] = False,
    home: opt.HomeOption = None,
) -> None:
    """Restore a backup into a home that does not exist yet or an empty folder."""
    from resources.maintenance.encryption import identities_of
    from resources.maintenance.restore import Source, key_for_restore, restore_home

    named = opt.home_of_any_format(home)
    source = Source(
        file,
        identities=identities_of(identity) if identity else (),
        key=key_for_restore(named),
        is_unverified_allowed=unverified,
    )
    with progress("restoring", 1) as bar:
        restored = restore_home(source, named, actor=opt.actor(), advance=bar.set)
    clock = output.Clock.of(OpenedHome(named).methodology)
    output.say(f"{restored.files} files in {named.root}, as they were on {clock.moment(restored.made_at)}")
    output.say(_SIGNATURES[restored.signature.value])
    if restored.left_out:
        output.say(f"Not restored: {mask_line(summarise(restored.left_out))}")
    if restored.lost_entries:
        entries = output.quantity(restored.lost_entries, "entry", "entries")
        output.say(f"{entries} of the audit log came after this backup and are lost, with what they are about.")
    if restored.upgraded:
        output.say("An earlier version of dakl made the backup; it was upgraded to this version:")
    for line in restored.upgraded:
        output.say(f"  {line}")
    if restored.figures_problem:
        output.say(f"Not all figures can be read: {restored.figures_problem}")
    else:
        output.say("The figures are ready to use.")
    output.say(f"The key is not in the backup: put it at {named.key_file} (mode 0600), or set DAKL_PSEUDONYM_KEY_FILE.")
    _say_what_next(named, f" --home {named.root}")


_SIGNATURES = {
    "verified": "Its signature was verified: nobody without the key changed it.",
    "not checked": (
        "Its signature was not checked, because there is no key here: set DAKL_PSEUDONYM_KEY_FILE and restore again to "
        "be sure that nobody changed it."
    ),
    "wrong": "Its signature is WRONG or missing: somebody may have changed it.",
}


def _say_what_next(home: Home, option: str) -> None:
    """Advise to check a home and to recount the years that were counted."""
    years = "".join(f" --year {year}" for year in OpenedHome(home).history.years())
    again = f" && dakl run{years}{option}" if years else ""
    output.say(f"Then: dakl doctor{option}{again}")

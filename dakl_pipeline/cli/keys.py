"""The commands that replace and destroy the secret key."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from dakl_pipeline.cli import options as opt
from dakl_pipeline.cli import output
from dakl_pipeline.cli.progress import progress
from dakl_pipeline.errors import Refused, WrongUsage
from resources.workflows.opened_home import OpenedHome

if TYPE_CHECKING:
    import polars as pl

    from dakl_pipeline.cli.years import Report

YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def rotate(yes: YesOption = False, home: opt.HomeOption = None) -> None:
    """Replace the key: every pseudonym becomes another one and the old ones go; the figures stay the same."""
    opened = opt.open_home(home)
    from dakl_pipeline.cli.years import report_to
    from dakl_pipeline.operation.audit import KeyChanged
    from resources.workflows.replace_key import replace_key, require_own_key_file

    file = require_own_key_file(opened.home)
    _ask(f"Replace {file}? Every year is counted twice, and backups of now need the key of now.", yes=yes)
    years = [year for year in opened.history.years() if year in opened.methodology.reporting_years]
    with progress("counting", 2 * len(years)) as bar:
        # Once more with the present key: what changes from here on, changes by the key alone.
        kept = "nothing was changed, the key is the one it was"
        _count(opened, years, report_to(bar, 2 * len(years)), kept)
        before = {year: _figures(opened, year) for year in years}
        opened.audit.log(opt.actor(), KeyChanged(change="rotated"))
        replace_key(opened.home, opened.methodology.reporting_years)
        replaced = "the key is replaced: repair this, then `dakl run --all` makes the tables again"
        _count(opened, years, report_to(bar, 2 * len(years), before=len(years)), replaced)
    output.say(
        f"new key: {file}. Keep a copy apart, and the old one as long as you keep a backup that was made with it."
    )
    for year in years:
        same = "the same figures" if _figures(opened, year).equals(before[year]) else "other figures: files came in"
        output.say(f"{year}: new pseudonyms, {same}")


def destroy(yes: YesOption = False, home: opt.HomeOption = None) -> None:
    """Destroy the key: nothing can be pseudonymised or counted again; the figures stay."""
    opened = opt.open_home(home)
    from dakl_pipeline.operation.audit import KeyChanged
    from resources.workflows.replace_key import destroy_key, require_own_key_file

    file = require_own_key_file(opened.home, is_any_key=True)
    _ask(f"Destroy {file}? Nobody can count again, or recognise anybody across years.", yes=yes)
    opened.audit.log(opt.actor(), KeyChanged(change="destroyed"))
    destroy_key(opened.home, opened.methodology.reporting_years)
    output.say(f"{file} is gone; the figures stay. Destroy its copies too, also in snapshots of the disk.")


def _ask(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise WrongUsage("this cannot be undone: add --yes")
    if not typer.confirm(question, err=True):
        raise Refused("nothing was changed")


def _count(opened: OpenedHome, years: list[int], report: "Report", consequence: str) -> None:
    from dakl_pipeline.cli.years import run_years

    done = list(run_years(opened.home, years, report=report)) if years else []
    errors = [each.error for each in done if each.error]
    if errors:
        raise type(errors[0])("\n".join([*map(str, errors), consequence]))


def _figures(opened: OpenedHome, year: int) -> "pl.DataFrame":
    from dakl_pipeline.contracts.statistics import UNIQUE_PERSON_COUNTS

    return opened.warehouse.read(UNIQUE_PERSON_COUNTS, year)

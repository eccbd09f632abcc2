"""The commands of ``dakl``: one thin function per command that reads arguments, calls and shows.

Code that could be tested without a command line does not belong here.
"""

from pathlib import Path
from typing import Annotated

import typer

from dakl_pipeline import __version__
from dakl_pipeline.cli import deliveries, explain, figures, keys, maintenance, output, reports, staleness
from dakl_pipeline.cli import mails as mail_commands
from dakl_pipeline.cli import options as opt
from dakl_pipeline.cli.audit import audit_app
from dakl_pipeline.cli.progress import progress
from dakl_pipeline.errors import Refused, WrongUsage
from dakl_pipeline.privacy.redaction import mask_line
from resources.workflows.opened_home import OpenedHome

app = typer.Typer(
    help="The pipeline of the Monitor Dakloosheid: unique persons in shelter, per region and year.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
key_app = typer.Typer(help="The secret key for pseudonyms.", rich_markup_mode=None)
app.add_typer(key_app, name="key")
app.add_typer(audit_app, name="audit")


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        output.say(f"dakl {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of ``dakl`` itself."""


@app.command()
def demo(home: opt.HomeOption = None) -> None:
    """Create a fresh home with sample deliveries and registers, run three years and print the figures."""
    from dakl_pipeline.cli.demo import run_demo

    run_demo(opt.home_of_any_format(home))


app.command()(deliveries.check)
app.command()(deliveries.deliver)
app.command()(deliveries.withdraw)
app.command()(deliveries.cancel)
app.command()(deliveries.deliveries)


@app.command()
def run(
    year: opt.OptionalYears = None,
    all_years: Annotated[bool, typer.Option("--all", help="All reporting years.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Make every table again, even if unchanged.")] = False,
    jobs: Annotated[
        int | None, typer.Option("--jobs", min=1, help="Years at a time; the number of processors when left out.")
    ] = None,
    home: opt.HomeOption = None,
) -> None:
    """Count some years; tables whose input did not change are not made again."""
    opened = opt.open_home(home)
    methodology = opened.methodology
    if bool(year) == all_years:
        raise WrongUsage("name the years with --year, or --all of them")
    asked = methodology.reporting_years if all_years else year or ()
    years = sorted({opt.known_year(one, methodology) for one in asked})
    _require_key_and_registers(opened, years)
    from dakl_pipeline.cli.years import report_to, run_years

    for one in years:
        if opened.stages.is_locked(one):
            output.echo_error(f"{one}: another run is busy with this year; waiting for it to end")
    failed, odd = [], list[str]()
    with progress("counting", len(years)) as bar:
        for done in run_years(opened.home, years, force=force, jobs=jobs, report=report_to(bar, len(years))):
            if done.error:
                failed.append(done.error)
            else:
                bar.say(_summary(opened, done.year) + ("" if done.is_changed else "; nothing changed since"))
                odd += _odd_registers(opened, done.year)
    for each in odd:
        output.echo_error(each)
    if failed:
        raise type(failed[0])("\n".join(map(str, failed)))


app.command()(figures.figures)


@app.command()
def export(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="For example statistics.unique_person_counts.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="A .csv, .parquet or .xlsx file.")],
    year: opt.OptionalYear = None,
    home: opt.HomeOption = None,
) -> None:
    """Write a warehouse table to a file; tables with a row per person are not in the warehouse."""
    from dakl_pipeline.contracts import TABLES, WAREHOUSE_TABLES
    from dakl_pipeline.operation.audit import Exported
    from dakl_pipeline.presentation.exports import FORMATS, INTERNAL
    from dakl_pipeline.presentation.names import known_name
    from resources.workflows.export import write_export

    opened = opt.open_home(home)
    tables = WAREHOUSE_TABLES
    # The name without the schema is enough: no two schemas have a table with the same name.
    spelt = {name: name for name in tables} | {name.partition(".")[2]: name for name in tables}
    if table in TABLES and table not in tables:
        choice = ", ".join(tables)
        raise Refused(f"{table} has a row per person or stay and stays between the stages: choose one of {choice}")
    table = known_name(table, spelt, "table")
    if out.suffix.lower() not in FORMATS:
        raise WrongUsage(f"--out must end in one of {', '.join(FORMATS)}")
    warehouse = opt.counted_warehouse(opened, year)
    opt.log_reading(opened, Exported(table=table, year=year, file=mask_line(out.name)))
    frame = warehouse.read(tables[table], year)
    protection = INTERNAL if tables[table].sensitivity == "internal" else None
    write_export(out, FORMATS[out.suffix.lower()](frame, protection), opened.home)
    output.say(f"{output.quantity(frame.height, 'row', 'rows')} of {table} in {mask_line(str(out))}")
    methodology = opened.methodology
    years = methodology.reporting_years if year is None else [year]
    behind = staleness.years_behind(opened, years)
    staleness.say_behind(behind, output.Clock.of(methodology), aside=True)


@app.command()
def generate(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A folder that does not exist or is empty.")],
    persons: Annotated[int, typer.Option("--persons", min=1, help="People in shelter per year.")],
    suppliers: Annotated[int, typer.Option("--suppliers", min=1, help="Number of suppliers.")],
    year: opt.Years,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same files.")],
    home: opt.HomeOption = None,
) -> None:
    """Write synthetic deliveries and registers of any size."""
    from dakl_pipeline.cli.synthetic_data import plan_of, write_population
    from dakl_pipeline.synthetic import generate_population

    methodology = OpenedHome(opt.named_home(home)).methodology
    years = tuple(sorted({opt.known_year(y, methodology) for y in year}))
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Refused(f"{out} already exists and is not an empty folder: nothing is overwritten")
    population = generate_population(plan_of(seed=seed, years=years, persons=persons, suppliers=suppliers))
    write_population(population, out)
    registers = f"registers of {output.quantity(len(years), 'year', 'years')}"
    output.say(f"{len(population.events)} deliveries and withdrawals, {registers}: {out / 'timeline.csv'}")


@app.command()
def ui(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="TCP port on 127.0.0.1.")] = 3000,
    home: opt.HomeOption = None,
) -> None:
    """Serve the Dagster UI for this home at http://127.0.0.1:3000; stop it with Ctrl-C."""
    opened = opt.open_home(home, mark=False)
    # Faulty settings are reported here; Dagster would bury the error in its own output.
    _ = opened.methodology
    from dakl_pipeline.cli.ui import serve_ui

    serve_ui(opened.home, port)


app.command("explain-figure")(explain.explain_figure)
app.command()(reports.report)
app.command()(reports.explain_finding)
app.command()(mail_commands.mails)
app.command()(maintenance.doctor)
app.command()(maintenance.backup)
app.command()(maintenance.restore)
app.command()(maintenance.upgrade)


@key_app.command("create")
def create(home: opt.HomeOption = None) -> None:
    """Create a secret key in the home, and the home if it does not exist."""
    from dakl_pipeline.operation.audit import KeyChanged
    from resources.config.secret_key import create_key
    from resources.storage.home_format import write_format

    named = opt.named_home(home)
    path = create_key(named)
    write_format(named)
    OpenedHome(named).audit.log(opt.actor(), KeyChanged(change="created"))
    output.say(f"key made: {path} (readable by you only)")
    output.say("Keep a copy apart: without it nobody is recognised across years.")


key_app.command()(keys.rotate)
key_app.command()(keys.destroy)


def _require_key_and_registers(opened: OpenedHome, years: list[int]) -> None:
    """Raise Missing before any work starts if the key or a register is missing."""
    from dakl_pipeline.contracts.registers import REGISTERS
    from resources.config.environment import load_environment
    from resources.config.secret_key import load_key

    load_key(opened.home, load_environment())
    for year in years:
        for register in REGISTERS:
            opened.registers.require(register, year)


def _odd_registers(opened: OpenedHome, year: int) -> list[str]:
    """Return a warning for each unusual register that the year was counted with."""
    from dakl_pipeline.contracts.registers import REGISTERS
    from dakl_pipeline.history.provenance import REGISTER_WARNINGS

    stages = opened.stages.record(year).stages
    notes = ((register.name, stages[register.table.asset].notes) for register in REGISTERS)
    return [
        f"{year}: check register {name}: {note[REGISTER_WARNINGS]}" for name, note in notes if REGISTER_WARNINGS in note
    ]


def _summary(opened: OpenedHome, year: int) -> str:
    from dakl_pipeline.contracts.deliveries import SELECTED
    from dakl_pipeline.contracts.statistics import UNIQUE_PERSON_COUNTS

    warehouse = opened.warehouse
    totals = warehouse.read(UNIQUE_PERSON_COUNTS, year).filter(dimension="totaal")
    files = warehouse.read(SELECTED, year).height
    persons = int(totals.filter(region_code="NL")["persons"].sum())
    regions = totals.height - bool(persons)
    in_words = (
        output.quantity(persons, "unique person", "unique persons"),
        output.quantity(regions, "region", "regions"),
        output.quantity(files, "selected file", "selected files"),
    )
    return f"{year}: {in_words[0]} in {in_words[1]}, from {in_words[2]}"

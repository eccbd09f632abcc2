"""The demo: a fresh home with a synthetic country, run end to end."""

import shutil
import sys
import tempfile
import time
from pathlib import Path

from dakl_pipeline.cli import options as opt
from dakl_pipeline.cli import output
from dakl_pipeline.cli.progress import progress
from dakl_pipeline.cli.synthetic_data import deliver_population, write_registers
from dakl_pipeline.cli.years import report_to, run_years
from dakl_pipeline.contracts.history import COUNTS_HISTORY
from dakl_pipeline.contracts.statistics import COVERAGE, UNIQUE_PERSON_COUNTS
from dakl_pipeline.deliveries.rounds import rounds_of
from dakl_pipeline.errors import WrongUsage
from dakl_pipeline.operation.audit import KeyChanged
from dakl_pipeline.presentation import figures
from dakl_pipeline.reference.methodology import Methodology
from dakl_pipeline.synthetic import demo_plan, generate_population
from resources.config.home import Home
from resources.config.secret_key import create_key
from resources.storage.home_format import format_of, refuse_newer, write_format
from resources.workflows.opened_home import OpenedHome

_MARKER = ".made-by-dakl-demo"


def run_demo(home: Home) -> None:
    """Recreate the home, deliver a synthetic country to it, run every year and print the figures.

    Args:
        home: A home that does not exist yet, is empty, or was made by the demo.

    Raises:
        WrongUsage: If the home holds anything that the demo did not make.
        Refused: If a newer version made it.
    """
    refuse_newer(home, format_of(home))
    kept = _clear(home)
    started = time.monotonic()
    create_key(home)
    write_format(home)
    opened = OpenedHome(home)
    opened.audit.log(opt.actor(), KeyChanged(change="created"))
    methodology = opened.methodology
    plan = demo_plan()
    population = generate_population(plan)
    write_registers(population.registers, home.registers)
    with tempfile.TemporaryDirectory(prefix="dakl-demo-") as scratch:
        deliver_population(population, opened, Path(scratch))
    _remember_own_deliveries(home)
    delivered = time.monotonic()
    output.say(
        f"A synthetic country: {len(population.events)} deliveries and withdrawals of {plan.suppliers} suppliers, "
        f"registers of {len(plan.years)} years ({delivered - started:.0f} s)"
    )

    years = list(plan.years)
    with progress("counting", len(years)) as bar:
        for done in run_years(home, years, report=report_to(bar, len(years))):
            if done.error:
                raise done.error
    output.say(f"The pipeline ran for {len(years)} years ({time.monotonic() - delivered:.0f} s)")
    output.say()
    warehouse = opened.warehouse
    counts, coverage, history = map(warehouse.read, (UNIQUE_PERSON_COUNTS, COVERAGE, COUNTS_HISTORY))
    with_data = figures.regions_with_data(coverage, history)
    headings = [str(year) for year in years]
    output.say("Unique persons in emergency and temporary shelter (synthetic data)")
    output.print_table(("region", "name", *headings), figures.by_year(counts, with_data, years), numeric=headings)
    output.say("Regions add up to more than the country: a person can be known in several.")
    output.say()
    if kept:
        output.say(f"The previous demo home held deliveries of your own; it is kept at {kept}")
    _say_what_next(home, years[-1], methodology)
    output.say(f"Demo done: figures of {len(years)} years are in {home.root}")


def _say_what_next(home: Home, year: int, methodology: Methodology) -> None:
    dakl = "dakl" if shutil.which("dakl") else sys.argv[0]
    option = opt.home_option(home)
    at = f"{rounds_of(year, methodology)[-1].last_delivery_date}T12:00 --received-why demo"
    output.say("What next:")
    output.say(f"  look at figures         {dakl} figures --year {year} --by leeftijd{option}")
    output.say(f"  see what was delivered  {dakl} deliveries --year {year}{option}")
    output.say(f"  open the Dagster UI     {dakl} ui{option}")
    output.say(f"  deliver your own file   {dakl} deliver FILE --supplier my-shelter --received-at {at}{option}")
    output.say(f"  and count again         {dakl} run --year {year}{option}")


def _clear(home: Home) -> Path | None:
    """Make room for the demo.

    Returns:
        New path of a previous demo home that holds other deliveries; None if nothing had to be kept.
    """
    root, marker = home.root, home.root / _MARKER
    if root.exists() and not root.is_dir():
        raise WrongUsage(f"{root} is not a folder: name another with --home")
    kept = None
    if root.is_dir() and any(root.iterdir()):
        if not marker.is_file():
            raise WrongUsage(f"{root} was not made by `dakl demo`, so it is left alone: name another with --home")
        if _has_other_deliveries(home):
            kept = next(p for n in range(1, 10_000) if not (p := root.with_name(f"{root.name}.kept-{n}")).exists())
            root.rename(kept)
        else:
            # The marker goes last, so that a demo killed here can be run again.
            for path in sorted(root.iterdir(), key=lambda path: path == marker):
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    marker.touch()
    return kept


def _remember_own_deliveries(home: Home) -> None:
    entries = OpenedHome(home).deliveries.entries()
    (home.root / _MARKER).write_text(f"{len(entries)}\n", encoding="ascii")


def _has_other_deliveries(home: Home) -> bool:
    """Return whether the home holds deliveries not made by the demo; a killed demo leaves only its own."""
    own = (home.root / _MARKER).read_text(encoding="ascii").strip()
    return bool(own) and len(OpenedHome(home).deliveries.entry_names()) > int(own)

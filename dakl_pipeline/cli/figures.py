"""The command that prints the figures: ``dakl figures``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from dakl_pipeline.cli import explain, output, staleness
from dakl_pipeline.cli import options as opt
from dakl_pipeline.errors import Missing, WrongUsage
from resources.workflows.opened_home import OpenedHome

if TYPE_CHECKING:
    import polars as pl


RECORD_COLUMNS = ("year", "region_code", "region", "dimension", "category", "persons")


def figures(
    year: opt.Years,
    region: Annotated[
        str | None,
        typer.Option("--region", help="Only this region: its code, NL, its name, or a municipality that is in it."),
    ] = None,
    by: Annotated[str | None, typer.Option("--by", metavar="DIMENSION", help="Split by this dimension.")] = None,
    history: Annotated[
        bool, typer.Option("--history", help="The figures of one region, or the country, after each count, and why.")
    ] = False,
    json: opt.JsonOption = False,
    csv: opt.CsvOption = False,
    home: opt.HomeOption = None,
) -> None:
    """Print the counts as a table; they are exact, so for internal use only."""
    from dakl_pipeline.contracts.history import COUNTS_HISTORY
    from dakl_pipeline.contracts.statistics import COVERAGE, UNIQUE_PERSON_COUNTS
    from dakl_pipeline.presentation import figures as arranged
    from dakl_pipeline.presentation.exports import INTERNAL, PROTECTION
    from dakl_pipeline.presentation.places import region_named
    from dakl_pipeline.statistics.count import TOTAL

    opt.one_format(json=json, csv=csv)
    if history and (json or csv):
        raise WrongUsage("--history only prints a table: leave it out to get the current figures as --json or --csv")
    opened = opt.open_home(home)
    methodology = opened.methodology
    clock = output.Clock.of(methodology)
    years = sorted(set(year))
    years, missing = _counted_years(opened, years)
    warehouse = opt.counted_warehouse(opened, years[0])
    named = region_named(region, years) if region is not None else None
    code = named.code if named else None
    dimension = arranged.dimension_named(by) if by is not None else None
    behind = staleness.years_behind(opened, years)
    for error in missing:
        output.echo_error(str(error))
    is_for_programs = json or csv
    if named and named.note:
        output.echo_error(named.note)
    if history:
        for one in years:
            explain.print_history(warehouse, one, code, dimension, clock)
        output.say(f"{output.INTERNAL_USE} {clock.note}")
        staleness.say_behind(behind, clock)
        return
    counts, coverage, vintages = (
        _of_years(warehouse.read(table), years) for table in (UNIQUE_PERSON_COUNTS, COVERAGE, COUNTS_HISTORY)
    )
    with_data = arranged.regions_with_data(coverage, vintages)
    dimensions = [dimension] if dimension else arranged.dimensions() if code else [TOTAL]
    if is_for_programs:
        rows = list(arranged.as_records(counts, with_data, dimensions, region=code))
        if json:
            waiting = [each.as_json(clock) for each in behind]
            output.print_json({"figures": rows, "not_counted_yet": waiting, PROTECTION: INTERNAL})
        else:
            output.print_csv([{**row, PROTECTION: INTERNAL} for row in rows], (*RECORD_COLUMNS, PROTECTION))
        staleness.say_behind(behind, clock, aside=True)
        return
    shown = [one for one in years if code is None or code in with_data[one]]
    for each in dimensions:
        _print(counts, with_data, each, shown, code)
    if shown:
        output.say(output.INTERNAL_USE)
    for one in years:
        _say_without(one, with_data[one], code)
    staleness.say_behind(behind, clock)


def _counted_years(opened: OpenedHome, years: Sequence[int]) -> tuple[list[int], list[Missing]]:
    """Return the years that have figures, and an error for each of the others.

    Raises:
        Missing: If no year has figures.
    """
    counted: list[int] = []
    missing: list[Missing] = []
    for year in years:
        try:
            opt.counted_warehouse(opened, year)
        except Missing as error:
            missing.append(error)
        else:
            counted.append(year)
    if not counted:
        raise missing[0]
    return counted, missing


def _of_years(frame: "pl.DataFrame", years: Sequence[int]) -> "pl.DataFrame":
    import polars as pl

    return frame.filter(pl.col("year").is_in(list(years)))


def _print(
    counts: "pl.DataFrame", with_data: dict[int, list[str]], dimension: str, years: Sequence[int], region: str | None
) -> None:
    """Print one table with a column per year for all persons, or a table per year for another dimension."""
    from dakl_pipeline.presentation import figures as arranged
    from dakl_pipeline.statistics.count import TOTAL

    if dimension == TOTAL and len(years) > 1:
        headings = [str(year) for year in years]
        output.say(f"{dimension}, {', '.join(headings)}")
        rows = arranged.by_year(counts, with_data, years, region=region)
        output.print_table(("region", "name", *headings), rows, numeric=headings)
        return
    for year in years:
        shown, cells = arranged.by_category(counts.filter(year=year), with_data[year], dimension, region=region)
        output.say(f"{dimension}, {year}")
        output.print_table(("region", "name", *shown), cells, numeric=shown)


def _say_without(year: int, with_data: Sequence[str], region: str | None) -> None:
    """Print which regions have no figures, which is not the same as zero persons."""
    from dakl_pipeline.presentation.places import REGION_NAMES

    without = [name for code, name in REGION_NAMES.items() if code not in with_data]
    if region is not None:
        if region not in with_data:
            output.say(
                f"{REGION_NAMES[region]} ({region}) has no figures for {year}: no registration there was ever counted."
            )
    elif without:
        output.say_wrapped(
            f"No figures for {year} ({output.quantity(len(without), 'region', 'regions')}): {', '.join(without)}."
        )

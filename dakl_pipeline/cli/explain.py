"""The derivation and the history of a figure: ``dakl explain-figure`` and ``dakl figures --history``."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from dakl_pipeline.cli import options as opt
from dakl_pipeline.cli import output, staleness

if TYPE_CHECKING:
    from dakl_pipeline.history.derivation import Change, Derivation, InRegion
    from resources.storage.warehouse import Warehouse

_DIGEST_SHOWN = 12


def explain_figure(
    year: opt.YearOption,
    region: Annotated[str, typer.Option("--region", help="Its code, NL, its name, or a municipality that is in it.")],
    by: Annotated[str | None, typer.Option("--by", metavar="DIMENSION", help="One number of this dimension.")] = None,
    category: Annotated[str | None, typer.Option("--category", help="Which category of the dimension.")] = None,
    vintage: Annotated[
        int | None, typer.Option("--vintage", metavar="N", help="The figure in this vintage; the newest when left out.")
    ] = None,
    json: opt.JsonOption = False,
    home: opt.HomeOption = None,
) -> None:
    """Explain one figure, back to the delivered files, and what changed since the previous count."""
    import polars as pl

    from dakl_pipeline.history.derivation import NEEDED, cell_of, derive, vintage_and_before
    from dakl_pipeline.presentation.places import region_named

    opened = opt.open_home(home)
    methodology = opened.methodology
    clock = output.Clock.of(methodology)
    newest, _ = opt.counted_warehouse(opened, year).loaded_vintages()[year]
    named = region_named(region, [year])
    cell = cell_of(year, named, by, category)
    history = opened.history
    # Vintages newer than the warehouse are ignored: a run may be adding one right now.
    chosen = vintage_and_before([one for one in history.vintages(year) if one.number <= newest], vintage)
    tables = {table: pl.concat(history.read(one, table) for one in chosen) for table in NEEDED}
    derivation = derive(cell, chosen[0], chosen[1] if len(chosen) > 1 else None, tables, newest=newest)
    behind = staleness.years_behind(opened, [year])
    if named.note:
        output.echo_error(named.note)
    if json:
        waits = [each.as_json(clock) for each in behind]
        output.print_json(derivation.model_dump(mode="json") | {"not_counted_yet": waits})
    else:
        _print(derivation, clock)
    staleness.say_behind(behind, clock, aside=json)


def print_history(
    warehouse: "Warehouse", year: int, region: str | None, dimension: str | None, clock: output.Clock
) -> None:
    """Print the figures of a region after each count of a year, with the reason for the count.

    Args:
        warehouse: The warehouse; it must hold the year.
        year: Reporting year.
        region: Code of the region; the country when None.
        dimension: Dimension to split by; all persons when None.
        clock: The analysts' clock.
    """
    from dakl_pipeline.contracts.history import COUNTS_HISTORY, RUNS
    from dakl_pipeline.presentation import figures
    from dakl_pipeline.presentation.places import REGION_NAMES
    from dakl_pipeline.reference.regions import COUNTRY
    from dakl_pipeline.statistics.count import TOTAL

    runs, counts = warehouse.read(RUNS, year), warehouse.read(COUNTS_HISTORY, year)
    code = region or COUNTRY
    shown, rows = figures.by_vintage(counts, runs, dimension or TOTAL, region=code)
    output.say(f"{dimension or TOTAL} of {REGION_NAMES[code]}, {year}, after each count")
    output.print_table(
        ("vintage", "counted at", *shown, "reason"),
        [(number, clock.minute(counted_at), *persons, reason) for number, counted_at, persons, reason in rows],
        numeric=shown,
    )


def _print(made: "Derivation", clock: output.Clock) -> None:
    from dakl_pipeline.presentation.dutch import number

    cell = made.cell
    what = "unique persons" if cell.dimension == cell.category else f"{cell.dimension} {cell.category}"
    output.say(f"{cell.region} ({cell.region_code}), {cell.year}, {what}: {number(made.persons)}")
    output.say(
        f"Vintage {made.vintage} of {made.newest_vintage}, counted at {clock.minute(made.counted_at)}: {made.reason}"
    )
    output.say(f"Run {made.run_id}")
    _print_deliveries(made, clock)
    _heading("Registers")
    registers = [(register.name, register.rows, register.sha256[:_DIGEST_SHOWN]) for register in made.registers]
    output.print_table(("register", "rows", "sha256"), registers, numeric=("rows",))
    _heading("Stages, whole country (excluded rows are kept but not passed on)")
    columns = ("stage", "rows in", "excluded", "rows out", "made at", "why excluded")
    stages = [
        (s.stage, s.rows_in, sum(s.excluded.values()), s.rows_out, clock.minute(s.made_at), _reasons(s.excluded))
        for s in made.stages
    ]
    output.print_table(columns, stages, numeric=columns[1:4])
    _heading(f"{cell.region}: from registrations to persons")
    output.print_table(("", "number"), _funnel(made.in_region), numeric=("number",))
    _heading("Made with")
    versions = {"key": f"id {made.key_id}", **made.versions}
    output.print_table(("what", "version"), versions.items())
    if made.change:
        _print_change(made.change, what, clock)
    output.say()
    output.say(f"{output.INTERNAL_USE} {clock.note} Full digests and all files: --json.")


def _print_deliveries(made: "Derivation", clock: output.Clock) -> None:
    here = [delivery for delivery in made.deliveries if delivery.persons is not None]
    rest = made.deliveries[len(here) :]
    _heading(f"Deliveries with registrations in {made.cell.region} (persons rounded down)")
    numeric = ("registrations", "persons here", "only here")
    output.print_table(
        ("supplier", "file", "delivery", "received at", "sha256", *numeric),
        [
            (
                delivery.supplier_id,
                delivery.file_name,
                delivery.delivery_id,
                clock.minute(delivery.received_at),
                delivery.sha256[:_DIGEST_SHOWN],
                delivery.registrations,
                delivery.persons,
                delivery.persons_only_here,
            )
            for delivery in here
        ],
        numeric=numeric,
    )
    if rest:
        registrations = sum(delivery.registrations for delivery in rest)
        files = output.quantity(len(rest), "file", "files")
        registered = output.quantity(registrations, "registration", "registrations")
        output.say(f"... and {files} with {registered} of other regions")


def _funnel(region: "InRegion") -> list[tuple[str, int]]:
    from dakl_pipeline.reference.code_lists import exclusion_reasons

    descriptions = {reason.reason: reason.description for reason in exclusion_reasons()}
    return [
        ("registrations", region.registrations),
        *((f"  excluded, {why}: {descriptions[why]}", rows) for why, rows in region.excluded.items()),
        ("eligible registrations", region.counting_registrations),
        ("unique persons in them", region.persons + region.persons_v_number_only),
        ("  excluded: known by a V-number only", region.persons_v_number_only),
        ("persons counted", region.persons),
    ]


def _print_change(change: "Change", what: str, clock: output.Clock) -> None:
    from dakl_pipeline.presentation.dutch import number

    _heading(f"Since vintage {change.vintage}, counted at {clock.minute(change.counted_at)}")
    output.say(
        f"{what}: {number(change.persons_before)} → {number(change.persons_after)} "
        f"({change.persons_after - change.persons_before:+d})"
    )
    if change.persons_added is None:
        output.say("Persons added and removed are unknown: the key differs, or the earlier tables are lost.")
    else:
        output.say(
            f"Persons in the region, all categories: {change.persons_added} added, {change.persons_removed} removed."
        )
    if change.suppliers:
        numeric = ("added", "removed")
        files = [
            (s.supplier_id, s.file_before or "nothing", s.file_after or "nothing", s.persons_added, s.persons_removed)
            for s in change.suppliers
        ]
        output.print_table(("supplier", "old file", "new file", *numeric), files, numeric=numeric)
        if change.persons_added is not None:
            output.say("A person in the files of several suppliers is counted for each of them.")
    if change.other:
        output.say(f"Also changed since then: {', '.join(change.other)}")


def _heading(text: str) -> None:
    output.say()
    output.say(text)


def _reasons(excluded: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {rows}" for reason, rows in excluded.items() if rows)

"""What was made of deliveries and registers: tables between stages, vintages, warehouse.

Belongs here: looking at these, and comparing them with what they were made of. Does not belong here: mending.
"""

from collections.abc import Iterator

from dakl_pipeline.errors import DaklError
from dakl_pipeline.operation.health import Finding, few, judge_year
from resources.maintenance.health.context import Patient
from resources.storage.warehouse import Warehouse, identity
from resources.workflows.opened_home import OpenedHome


def stages(patient: Patient) -> Iterator[Finding]:
    """The tables between the stages, against their digests."""
    store, newest = patient.stages, patient.history.readable()
    for year in patient.methodology.reporting_years:
        check = f"stages of {year}"
        again = f"`dakl run --year {year}` makes them again"
        if not store.has_readable_record(year):
            yield Finding(check, "warning", "the record of what was made is damaged", again)
            continue
        records = [store.record(year), *([newest[year].record] if year in newest else [])]
        damaged = sorted({name for record in records for name in store.damaged(record)})
        if damaged:
            yield Finding(check, "warning", f"gone or damaged: {few(damaged)}", again)
        else:
            yield Finding(check, "ok", "whole" if records[0].stages else "nothing was made yet")


def history(patient: Patient) -> Iterator[Finding]:
    """The vintages of every year."""
    store = patient.history
    for year in store.years():
        check = f"history of {year}"
        numbers = store.numbers(year)
        gone = [str(number) for number in range(1, numbers[-1]) if number not in numbers]
        try:
            store.require_whole(year)
        except DaklError as error:
            yield Finding(check, "fault", str(error))
            continue
        if gone:
            to_do = "put it back from a backup, or leave it if it was removed on purpose"
            yield Finding(check, "warning", f"gone: vintage {few(gone)}", to_do)
        else:
            yield Finding(check, "ok", "1 vintage" if len(numbers) == 1 else f"{len(numbers)} vintages")


def warehouse(patient: Patient) -> Iterator[Finding]:
    """The warehouse: every table can be read, and every year shows its newest vintage."""
    newest, store = patient.history.readable(), Warehouse(patient.home.warehouse)
    again = "bring it up to date with `dakl run --all`"
    if not patient.home.warehouse.exists():
        if newest:
            yield Finding("warehouse", "fault", "it is gone, so no figures can be read", again)
        else:
            yield Finding("warehouse", "ok", "nothing was counted yet")
        return
    shown = store.shown()
    store.require_whole()
    behind = [year for year, vintage in newest.items() if shown.get(year) != identity(vintage)]
    if behind:
        yield Finding("warehouse", "warning", f"behind for {few([str(year) for year in behind])}", again)
    else:
        yield Finding("warehouse", "ok", "whole, and shows the newest vintage of every year")


def figures(patient: Patient) -> Iterator[Finding]:
    """Whether the figures of every year are of the files and registers that count now."""
    watch = OpenedHome(patient.home, patient.methodology).years
    for year in patient.methodology.reporting_years:
        yield judge_year(watch.look(year), patient.stages.record(year), codes=patient.codes)

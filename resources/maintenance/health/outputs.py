"""The checks of the outputs of a home: tables between the stages, vintages, warehouse, figures."""

from collections.abc import Iterator

from dakl_pipeline.errors import DaklError
from dakl_pipeline.operation.health import HealthFinding, evaluate_year
from dakl_pipeline.presentation.english import summarise
from resources.maintenance.health.context import Context
from resources.storage.warehouse import identity
from resources.storage.warehouse_comparison import differing_tables


def stages(context: Context) -> Iterator[HealthFinding]:
    """The tables between the stages, against their digests."""
    store, newest = context.stages, context.history.readable()
    for year in context.methodology.reporting_years:
        check = f"stages of {year}"
        again = f"`dakl run --year {year}` makes them again"
        if not store.has_readable_record(year):
            yield HealthFinding(check, "warning", "the record of what was made is damaged", again)
            continue
        records = [store.record(year), *([newest[year].record] if year in newest else [])]
        damaged = sorted({name for record in records for name in store.damaged(record)})
        if damaged:
            yield HealthFinding(check, "warning", f"gone or damaged: {summarise(damaged)}", again)
        else:
            yield HealthFinding(check, "ok", "intact" if records[0].stages else "nothing was made yet")


def history(context: Context) -> Iterator[HealthFinding]:
    """The vintages of every year."""
    store = context.history
    for year in store.years():
        check = f"history of {year}"
        numbers = store.numbers(year)
        gone = [str(number) for number in range(1, numbers[-1]) if number not in numbers]
        try:
            store.verify(year)
        except DaklError as error:
            yield HealthFinding(check, "fault", str(error))
            continue
        if gone:
            to_do = "put it back from a backup, or do nothing if it was removed on purpose"
            yield HealthFinding(check, "warning", f"gone: vintage {summarise(gone)}", to_do)
        else:
            yield HealthFinding(check, "ok", "1 vintage" if len(numbers) == 1 else f"{len(numbers)} vintages")


def warehouse(context: Context) -> Iterator[HealthFinding]:
    """The warehouse: unchanged since it was made, and showing the newest vintage of every year."""
    newest, store = context.history.readable(), context.warehouse
    again = "bring it up to date with `dakl run --all`"
    if not context.home.warehouse.exists():
        if newest:
            yield HealthFinding("warehouse", "fault", "it is missing, so no figures can be read", again)
        else:
            yield HealthFinding("warehouse", "ok", "nothing was counted yet")
        return
    shown = store.loaded_vintages()
    store.verify()
    behind = [str(year) for year, vintage in newest.items() if shown.get(year) != identity(vintage)]
    if not behind and (differing := differing_tables(store, context.history, newest)):
        yield HealthFinding(
            "warehouse",
            "fault",
            f"not the figures of the history: {summarise(differing)}",
            "somebody changed it: remove it and make it again with `dakl run --all`",
        )
        return
    if behind:
        yield HealthFinding("warehouse", "warning", f"out of date for {summarise(behind)}", again)
    else:
        yield HealthFinding("warehouse", "ok", "intact, and shows the newest vintage of every year")


def figures(context: Context) -> Iterator[HealthFinding]:
    """Whether the figures of every year match the deliveries and registers that count now."""
    for year in context.methodology.reporting_years:
        yield evaluate_year(context.years.year_status(year), context.stages.record(year), codes=context.codes)

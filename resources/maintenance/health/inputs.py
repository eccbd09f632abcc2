"""The checks of the inputs of a home: deliveries, registers and clock."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from dakl_pipeline.contracts.registers import REGISTERS
from dakl_pipeline.deliveries.log import Delivery, Withdrawal, cancellations
from dakl_pipeline.deliveries.selection import select
from dakl_pipeline.operation.health import HealthFinding, evaluate_clock
from dakl_pipeline.presentation.english import summarise
from resources.maintenance.health.context import Context

_RESTORE = "put the named files back from a backup (`dakl restore` into another folder), under the same names"


def delivery_log(context: Context) -> Iterator[HealthFinding]:
    """Every entry and file of the two logs, against their digests and the chain."""
    store = context.deliveries
    integrity_errors = [*store.integrity_errors(), *context.explanations.integrity_errors()]
    if integrity_errors:
        yield HealthFinding("deliveries", "fault", summarise(integrity_errors), _RESTORE)
    else:
        yield HealthFinding("deliveries", "ok", f"{len(store.entry_names())} entries, every file as it was received")
    stale_temp_folders = sum(1 for _ in store.stale_temp_folders())
    if stale_temp_folders:
        yield HealthFinding(
            "deliveries",
            "warning",
            f"{stale_temp_folders} left unfinished by a killed process",
            "nothing: the next delivery removes them",
        )


def registers(context: Context) -> Iterator[HealthFinding]:
    """The registers of every reporting year: present, readable, with their columns, and without findings."""
    store, entries = context.registers, context.readable_entries()
    for year in context.methodology.reporting_years:
        check = f"registers of {year}"
        missing = [register.name for register in REGISTERS if not store.is_there(register, year)]
        integrity_errors = [fault for register in REGISTERS for fault in store.integrity_errors(register, year)]
        if integrity_errors:
            yield HealthFinding(
                check,
                "fault",
                summarise(integrity_errors),
                "replace it with a good copy; the last figures stay until then",
            )
        elif missing and select(entries, year=year, methodology=context.methodology):
            folder = context.home.registers / str(year)
            yield HealthFinding(check, "fault", f"missing: {summarise(missing)}", f"put them in {folder}")
        elif missing:
            yield HealthFinding(check, "ok", "incomplete, but no delivery needs them yet")
        else:
            odd = [
                HealthFinding(check, finding.severity, f"{register.name}: {finding.found}", finding.to_do)
                for register in REGISTERS
                for finding in store.findings(register, year, years=context.methodology.reporting_years)
            ]
            yield from odd or [HealthFinding(check, "ok", "intact")]


def clock(context: Context) -> Iterator[HealthFinding]:
    """Whether anything was logged or counted in the future."""
    entries = context.readable_entries()
    cancelled = cancellations(entries)
    counting = {
        entry.delivery_id: entry.received_at
        for entry in entries
        if (isinstance(entry, Withdrawal) or (isinstance(entry, Delivery) and entry.approved))
        and entry.delivery_id not in cancelled
    }
    logged = {f"the logging of entry {entry.delivery_id}": entry.recorded_at for entry in entries}
    vintages = {
        f"vintage {vintage.number} of {year}": vintage.counted_at
        for year, vintage in context.history.readable().items()
    }
    yield evaluate_clock(
        context.now.astimezone(ZoneInfo(context.methodology.time_zone)), counting, {**logged, **vintages}
    )

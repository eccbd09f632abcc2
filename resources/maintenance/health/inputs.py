"""What a home got: deliveries and registers.

Belongs here: looking at these. Does not belong here: what was made of them (``outcomes``).
"""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from dakl_pipeline.contracts.registers import REGISTERS
from dakl_pipeline.deliveries.log import Delivery, Withdrawal, cancellations
from dakl_pipeline.deliveries.selection import select
from dakl_pipeline.operation.health import Finding, few, judge_clock
from resources.maintenance.health.context import Patient
from resources.storage.register_store import RegisterStore

_RESTORE = "put back from a backup what is named (`dakl restore` into another folder), under the same name"


def delivery_log(patient: Patient) -> Iterator[Finding]:
    """Every entry and file of the log, against their digests."""
    store = patient.deliveries
    faults = store.faults()
    if faults:
        yield Finding("deliveries", "fault", few(faults), _RESTORE)
    else:
        yield Finding("deliveries", "ok", f"{len(store.entry_names())} entries, every file as it was received")
    leftovers = sum(1 for _ in store.leftovers())
    if leftovers:
        yield Finding(
            "deliveries",
            "warning",
            f"{leftovers} left half by a process that was killed",
            "nothing: the next delivery throws it away",
        )


def registers(patient: Patient) -> Iterator[Finding]:
    """The registers of every reporting year: there, whole, with their columns, and not odd."""
    store, entries = RegisterStore(patient.home.registers), patient.readable_entries()
    for year in patient.methodology.reporting_years:
        check = f"registers of {year}"
        missing = [register.name for register in REGISTERS if not store.is_there(register, year)]
        faults = [fault for register in REGISTERS for fault in store.faults(register, year)]
        if faults:
            yield Finding(check, "fault", few(faults), "replace it by a good copy; the last figures stay until then")
        elif missing and select(entries, year=year, methodology=patient.methodology):
            folder = patient.home.registers / str(year)
            yield Finding(check, "fault", f"not there: {few(missing)}", f"put them in {folder}")
        elif missing:
            yield Finding(check, "ok", "not all there, and no delivery needs them yet")
        else:
            odd = [
                Finding(check, finding.severity, f"{register.name}: {finding.found}", finding.to_do)
                for register in REGISTERS
                for finding in store.findings(register, year, years=patient.methodology.reporting_years)
            ]
            yield from odd or [Finding(check, "ok", "whole")]


def clock(patient: Patient) -> Iterator[Finding]:
    """Whether anything was logged or counted in the future."""
    entries = patient.readable_entries()
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
        for year, vintage in patient.history.readable().items()
    }
    yield judge_clock(patient.now.astimezone(ZoneInfo(patient.methodology.time_zone)), counting, {**logged, **vintages})

"""The checks of the inputs of a home: deliveries, registers and clock."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from dakl_pipeline.contracts.registers import REGISTERS
from dakl_pipeline.deliveries.log import Delivery, Withdrawal, cancellations, delivery_id
from dakl_pipeline.deliveries.selection import select
from dakl_pipeline.operation.audit import Logged
from dakl_pipeline.operation.health import HealthFinding, evaluate_clock
from dakl_pipeline.presentation.english import summarise
from resources.maintenance.health.context import Context

_FAR = timedelta(days=1)
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


def times_of_receipt(context: Context) -> Iterator[HealthFinding]:
    """Times of receipt that somebody gave, far from the clock's and without a reason."""
    cancelled = cancellations(context.readable_entries())
    far = []
    for entry in context.audit.entries():
        match entry.action:
            case Logged(received_at=datetime() as received, received_why=None, head=head):
                name = delivery_id(head.sequence)
                if abs(entry.recorded_at - received) > _FAR and name not in cancelled:
                    far.append(name)
    if far:
        yield HealthFinding(
            "times of receipt",
            "warning",
            f"more than a day from the clock, and without a reason: {summarise(far)}",
            "ask who logged it: the time decides the round; to correct it, cancel the entry and log it again with "
            "--received-why",
        )
    else:
        yield HealthFinding("times of receipt", "ok", "those of the clock, or with a reason")


def same_content(context: Context) -> Iterator[HealthFinding]:
    """Approved files that are also another supplier's."""
    entries = context.readable_entries()
    cancelled = cancellations(entries)
    found = [
        f"{entry.delivery_id} is {entry.content_of_other}"
        for entry in entries
        if isinstance(entry, Delivery)
        and entry.approved
        and entry.content_of_other
        and not {entry.delivery_id, entry.content_of_other} & cancelled.keys()
    ]
    if found:
        yield HealthFinding(
            "content",
            "warning",
            f"the same file from two suppliers: {summarise(found)}",
            "ask both suppliers, and cancel the delivery that is wrong with `dakl cancel`",
        )
    else:
        yield HealthFinding("content", "ok", "no file came from two suppliers")


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

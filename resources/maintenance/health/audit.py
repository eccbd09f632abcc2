"""The checks of the audit log, and of the figures against what it recorded of them."""

import os
from collections.abc import Iterator

from dakl_pipeline.operation.audit import AuditEntry, Restored, Started
from dakl_pipeline.operation.health import HealthFinding
from dakl_pipeline.presentation.english import summarise
from resources.maintenance.health.context import Context
from resources.storage.audit_heads import FOLDER_VARIABLE

_CHECK = "audit"
_COMPARE = "compare the home with a backup, and find out who could write in it"


def audit_log(context: Context) -> Iterator[HealthFinding]:
    """The audit log against its chain, and against its heads outside the home."""
    store = context.audit
    entries, heads = store.entries(), store.heads
    outside = heads.last()
    faults = [*store.integrity_errors(), *_restarts(entries), *_not_outside(context)]
    if faults:
        yield HealthFinding(_CHECK, "fault", summarise(faults), _COMPARE)
    elif not entries:
        yield HealthFinding(_CHECK, "ok", "nothing was logged yet")
    elif heads.is_in_home:
        to_do = f"set {FOLDER_VARIABLE} to a folder outside the home"
        yield HealthFinding(_CHECK, "warning", f"its head is kept in the home itself: {heads.path}", to_do)
    elif outside is None or outside.sequence < store.last():
        known = f"ends at entry {outside.sequence}" if outside else "is not there"
        yield HealthFinding(
            _CHECK,
            "warning",
            f"its head outside the home {known}, so the removal of later entries would not be found: {heads.path}",
            "nothing if the home was moved: the next command writes it; if not, check that the file can be written",
        )
    else:
        yield HealthFinding(_CHECK, "ok", f"{len(entries)} entries, as recorded outside the home in {heads.path}")
    yield from (HealthFinding(_CHECK, "ok", note) for note in _notes(entries))


def vintages(context: Context) -> Iterator[HealthFinding]:
    """The vintages against their digests in the audit log."""
    if not context.audit.last():
        return
    recorded, present = context.audit.vintages(), context.history.digests()
    for year in sorted({*recorded, *present}):
        then, now = recorded.get(year, {}), present.get(year, {})
        changed = [str(number) for number, digest in now.items() if then.get(number) != digest]
        if changed:
            found = f"not as the audit log recorded it: vintage {summarise(changed)}"
            yield HealthFinding(f"history of {year}", "fault", found, "put it back from a backup")
        newest = max(then, default=0)
        if newest > max(now, default=0):
            to_do = f"put it back from a backup, or count again with `dakl run --year {year}`"
            yield HealthFinding(f"history of {year}", "fault", f"gone: the newest vintage, {newest}", to_do)


def _not_outside(context: Context) -> Iterator[str]:
    """Reports entries without a line outside, where `dakl` would have written one: somebody may have added them."""
    store = context.audit
    added = store.added_unseen()
    outside = store.heads.last()
    if outside is not None and os.access(store.heads.path, os.W_OK):
        added += range(outside.sequence + 1, store.last() + 1)
    if added:
        entries = summarise([str(number) for number in added])
        yield f"not recorded outside the home, so `dakl` did not make it or could not write there: entry {entries}"


def _restarts(entries: list[AuditEntry]) -> Iterator[str]:
    """Reports a log that was started again in a home that was not empty, unless it came from a backup without one."""
    is_restored = any(isinstance(entry.action, Restored) for entry in entries)
    for entry in entries:
        match entry.action:
            case Started(former=former, takes_over=True) if former is not None and not is_restored:
                yield f"the audit log was removed and started again: it had {former.sequence} entries"


def _notes(entries: list[AuditEntry]) -> Iterator[str]:
    for entry in entries:
        match entry.action:
            case Started(former=former) if former is not None:
                yield f"started in an empty home; a former home in this place had {former.sequence} entries"
            case Restored(lost_from=int(first)):
                yield f"entries {first} to {entry.sequence - 1} were lost when a backup was restored"

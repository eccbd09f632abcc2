"""Verification of an append-only log: every difference from what was logged.

A log is compared with its own chain, and with what a witness recorded of it elsewhere: whoever may write in its folder
can write the whole chain again.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from dakl_pipeline.errors import Refused
from resources.storage.files import digest_of
from resources.storage.links import (
    ENTRY_FILE,
    ENTRY_NAME,
    HEAD_FILE,
    INCOMING_PREFIX,
    LINK_FILE,
    NOTHING,
    Link,
    name_of,
    read_head,
)
from resources.storage.log_reader import E, LogReader, Tombstone


def verify(log: LogReader[E], *, witnessed: Mapping[int, str], lost: Collection[int] = ()) -> list[str]:
    """The differences from what was logged, one line each: entries in the order of the log, then payloads.

    A missing entry may be the tombstone of a missing payload, so faults of entries come first.

    Args:
        log: The log.
        witnessed: The digests of its links as recorded elsewhere, by place in the log.
        lost: Places of entries that are known to be lost, as by the restore of an older backup.
    """
    names, head, destroyed = set(log.names()), read_head(log.root), log.destroyed()
    incoming, stale = _incoming(log)
    last = max([*map(int, names), head.sequence if head else 0, *witnessed], default=0)
    # The actual digest of each link, and the digest that the next link (or the head) records for it.
    digests: dict[int, str] = {}
    said: dict[int, str] = {head.sequence: head.digest} if head else {}
    faults: dict[int, list[str]] = {sequence: [] for sequence in range(1, last + 1)}
    of_payloads: list[str] = []
    for sequence, found in faults.items():
        folder = log.folder(sequence)
        expected = witnessed.get(sequence)
        # Another process may be logging it at this moment.
        if folder.name not in names and (sequence in lost or expected in incoming - stale):
            continue
        try:
            if folder.name not in names:
                raise _unfinished(log, sequence) if expected in stale else log.gone(sequence)
            log.entry(folder.name)
            link = log.link(sequence)
            digests[sequence] = digest_of(folder / LINK_FILE)
            said[sequence - 1] = link.previous
            is_witnessed = expected in (None, digests[sequence])
            if link.sequence != sequence or digest_of(folder / ENTRY_FILE) != link.entry or not is_witnessed:
                raise _changed(log, sequence)
            of_payloads += _payload_faults(log, sequence, link, destroyed)
        except Refused as error:
            found.append(str(error))
    for sequence in range(last + 1):
        # Missing and unreadable entries were reported above.
        known = digests.get(sequence) if sequence else NOTHING
        if known is None or said.get(sequence, known) == known:
            continue
        # Of two links that do not match, the later one is at fault if it does not match its own successor either.
        later = sequence + 1
        is_later_right = sequence > 0 and (later not in said or said[later] == digests.get(later))
        at_fault = sequence if is_later_right else later
        faults[at_fault] = faults[at_fault] or [str(_changed(log, at_fault))]
    return [*(fault for found in faults.values() for fault in found), *of_payloads, *_stray_folders(log)]


def _incoming(log: LogReader[E]) -> tuple[set[str], set[str]]:
    """The digests of the links of entries that are being logged, and those among them whose process was killed."""
    stale = {digest for folder in log.stale_temp_folders() for digest in _link_of(folder)}
    folders = log.root.glob(f"{INCOMING_PREFIX}*")
    return {digest for folder in folders for digest in _link_of(folder)} | stale, stale


def _link_of(folder: Path) -> Iterator[str]:
    with suppress(OSError):
        yield digest_of(folder / LINK_FILE)


def _stray_folders(log: LogReader[E]) -> Iterator[str]:
    """Reports folders that look like an entry but are none, and a head that does not name the last entry."""
    if not log.root.is_dir():
        return
    for path in sorted(log.root.glob("[0-9]*")):
        if path.is_dir() and path.name.isdigit() and not ENTRY_NAME.fullmatch(path.name):
            yield f"{path} is not an entry of the {log.name}: move it away"
    # After the first entry a process may have been killed before it wrote the head.
    if read_head(log.root) is None and len(log.names()) > 1:
        yield (
            f"{log.root / HEAD_FILE} is gone or unreadable, so entries at the end of the {log.name} may be lost: "
            "compare it with a backup; the next entry writes it again"
        )


def _payload_faults(
    log: LogReader[E], sequence: int, link: Link, destroyed: Mapping[tuple[int, str], Tombstone]
) -> Iterator[str]:
    folder = log.folder(sequence)
    for payload, digest in link.payloads.items():
        tombstone = destroyed.get((sequence, payload))
        try:
            is_same = digest_of(folder / payload) == digest
        except OSError:
            if tombstone is None:
                yield f"the {log.payload} {folder.name} is gone: restore it"
            continue
        if tombstone is not None:
            yield (
                f"the {log.payload} {folder.name} is there, though entry {name_of(tombstone.sequence)} says "
                "that it was destroyed: destroy it again"
            )
        elif not is_same:
            yield f"the {log.payload} {folder.name} was changed after receipt: restore it"


def _unfinished(log: LogReader[E], sequence: int) -> Refused:
    return Refused(
        f"entry {name_of(sequence)} of the {log.name} is not in its place, because the process that logged it was "
        "killed: the next entry puts it there"
    )


def _changed(log: LogReader[E], sequence: int) -> Refused:
    name = name_of(sequence)
    return Refused(f"entry {name} of the {log.name} is not the one that was logged: restore {log.root / name}")

"""The audit log: an append-only log of what was done with a home, and the witness of its other logs and its vintages.

Each entry comes before what it is about, so nothing happens without a trace; a process that is killed leaves at most an
entry about something that was not finished. Its own witness is outside the home: ``audit_heads``.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import TypeAdapter

from dakl_pipeline.deliveries.log import Actor
from dakl_pipeline.operation.audit import (
    Action,
    AuditEntry,
    Logged,
    LogHead,
    LogName,
    Restored,
    Started,
    Upgraded,
    VintageMade,
    Vintages,
    Who,
)
from resources.config.home import Home
from resources.storage.append_log import AppendLog
from resources.storage.audit_heads import AuditHeads
from resources.storage.files import digest_of
from resources.storage.history_store import HistoryStore
from resources.storage.links import LINK_FILE, Head, last_link, names_in

_NAME = "audit log"
_ADAPTER = TypeAdapter(AuditEntry)


@dataclass(frozen=True)
class Known:
    """What the audit log knows at one moment.

    Attributes:
        last: Its last entry.
        logs: The last entry of each other log.
        vintages: The newest vintage of each year.
    """

    last: int
    logs: Mapping[LogName, int]
    vintages: Mapping[int, int]


class AuditStore:
    """The audit log of one home.

    Args:
        home: The home, or a copy that is to take its place.
        becomes: The home whose place a copy is to take; None for a home itself. A copy tells nothing outside until
            :meth:`record_outside`, because it may never become the home.
        may_be_another: Whether a copy may have the log of another home, as a backup has. It then goes on with its own.
    """

    def __init__(self, home: Home, *, becomes: Home | None = None, may_be_another: bool = False) -> None:
        self._home = home
        self._is_copy = becomes is not None
        self._may_be_another = may_be_another
        self.heads = AuditHeads(becomes or home)
        self._log = self._unwitnessed() if self._is_another() else self._witnessed()

    def log(self, actor: Actor, action: Action) -> AuditEntry:
        """Log an action, with the time of the clock.

        Args:
            actor: Who does it.
            action: What is done.

        Raises:
            NotLogged: If it cannot be written; then it must not be done.
        """
        if not self._log.names():
            self._start(actor)
        return self._append(self._log, actor, action)

    def log_restore(self, actor: Actor, file: str, made_at: datetime, signature: str) -> int:
        """Log in a copy that it was restored from a backup.

        Args:
            actor: Who restores it.
            file: Name of the backup, masked.
            made_at: When the backup was made.
            signature: What is known of its signature.

        Returns:
            The number of entries that are recorded outside the home and not in the backup.

        Raises:
            NotLogged: If it cannot be written.
        """
        last, known = self.last(), self._log.last().sequence
        lost_from = last + 1 if last and known > last else None
        self.log(actor, Restored(file=file, made_at=made_at, lost_from=lost_from, signature=signature))
        return known - last if lost_from else 0

    def record_outside(self) -> None:
        """Record outside the home what is not there yet, once a copy is the home."""
        outside = 0 if self._is_another() else max(self.heads.digests(), default=0)
        for name in self._log.names():
            if int(name) > outside:
                head = Head(sequence=int(name), digest=digest_of(self._log.folder(int(name)) / LINK_FILE))
                self.heads.record(head, datetime.now(UTC))

    def finish(self) -> None:
        """Put the entry in its place that a killed process could not.

        Raises:
            NotLogged: If it cannot be put there.
        """
        self._log.finish()

    def added_unseen(self) -> list[int]:
        """The entries without a line outside the home, though there are lines before and after them."""
        outside = self.heads.digests()
        return [
            n for n in map(int, self._log.names()) if outside and min(outside) < n < max(outside) and n not in outside
        ]

    def entries(self) -> list[AuditEntry]:
        """The entries that can be read, oldest first."""
        return self._log.readable_entries()

    def newest_first(self) -> Iterator[AuditEntry]:
        """The entries that can be read, each read only when it is asked for."""
        return self._log.newest_first()

    def integrity_errors(self) -> list[str]:
        """The differences from what was logged, and from the heads outside the home, one line each."""
        return self._log.verify(lost=self._lost())

    def last(self) -> int:
        """Number of the last entry in the log; 0 when there is none."""
        return max(map(int, self._log.names()), default=0)

    def known(self) -> Known | None:
        """What the log knows now; None when it was not started."""
        entries = self.entries()
        if not entries:
            return None
        logs = {log: max(LogWitness(self, log).digests(entries), default=0) for log in _folders(self._home)}
        return Known(entries[-1].sequence, logs, {year: max(of) for year, of in self.vintages(entries).items() if of})

    def vintages(self, entries: Sequence[AuditEntry] | None = None) -> Vintages:
        """The digest of every vintage as it was last recorded, by year and number.

        Args:
            entries: The entries to look in; all when None.
        """
        found: Vintages = {}
        for entry in self.entries() if entries is None else entries:
            match entry.action:
                case Started(vintages=vintages) | Upgraded(vintages=vintages):
                    for year, digests in vintages.items():
                        found.setdefault(year, {}).update(digests)
                case VintageMade(year=year, number=number, sha256=sha256):
                    found.setdefault(year, {})[number] = sha256
        return found

    def sound_vintages(self) -> dict[int, set[int]]:
        """The numbers of the vintages that are as recorded, by year; of all when nothing was recorded yet."""
        present = HistoryStore(self._home.history).digests()
        recorded = self.vintages() if self._log.names() else present
        return {
            year: {number for number, digest in digests.items() if recorded.get(year, {}).get(number) == digest}
            for year, digests in present.items()
        }

    def _start(self, actor: Actor) -> None:
        """Take over what is in the home, as the first entry."""
        heads = {log: last_link(folder) for log, folder in _folders(self._home).items()}
        former = self.heads.last()
        started = Started(
            heads={log: LogHead(sequence=head.sequence, sha256=head.digest) for log, head in heads.items() if head},
            vintages=HistoryStore(self._home.history).digests(),
            former=former and LogHead(sequence=former.sequence, sha256=former.digest),
        )
        if former and started.takes_over and not self._may_be_another:
            # This home had a log, and it was removed: the numbers go on, and the verification reports what is gone.
            return
        with suppress(_HasStarted):
            self._append(self._unwitnessed(), actor, started)

    def _append(self, log: AppendLog[AuditEntry], actor: Actor, action: Action) -> AuditEntry:
        def made(sequence: int) -> AuditEntry:
            if isinstance(action, Started) and sequence != 1:
                raise _HasStarted
            return AuditEntry(sequence=sequence, recorded_at=datetime.now(UTC), who=Who.of(actor), action=action)

        def record(entry: AuditEntry, head: Head) -> None:
            if not self._is_copy:
                self.heads.record(head, entry.recorded_at)

        return log.append(made, record=record)

    def _witnessed(self) -> AppendLog[AuditEntry]:
        return AppendLog(self._home.audit, _ADAPTER, name=_NAME, witness=self.heads)

    def _unwitnessed(self) -> AppendLog[AuditEntry]:
        return AppendLog(self._home.audit, _ADAPTER, name=_NAME)

    def _lost(self) -> Collection[int]:
        lost: set[int] = set()
        for entry in self.entries():
            match entry.action:
                case Restored(lost_from=int(first)):
                    lost.update(range(first, entry.sequence))
        return lost

    def _is_another(self) -> bool:
        """Whether this may be, and is, another log than that of the heads outside: empty, or different."""
        if not self._may_be_another:
            return False
        links = {int(name): self._home.audit / name / LINK_FILE for name in names_in(self._home.audit)}
        outside = self.heads.digests()
        return not links or any(digest_of(links[n]) != digest for n, digest in outside.items() if n in links)


class LogWitness:
    """What the audit log knows of another log of its home.

    Args:
        audit: The audit log.
        log: The other log.
    """

    def __init__(self, audit: AuditStore, log: LogName) -> None:
        self._audit = audit
        self._log = log

    def last(self) -> Head | None:
        """The last link that it knows; None when it knows none."""
        self._audit.finish()
        return next((head for entry in self._audit.newest_first() if (head := self._head_in(entry))), None)

    def digests(self, entries: Sequence[AuditEntry] | None = None) -> dict[int, str]:
        """The digest of each link that it knows, by place in the log.

        Args:
            entries: The entries of the audit log to look in; all when None.
        """
        known = self._audit.entries() if entries is None else entries
        found: dict[int, str] = {}
        for entry in known:
            if head := self._head_in(entry):
                # A number is given out once: what was recorded first was recorded when it was.
                found.setdefault(head.sequence, head.digest)
        return found

    def unknown(self, names: Collection[str]) -> list[str]:
        """The entries of a log, among these, that the audit log neither recorded nor took over when it started."""
        entries = self._audit.entries()
        if not entries:
            return []
        first = entries[:1] if isinstance(entries[0].action, Started) else []
        taken_over, recorded = max(self.digests(first), default=0), self.digests(entries)
        return [name for name in names if int(name) > taken_over and int(name) not in recorded]

    def _head_in(self, entry: AuditEntry) -> Head | None:
        match entry.action:
            case Logged(log=self._log, head=head):
                return Head(sequence=head.sequence, digest=head.sha256)
            case Started(heads=heads) if self._log in heads and entry.sequence == 1:
                return Head(sequence=heads[self._log].sequence, digest=heads[self._log].sha256)
        return None


class _HasStarted(Exception):
    """Another process started the log."""


def _folders(home: Home) -> dict[LogName, Path]:
    return {"deliveries": home.deliveries, "explanations": home.deliveries / "explanations"}

"""The audit log: an append-only log of what was done with a home, and the witness of its other logs and its vintages.

Each entry comes before what it is about, so nothing happens without a trace; a process that is killed leaves at most an
entry about something that was not finished. Its own witness is outside the home: ``audit_heads``.
"""

from collections.abc import Collection, Iterator
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
from resources.storage.links import LINK_FILE, Head, last_link

_NAME = "audit log"
_ADAPTER = TypeAdapter(AuditEntry)


class AuditStore:
    """The audit log of one home.

    Args:
        home: The home.
        heads: The heads outside the home; those of the home itself when None. A copy that is to take the place of a
            home has those of that home.
    """

    def __init__(self, home: Home, heads: AuditHeads | None = None) -> None:
        self._home = home
        self.heads = heads or AuditHeads(home)
        self._log = AppendLog(home.audit, _ADAPTER, name=_NAME, witness=self.heads)

    def log(self, actor: Actor, action: Action, *, tells_outside: bool = True) -> AuditEntry:
        """Log an action, with the time of the clock.

        Args:
            actor: Who does it.
            action: What is done.
            tells_outside: Whether to record its head outside the home; not in a copy that may never become the home.

        Raises:
            NotLogged: If it cannot be written; then it must not be done.
        """
        if not self._log.names():
            self._start(actor, tells_outside)
        return self._append(self._log, actor, action, tells_outside)

    def restored(self, actor: Actor, file: str, made_at: datetime) -> AuditEntry:
        """Log in a copy that it was restored from a backup, and which entries it lost by that.

        Args:
            actor: Who restores it.
            file: Name of the backup, masked.
            made_at: When the backup was made.

        Raises:
            NotLogged: If it cannot be written.
        """
        # A backup of another home is not behind the one that was here.
        log = self._log if self._is_as_outside() else AppendLog(self._home.audit, _ADAPTER, name=_NAME)
        names, known = log.names(), log.last().sequence
        if not names:
            self._start(actor, tells_outside=False)
        last = int(log.names()[-1])
        lost_from = last + 1 if names and known > last else None
        return self._append(log, actor, Restored(file=file, made_at=made_at, lost_from=lost_from), tells_outside=False)

    def tell_outside(self) -> None:
        """Record the last entry outside the home, once a copy is the home."""
        first, last = self._log.folder(1) / LINK_FILE, last_link(self._home.audit)
        if last is None:
            return
        if not self._is_as_outside() and first.exists():
            self.heads.record(Head(sequence=1, digest=digest_of(first)), datetime.now(UTC))
        self.heads.record(last, datetime.now(UTC))

    def finish(self) -> None:
        """Put the entry in its place that a killed process could not.

        Raises:
            NotLogged: If it cannot be put there.
        """
        self._log.finish()

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

    def vintages(self) -> Vintages:
        """The digest of every vintage as it was last recorded, by year and number."""
        found: Vintages = {}
        for entry in self.entries():
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

    def _start(self, actor: Actor, tells_outside: bool) -> None:
        """Take over what is in the home, as the first entry."""
        heads = {log: last_link(folder) for log, folder in _folders(self._home).items()}
        former = self.heads.last()
        started = Started(
            heads={log: LogHead(sequence=head.sequence, sha256=head.digest) for log, head in heads.items() if head},
            vintages=HistoryStore(self._home.history).digests(),
            former=former and LogHead(sequence=former.sequence, sha256=former.digest),
        )
        if former and started.takes_over:
            # This home had a log, and it was removed: the numbers go on, and the verification reports what is gone.
            return
        try:
            self._append(AppendLog(self._home.audit, _ADAPTER, name=_NAME), actor, started, tells_outside, first=True)
        except _HasStarted:
            return

    def _append(
        self, log: AppendLog[AuditEntry], actor: Actor, action: Action, tells_outside: bool, *, first: bool = False
    ) -> AuditEntry:
        def made(sequence: int) -> AuditEntry:
            if first and sequence != 1:
                raise _HasStarted
            return AuditEntry(sequence=sequence, recorded_at=datetime.now(UTC), who=Who.of(actor), action=action)

        def record(entry: AuditEntry, head: Head) -> None:
            if tells_outside:
                self.heads.record(head, entry.recorded_at)

        return log.append(made, record=record)

    def _lost(self) -> Collection[int]:
        lost: set[int] = set()
        for entry in self.entries():
            match entry.action:
                case Restored(lost_from=int(first)):
                    lost.update(range(first, entry.sequence))
        return lost

    def _is_as_outside(self) -> bool:
        """Whether no entry differs from its head outside the home."""
        links = {number: self._log.folder(number) / LINK_FILE for number in map(int, self._log.names())}
        outside = self.heads.digests()
        return all(digest_of(links[number]) == outside[number] for number in outside if number in links)


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

    def digests(self) -> dict[int, str]:
        """The digest of each link that it knows, by place in the log."""
        heads = [head for entry in self._audit.entries() if (head := self._head_in(entry))]
        return {head.sequence: head.digest for head in heads}

    def unknown(self, names: Collection[str]) -> list[str]:
        """The entries of a log, among these, that came after all that the audit log knows."""
        if not self._audit.last():
            return []
        known = max(self.digests(), default=0)
        return [name for name in names if int(name) > known]

    def _head_in(self, entry: AuditEntry) -> Head | None:
        match entry.action:
            case Logged(log=self._log, head=head):
                return Head(sequence=head.sequence, digest=head.sha256)
            case Started(heads=heads) if self._log in heads:
                return Head(sequence=heads[self._log].sequence, digest=heads[self._log].sha256)
        return None


class _HasStarted(Exception):
    """Another process started the log."""


def _folders(home: Home) -> dict[LogName, Path]:
    return {"deliveries": home.deliveries, "explanations": home.deliveries / "explanations"}

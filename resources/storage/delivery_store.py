"""The delivery log with the received files: an append-only log whose payloads are the files."""

import hashlib
import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from pydantic import TypeAdapter

from dakl_pipeline.deliveries.log import Actor, Cancellation, Delivery, Entry, LogEntry
from dakl_pipeline.errors import Refused, WrongUsage
from dakl_pipeline.operation.audit import Logged, LogHead
from resources.storage.append_log import AppendLog, writing
from resources.storage.audit_store import AuditStore, LogWitness
from resources.storage.links import ENTRY_FILE, LINK_FILE, Head
from resources.storage.log_reader import Tombstone
from resources.storage.received_file import Intake, opened_received, opened_regular

_NAME = "delivery log"
# Stored name of a file whose own name is not safe to use.
UNSAFE_NAME = "delivered-file"
_SAFE_NAME = re.compile("[A-Za-z0-9#][A-Za-z0-9 #._-]{0,199}")
_ADAPTER: TypeAdapter[Entry] = TypeAdapter(LogEntry)


@dataclass(frozen=True)
class _Sent:
    """What is remembered of a delivery, to recognise its content."""

    name: str
    supplier_id: str
    reporting_year: int | None


@dataclass(frozen=True)
class StagedFile:
    """A file that was copied in but not logged yet.

    Attributes:
        path: Its temporary path.
        sha256: Digest of its bytes.
        size: Number of bytes.
    """

    path: Path
    sha256: str
    size: int


class DeliveryStore:
    """The log of one home.

    Args:
        root: The folder of the log; made when the first entry is written.
        audit: The audit log of its home; None outside a home.
        intake: Says what may be received, when a file is.
    """

    def __init__(self, root: Path, audit: AuditStore | None = None, intake: Callable[[], Intake] = Intake) -> None:
        self._root = root
        self._audit = audit
        self._intake = intake
        self._witness = None if audit is None else LogWitness(audit, "deliveries")
        self._log = AppendLog(root, _ADAPTER, name=_NAME, payload="file of delivery", witness=self._witness)
        # Entries never change, so this index of them is kept for the next one that this process logs.
        self._seen: set[str] = set()
        self._with: dict[str, list[_Sent]] = {}
        self._cancelled: set[str] = set()

    @contextmanager
    def staged(self, source: Path, name: str) -> Iterator[StagedFile]:
        """Copy a file in, so that the file that is checked is the one that is kept.

        Args:
            source: The file of the supplier.
            name: Name to keep it under; replaced by a plain one if it is unsafe or taken.

        Yields:
            The copy. It is removed at the end unless :meth:`append` took it in.

        Raises:
            WrongUsage: If the source is no ordinary file that can be read.
            Refused: If the source may not be received, or the copy cannot be written.
        """
        with ExitStack() as stack:
            pieces = stack.enter_context(opened_received(source, self._intake()))
            with writing(_NAME):
                folder = stack.enter_context(self._log.staging())
            kept = name if _SAFE_NAME.fullmatch(name) and name not in (ENTRY_FILE, LINK_FILE) else UNSAFE_NAME
            yield _copy(pieces, folder / kept)

    def append(
        self,
        make_entry: Callable[[int], Entry],
        staged: StagedFile | None = None,
        *,
        actor: Actor,
    ) -> Entry:
        """Log an entry with its file, atomically.

        Args:
            make_entry: Makes the entry from its place in the log.
            staged: The copied file of a delivery.
            actor: Who logs it.

        Returns:
            The entry as logged; a delivery names the earlier ones with the same content, if any.

        Raises:
            Refused: If it cannot be written; nothing is logged then.
        """

        def made(sequence: int) -> Entry:
            entry = make_entry(sequence)
            if isinstance(entry, Delivery):
                entry = entry.model_copy(update=self._same_content(entry))
            return entry

        def record(entry: Entry, head: Head) -> None:
            self._record(actor, _logged(entry, head))

        if staged is None:
            return self._log.append(made, record=record)
        payloads = {staged.path.name: staged.sha256}
        return self._log.append(made, staged=staged.path.parent, payloads=payloads, record=record)

    def finish(self) -> None:
        """Put the entry in its place that a killed process could not.

        Raises:
            Refused: If it cannot be put there.
        """
        self._log.finish()

    def entries(self) -> list[Entry]:
        """Every entry, in the order of logging.

        Raises:
            Refused: If an entry is unreadable or missing; names it.
        """
        return self._log.entries()

    def readable_entries(self) -> list[Entry]:
        """The entries that can be read, in the order of logging; each is read once by this process.

        For callers that must continue despite a damaged entry; results that depend on every entry need :meth:`entries`.
        """
        return self._log.readable_entries()

    def suppliers(self) -> set[str]:
        """Every supplier that has an entry."""
        return {entry.supplier_id for entry in self.entries()}

    def integrity_errors(self) -> list[str]:
        """The differences from what was logged, one line each: entries and files that are missing or changed."""
        unknown = self._witness.unknown(self._log.names()) if self._witness else []
        return [
            *self._log.verify(),
            *(f"entry {name} of the {_NAME} is not in the audit log: `dakl` did not log it" for name in unknown),
        ]

    def stale_temp_folders(self) -> Iterator[Path]:
        """Unlocked temporary folders left by killed processes; each is locked while the caller handles it."""
        return self._log.stale_temp_folders()

    def entry_names(self) -> list[str]:
        """The ids of every entry, without reading them."""
        return self._log.names()

    @contextmanager
    def open_verified(self, delivery: Delivery) -> Iterator[BinaryIO]:
        """Open the file of a delivery, after verifying that it is the file that was received.

        Raises:
            Refused: If the file is missing, was destroyed or was changed after receipt.
        """
        with ExitStack() as stack:
            try:
                file = stack.enter_context(opened_regular(self._root / delivery.delivery_id / delivery.stored_name))
            except WrongUsage:
                tombstone = self._log.tombstone_of(delivery.sequence, delivery.stored_name)
                what = f"was destroyed: {tombstone.why}" if tombstone else "is gone: restore it"
                raise Refused(f"the file of delivery {delivery.delivery_id} {what}") from None
            if hashlib.file_digest(file, "sha256").hexdigest() != delivery.sha256:
                raise Refused(f"the file of delivery {delivery.delivery_id} was changed after receipt: restore it")
            file.seek(0)
            yield file

    def destroy_file(self, delivery: Delivery, *, at: datetime, actor: Actor, why: str) -> None:
        """Destroy the file of a delivery; its entry stays, and the log records it.

        Args:
            delivery: The delivery.
            at: The current time.
            actor: Who destroys it.
            why: The reason, without numbers that could be a person's.

        Raises:
            Refused: If the log cannot be written.
        """

        def record(tombstone: Tombstone, head: Head) -> None:
            logged = Logged(
                log="deliveries",
                entry=tombstone.kind,
                head=LogHead(sequence=head.sequence, sha256=head.digest),
                supplier_id=delivery.supplier_id,
                reporting_year=delivery.reporting_year,
            )
            self._record(actor, logged)

        self._log.destroy(
            delivery.sequence,
            delivery.stored_name,
            recorded_at=at,
            recorded_by=actor.account,
            why=why,
            record=record,
        )

    def _record(self, actor: Actor, logged: Logged) -> None:
        if self._audit is not None:
            self._audit.log(actor, logged)

    def _same_content(self, entry: Delivery) -> dict[str, str | None]:
        """The first entries with the same bytes that are readable and not cancelled: own, and of another supplier."""
        for name in sorted(set(self._log.names()) - self._seen, key=int):
            self._seen.add(name)
            with suppress(Refused):
                earlier = self._log.entry(name)
                if isinstance(earlier, Delivery):
                    sent = _Sent(name, earlier.supplier_id, earlier.reporting_year)
                    self._with.setdefault(earlier.sha256, []).append(sent)
                elif isinstance(earlier, Cancellation):
                    self._cancelled.add(earlier.cancels)
        stand = [sent for sent in self._with.get(entry.sha256, []) if sent.name not in self._cancelled]
        own = (s.name for s in stand if (s.supplier_id, s.reporting_year) == (entry.supplier_id, entry.reporting_year))
        others = (sent.name for sent in stand if sent.supplier_id != entry.supplier_id)
        return {"same_content_as": next(own, None), "content_of_other": next(others, None)}


def _logged(entry: Entry, head: Head) -> Logged:
    is_other_time = not isinstance(entry, Cancellation) and entry.is_at_another_time
    return Logged(
        log="deliveries",
        entry=entry.kind,
        head=LogHead(sequence=head.sequence, sha256=head.digest),
        supplier_id=entry.supplier_id,
        reporting_year=entry.reporting_year,
        approved=entry.approved if isinstance(entry, Delivery) else None,
        received_at=entry.received_at if is_other_time else None,
        received_why=entry.received_why if is_other_time else None,
    )


def _copy(pieces: Iterator[bytes], target: Path) -> StagedFile:
    digest, size = hashlib.sha256(), 0
    with writing(_NAME), target.open("xb") as copy:
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            copy.write(piece)
        copy.flush()
        os.fsync(copy.fileno())
    return StagedFile(target, digest.hexdigest(), size)

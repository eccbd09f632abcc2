"""A process that delivers and kills itself with SIGKILL at every step in turn; run by ``test_delivery_store``.

A step is an audit event of Python: opening, making, renaming and removing files, and taking locks.

    python -m tests.support.crash_log FOLDER FILE     prints a line of JSON for each step
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from dakl_pipeline.deliveries.log import Delivery
from resources.config.home import Home
from resources.storage.audit_store import AuditStore
from resources.storage.delivery_store import DeliveryStore
from tests.support.log_entries import log_file

_STEPS = {"open", "os.mkdir", "os.rename", "os.rmdir", "os.remove", "fcntl.flock", "os.scandir", "os.listdir"}


def _store(root: Path) -> DeliveryStore:
    return DeliveryStore(root / "deliveries", AuditStore(Home(root)))


def _deliver_until(step: int, root: Path, file: Path) -> None:
    left = step

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event in _STEPS:
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    log_file(_store(root), file)


def _whole_entries(root: Path, content: bytes) -> int:
    """The number of entries, each read with its file."""
    store = _store(root)
    entries = store.entries()
    for entry in entries:
        if not isinstance(entry, Delivery):
            raise TypeError
        with store.open_verified(entry) as opened:
            if opened.read() != content:
                raise ValueError
    return len(entries)


def main() -> None:
    """Crash at every step, each time in a new home with one good delivery."""
    folder, file = Path(sys.argv[1]), Path(sys.argv[2])
    content, is_killed, step = file.read_bytes(), True, -1
    while is_killed:
        step += 1
        root = folder / str(step)
        log_file(_store(root), file)
        if (child := os.fork()) == 0:
            try:
                _deliver_until(step, root, file)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        is_killed = os.WIFSIGNALED(status)
        found = _whole_entries(root, content)
        faults = [*_store(root).integrity_errors(), *AuditStore(Home(root)).integrity_errors()]
        after = log_file(_store(root), file)
        left = {
            log: sorted(path.name for path in (root / log).iterdir() if not path.name.isdigit())
            for log in ("deliveries", "audit")
        }
        faults_after = [*_store(root).integrity_errors(), *AuditStore(Home(root)).integrity_errors()]
        entries = _whole_entries(root, content)
        print(
            json.dumps(
                {
                    "is_killed": is_killed,
                    "entries": found,
                    "faults": faults,
                    "next": after.sequence,
                    "entries_after": entries,
                    "faults_after": faults_after,
                    "left": left,
                }
            )
        )


if __name__ == "__main__":
    main()

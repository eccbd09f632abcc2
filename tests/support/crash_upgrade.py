"""A process that upgrades a home and kills itself with SIGKILL at some step; run by ``test_upgrade``.

A step is an audit event of Python that makes, renames or removes a file or folder.

    python -m tests.support.crash_upgrade HOME STEP     prints the number of steps if it gets to the end
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from dakl_pipeline.deliveries.log import Actor
from resources.config.home import Home
from resources.maintenance.upgrade import swap

_STEPS = {"os.mkdir", "os.rename", "os.link", "os.remove", "os.rmdir", "shutil.rmtree"}


def main() -> None:
    home, last = Path(sys.argv[1]), int(sys.argv[2])
    done = 0

    def step() -> None:
        nonlocal done
        if done == last:
            os.kill(os.getpid(), signal.SIGKILL)
        done += 1

    def count(event: str, _: tuple[Any, ...]) -> None:
        if event in _STEPS:
            step()

    # Python does not audit the system call that swaps the folders: kill before and after it.
    exchange = swap._exchange

    def audited(one: Path, other: Path) -> None:
        step()
        exchange(one, other)
        step()

    swap._exchange = audited
    sys.addaudithook(count)
    swap.upgrade_home(Home(home), actor=Actor("analist"), advance=lambda done, of: None)
    print(done)


if __name__ == "__main__":
    main()

"""A process that repeats ``dakl deliver`` and prints each outcome; tests kill it or run several of them.

python -m tests.support.deliver_repeatedly HOME SUPPLIER FILE TIMES     prints `<exit code> <delivery id>` each time
"""

import contextlib
import io
import json
import sys

from dakl_pipeline.cli import main
from tests.support.small_home import IN_WINDOW


def deliver_many(home: str, supplier: str, file: str, times: int) -> None:
    """Deliver one file a number of times, through the command line."""
    arguments = ["deliver", file, "--supplier", supplier, "--received-at", IN_WINDOW[2024], "--home", home, "--json"]
    for _ in range(times):
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            code = main(arguments)
        # Only now is the delivery acknowledged.
        print(code, json.loads(shown.getvalue())["delivery_id"], flush=True)


if __name__ == "__main__":
    deliver_many(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))

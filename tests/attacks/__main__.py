"""Carry out every attack on an installed program and list each as open or closed.

``python -m tests.attacks --dakl PATH [NUMBER ...]``; the exit code is 1 if one is open.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.attacks.all_attacks import ALL
from tests.attacks.attack import Target


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.attacks", description=__doc__)
    parser.add_argument("--dakl", type=Path, required=True, help="the installed command")
    parser.add_argument("numbers", nargs="*", help="only the attacks whose number begins so, such as 9 or 4a")
    asked = parser.parse_args()
    is_open = 0
    for attack in ALL:
        if asked.numbers and not attack.number.startswith(tuple(asked.numbers)):
            continue
        with tempfile.TemporaryDirectory(prefix="attack-") as folder:
            why = attack.run(Target(asked.dakl.absolute(), Path(folder)))
        is_open += why is not None
        print(
            f"{'open  ' if why else 'closed'}  {attack.number:<4} {attack.title}{f': {why}' if why else ''}", flush=True
        )
    print(f"{is_open} open" if is_open else "all closed")
    return 1 if is_open else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs a program and reports its time and memory, from a small process.

Usage: python benchmarks/measured.py OUT PROGRAM [ARGUMENT ...]; the output of the program goes to the file OUT. Prints
JSON: `code`, `wall` and `processor` (seconds) and `peak_mb`.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any


def measure(program: Sequence[str], out: str, **options: Any) -> dict[str, float]:
    """Measure a program with this module.

    Args:
        program: The program with its arguments; it must end with 0.
        out: File for its output.
        options: Further arguments of ``subprocess.run``, such as the folder.
    """
    command = [sys.executable, __file__, out, *program]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, **options).stdout)
    if told["code"]:
        raise SystemExit(f"{' '.join(program)[:200]} ended with {told['code']}")
    return told


def main() -> None:
    started = time.perf_counter()
    with open(sys.argv[1], "wb") as out:  # noqa: PTH123 - pathlib is one import more
        process = subprocess.Popen(sys.argv[2:], stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    told = {
        "code": process.returncode,
        "wall": time.perf_counter() - started,
        "processor": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss / 1024,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()

"""Speed and memory of the check within one process, including reading an approved file.

Usage: python benchmarks/check_speed.py [rows]
"""

import resource
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from files import NAME, write_clean_file

from dakl_pipeline.intake.check import check_delivery
from dakl_pipeline.intake.registrations import read_registrations
from dakl_pipeline.reference.methodology import Methodology, default_methodology


def main() -> None:
    methodology = Methodology.model_validate(default_methodology())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        write_clean_file(path, int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
        for _ in range(3):
            started = time.perf_counter()
            with path.open("rb") as file:
                verdict = check_delivery(file, NAME, methodology=methodology, today=date(2025, 5, 2))
            seconds = time.perf_counter() - started
            print(f"check: {seconds:.2f} s, {verdict.registrations} rows, approved {verdict.approved}")
        started = time.perf_counter()
        with path.open("rb") as file:
            frame = read_registrations(file, 2024, methodology=methodology)
        print(f"read_registrations: {time.perf_counter() - started:.2f} s, {frame.height} rows")
        size = path.stat().st_size // 2**20
    print(f"file {size} MB; memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()

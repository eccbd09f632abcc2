"""Pseudonymising as many numbers as the country has inhabitants: time and memory of the function of the pipeline.

Usage: python benchmarks/pseudonymise.py [NUMBERS]; the goal is 18 million in at most 10 s on two cores, under 2 GB.
"""

import resource
import sys
import time

import polars as pl

from dakl_pipeline.privacy.pseudonyms import PseudonymKey, pseudonyms

_KEY = "0123456789abcdef" * 4
_AT_ONCE = 1_000_000


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 18_000_000
    # Nine digits, as a register has them; whether they pass the eleven test makes no difference.
    numbers = pl.concat(
        [
            pl.int_range(100_000_000 + start, 100_000_000 + min(start + _AT_ONCE, rows), eager=True).cast(pl.String)
            for start in range(0, rows, _AT_ONCE)
        ],
        rechunk=False,
    )
    started, processor = time.perf_counter(), time.process_time()
    made = pseudonyms(numbers, "bsn", PseudonymKey(_KEY))
    seconds, busy = time.perf_counter() - started, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{len(made):,} numbers: {seconds:.1f} s, {busy:.1f} s of processor, peak {peak:,.0f} MB, all included")


if __name__ == "__main__":
    main()

"""Speed and memory of the check on a clean file; not part of the tests, because a machine decides the outcome.

Usage: python benchmarks/check_speed.py [rows]
"""

import io
import random
import resource
import sys
import time
from datetime import date, timedelta

from dakl_pipeline.intake.check import check_delivery
from dakl_pipeline.intake.registrations import read_registrations
from dakl_pipeline.reference import Methodology, default_methodology, municipalities

HEADER = "aanmaakdatum;gemeentecode;bsn;type_opvang;startdatum;einddatum;meldingsdatum;reden_einde;v_nummer\n"


def bsn(rng: random.Random) -> str:
    while True:
        digits = [rng.randrange(10) for _ in range(8)]
        check = sum((9 - i) * d for i, d in enumerate(digits)) % 11
        if check < 10 and any(digits):
            return "".join(map(str, [*digits, check]))


def clean_file(rows: int) -> bytes:
    rng = random.Random(1)
    codes = [m.code for m in municipalities() if m.is_valid_in(2024)]
    lines = [HEADER]
    for _ in range(rows):
        start = date(2024, 1, 1) + timedelta(days=rng.randrange(180))
        end = start + timedelta(days=rng.randrange(180))
        shelter = rng.choice(("0201", "0203", "0205", "0301", "0302", "0303", "0304", "0305"))
        lines.append(
            f"2025-05-01;{rng.choice(codes)};{bsn(rng)};{shelter};{start};{end};{start};0{rng.randint(1, 5)};\n"
        )
    return "".join(lines).encode()


def main() -> None:
    data = clean_file(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
    methodology = Methodology.model_validate(default_methodology())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    for _ in range(3):
        started = time.perf_counter()
        verdict = check_delivery(
            io.BytesIO(data), "DAKL_J2024_snelheid.csv", methodology=methodology, today=date(2025, 5, 2)
        )
        print(
            f"check: {time.perf_counter() - started:.2f} s, {verdict.registrations} rows, approved {verdict.approved}"
        )
    started = time.perf_counter()
    frame = read_registrations(io.BytesIO(data), 2024, methodology=methodology)
    print(f"read_registrations: {time.perf_counter() - started:.2f} s, {frame.height} rows")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"file {len(data) // 2**20} MB; memory before {before} MB, at most {peak} MB")


if __name__ == "__main__":
    main()

"""Clean deliveries of any size for measurements."""

from pathlib import Path

import numpy as np
import polars as pl

from dakl_pipeline.reference.code_lists import municipalities, shelter_types

NAME = "DAKL_J2024_snelheid.csv"
HEADER = "aanmaakdatum;gemeentecode;bsn;type_opvang;startdatum;einddatum;meldingsdatum;reden_einde;v_nummer\n"
_PART = 1_000_000


def write_clean_file(path: Path, rows: int) -> None:
    """Write a delivery of 2024 without a fault: another BSN in every row, in bounded memory."""
    rng = np.random.default_rng(1)
    codes = pl.Series([m.code for m in municipalities() if m.is_valid_in(2024)])
    types = pl.Series([t.code for t in shelter_types() if t.is_valid_in(2024)])
    first_day = pl.date(2024, 1, 1)
    with path.open("wb") as file:
        file.write(HEADER.encode())
        number, left = 1, rows
        while left:
            # The first eight digits count up; keep those for which a ninth digit passes the eleven test.
            eight = np.arange(number, number + _PART, dtype=np.int64)
            number += _PART
            ninth = sum((9 - place) * (eight // 10 ** (7 - place) % 10) for place in range(8)) % 11
            bsn = (eight * 10 + ninth)[ninth < 10][:left]
            count = len(bsn)
            left -= count
            start = rng.integers(0, 180, count)
            frame = pl.DataFrame(
                {
                    "gemeente": codes.gather(rng.integers(0, len(codes), count)),
                    "bsn": bsn,
                    "type": types.gather(rng.integers(0, len(types), count)),
                    "start": start,
                    "end": start + rng.integers(1, 180, count),
                    "reason": rng.integers(1, 6, count),
                }
            )
            frame.select(
                pl.lit("2025-05-01"),
                "gemeente",
                pl.col("bsn").cast(pl.String).str.zfill(9),
                "type",
                (first_day + pl.duration(days="start")).alias("start"),
                (first_day + pl.duration(days="end")).alias("end"),
                (first_day + pl.duration(days="start")).alias("request"),
                pl.format("0{}", "reason"),
                pl.lit("").alias("v_number"),
            ).write_csv(file, include_header=False, separator=";", quote_style="never")

"""Who was under age on the last day of a year, by the person register of a home.

Belongs here: the one look that a delivery takes into a register (rule ``minors``), light enough for every file. Does
not belong here: registers for the yearly figures (``register_store``).
"""

from datetime import date
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError


class MinorsOfHome:
    """Finds minors in the registers of one home.

    Args:
        registers: The folder with a folder per year.
    """

    def __init__(self, registers: Path) -> None:
        self._registers = registers

    def __call__(self, year: int, adult_age: int) -> pl.Series:
        """The BSNs of who was younger than ``adult_age`` on 31 December (assumption A7).

        A register that is not there or not right finds nobody: a run says what is wrong with it, and a supplier is not
        kept waiting for it. Who is born after that day has no known age.

        Args:
            year: Reporting year.
            adult_age: From this age on somebody is an adult.

        Returns:
            Numbers (UInt32), leading zeros gone.
        """
        born = pl.col("birth_date").is_between(date(year - adult_age, 12, 31), date(year, 12, 31), closed="right")
        try:
            persons = pl.scan_parquet(self._registers / str(year) / "persons.parquet", glob=False)
            # A moment would be another day in another time zone.
            if persons.collect_schema().get("birth_date") != pl.Date:
                return pl.Series("bsn", dtype=pl.UInt32)
            return (
                persons.filter(born)
                .select(pl.col("bsn").cast(pl.UInt32, strict=False))
                .drop_nulls()
                .collect(engine="streaming")["bsn"]
            )
        except (PolarsError, OSError):
            return pl.Series("bsn", dtype=pl.UInt32)

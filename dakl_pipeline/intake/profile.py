"""The profile of a delivered file: counts without person-level data, to compare a later file with.

A profile may contain small numbers: it stays with the files, and only findings based on it leave.
"""

from collections import Counter
from datetime import date

import polars as pl
from pydantic import BaseModel, ConfigDict, NonNegativeInt

from dakl_pipeline.intake.eleven_test import passes_eleven_test
from dakl_pipeline.intake.values import CODE_LENGTH


class FileProfile(BaseModel):
    """Counts of the registrations in one approved file.

    Attributes:
        registrations: All registrations.
        by_municipality: By municipality code, as delivered.
        by_shelter_type: By code of the type of shelter.
        by_start_month: By month in which the stay starts: 1 to 12 in the reporting year, 0 before it, 13 after it.
        with_usable_bsn: With a BSN that passes the eleven test.
        with_v_number_only: Without a BSN, with a V-number.
        open_stays: Started by 31 December of the reporting year, and not ended before that day.
        without_end_date: Without an end date.
        outside_year: Wholly before or after the reporting year.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    registrations: NonNegativeInt
    by_municipality: dict[str, NonNegativeInt]
    by_shelter_type: dict[str, NonNegativeInt]
    by_start_month: dict[int, NonNegativeInt]
    with_usable_bsn: NonNegativeInt
    with_v_number_only: NonNegativeInt
    open_stays: NonNegativeInt
    without_end_date: NonNegativeInt
    outside_year: NonNegativeInt

    @property
    def without_usable_bsn(self) -> int:
        """Number of registrations without a usable BSN."""
        return self.registrations - self.with_usable_bsn


class ProfileMaker:
    """Makes the profile of a file from its registrations as they are read.

    Args:
        year: Reporting year.
    """

    def __init__(self, year: int) -> None:
        self._numbers: Counter[str] = Counter()
        by = ("gemeente_code", "shelter_type_code", "month")
        self._by: dict[str, Counter[int]] = {name: Counter() for name in by}
        start, end = pl.col("start_date"), pl.col("end_date")
        first, last = date(year, 1, 1), date(year, 12, 31)
        self._month = (
            pl.when(start < first).then(0).when(start > last).then(13).otherwise(start.dt.month()).cast(pl.Int8)
        )
        self._sums = {
            "registrations": pl.len(),
            "with_usable_bsn": passes_eleven_test(pl.col("bsn")).sum(),
            "with_v_number_only": (pl.col("bsn").is_null() & pl.col("v_number").is_not_null()).sum(),
            "open_stays": ((start <= last) & (end.is_null() | (end >= last))).sum(),
            "without_end_date": end.null_count(),
            "outside_year": ((start > last) | (end < first).fill_null(False)).sum(),
        }

    def receive(self, registrations: pl.DataFrame) -> None:
        """Count the next registrations.

        Args:
            registrations: The columns of ``values.typed_expressions``.
        """
        numbers = registrations.lazy().select(**self._sums).collect().row(0, named=True)
        self._numbers.update(numbers)
        coded = registrations.lazy().select("gemeente_code", "shelter_type_code", month=self._month).collect()
        for name, counts in self._by.items():
            counts.update(dict(coded[name].value_counts().rows()))

    def profile(self) -> FileProfile:
        """Return the profile of the registrations received."""
        by_code = {
            name: {f"{code:0{CODE_LENGTH}}": n for code, n in sorted(self._by[name].items())}
            for name in ("gemeente_code", "shelter_type_code")
        }
        return FileProfile(
            by_municipality=by_code["gemeente_code"],
            by_shelter_type=by_code["shelter_type_code"],
            by_start_month=dict(sorted(self._by["month"].items())),
            **{name: self._numbers[name] for name in self._sums},
        )

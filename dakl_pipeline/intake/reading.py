"""Counts how many registrations of an approved file will count, as far as the file itself shows."""

from collections import Counter

import polars as pl
from pydantic import BaseModel, ConfigDict

from dakl_pipeline.intake.eleven_test import passes_eleven_test
from dakl_pipeline.intake.population import adults_only
from dakl_pipeline.presentation.dutch import number, quantity
from dakl_pipeline.reference.code_lists import exclusion_reasons
from dakl_pipeline.reference.methodology import Methodology
from dakl_pipeline.statistics.eligibility import (
    codes_with_region,
    exclusion_reason,
    period_of_stay,
    published_type_codes,
)


class Reading(BaseModel):
    """The numbers of registrations read from an approved file.

    Attributes:
        registrations: number read.
        counting: number that count for the reporting year, as far as the file shows.
        v_number_only: number of these with a V-number and no usable BSN; unless a register links the V-number to a
            BSN, the person is counted separately.
        excluded: number that do not count, by the first reason (``exclusion_reason.csv``), in order of priority.
        reporting_year: the year.
        adult_age: age from which a person counts in this year; None if everyone does. The file does not show ages.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    registrations: int
    counting: int
    v_number_only: int
    excluded: dict[str, int]
    reporting_year: int
    adult_age: int | None

    def told(self) -> tuple[str, ...]:
        """Return sentences for the supplier (Dutch) on what was read and what counts, as far as the file shows."""
        count = "telt er 1" if self.counting == 1 else f"tellen er {number(self.counting)}"
        read = quantity(self.registrations, "registratie", "registraties")
        lines = [
            f"{read} gelezen; daarvan {count} mee voor {self.reporting_year}, voor zover aan het bestand te zien is."
        ]
        if self.v_number_only:
            have = "heeft er 1" if self.v_number_only == 1 else f"hebben er {number(self.v_number_only)}"
            lines.append(
                f"Van wat meetelt, {have} alleen een V-nummer: CBS telt die personen apart, tenzij bij het V-nummer "
                "een BSN bekend is."
            )
        if self.excluded:
            labels = {reason.reason: reason.label for reason in exclusion_reasons()}
            reasons = "; ".join(f"{labels[reason]} ({number(rows)})" for reason, rows in self.excluded.items())
            lines.append(f"Wat niet meetelt: {reasons}.")
        if self.adult_age is not None:
            lines.append(f"{adults_only(self.reporting_year, self.adult_age)} Leeftijden staan niet in het bestand.")
        return tuple(lines)


class Readings:
    """Counts registrations as they are read.

    Args:
        year: reporting year.
        methodology: the settings of the statistic.
    """

    def __init__(self, year: int, methodology: Methodology) -> None:
        self._year = year
        self._adult_age = methodology.adult_age if year <= methodology.adults_only_until_year else None
        has_bsn = passes_eleven_test(pl.col("bsn"))
        reason = exclusion_reason(
            period=period_of_stay(year),
            is_published_type=pl.col("shelter_type_code").is_in([int(code) for code in published_type_codes(year)]),
            has_region=pl.col("gemeente_code").is_in([int(code) for code in codes_with_region(year)]),
            is_identified=has_bsn | pl.col("v_number").is_not_null(),
            is_minor=pl.lit(False),
        )
        self._of_a_block = {"reason": reason, "is_v_number_only": ~has_bsn}
        self._rows: Counter[tuple[str | None, bool]] = Counter()

    def receive(self, registrations: pl.DataFrame) -> None:
        """Count the next registrations, with the columns of ``values.typed_expressions``."""
        counts = registrations.lazy().select(**self._of_a_block).group_by(*self._of_a_block).len().collect()
        for reason, is_v_number_only, rows in counts.iter_rows():
            self._rows[reason, is_v_number_only] += rows

    def result(self) -> Reading:
        """Return the numbers so far."""
        reasons = Counter[str]()
        for (reason, _), rows in self._rows.items():
            if reason is not None:
                reasons[reason] += rows
        total = self._rows.total()
        return Reading(
            registrations=total,
            counting=total - reasons.total(),
            v_number_only=self._rows[None, True],
            excluded={r.reason: reasons[r.reason] for r in exclusion_reasons() if reasons[r.reason]},
            reporting_year=self._year,
            adult_age=self._adult_age,
        )

"""The settings of the statistic and their allowed values."""

import tomllib
from difflib import get_close_matches
from typing import Annotated, Any
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from dakl_pipeline.reference.code_lists import delivery_rounds, municipalities
from dakl_pipeline.reference.rounds import YEARS, DeliveryRound, Year
from dakl_pipeline.reference.rows import shipped


class Methodology(BaseModel):
    """Settings of the statistic: years, thresholds and rounds that an analyst may replace.

    The defaults are in ``methodology.toml``, and the rounds in ``delivery_round.csv``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    reporting_years: tuple[Year, ...] = Field(description=YEARS)
    missing_bsn_values: tuple[Annotated[str, Field(pattern="^[0-9]{9}$")], ...] = Field(
        description='a list of texts of nine digits, such as ["999999999"]'
    )
    adults_only_until_year: Year = Field(description="a year from 2000 to 2099, such as 2023")
    adult_age: int = Field(strict=True, ge=1, le=99, description="an age in whole years from 1 to 99, such as 18")
    long_open_days: int = Field(
        strict=True, ge=1, le=36_500, description="a whole number of days from 1 to 36500, such as 365"
    )
    time_zone: str = Field(description="a name of the IANA time zone list, such as Europe/Amsterdam")
    explained_growth_allowed: float = Field(ge=0, allow_inf_nan=False, description="a part of 0 or more, such as 0.1")
    supplier_id_similarity: float = Field(gt=0, le=1, description="a part above 0 and up to 1, such as 0.8")
    supplier_rounding_base: int = Field(
        strict=True, ge=1, le=1000, description="a whole number of persons from 1 to 1000, such as 10"
    )
    rounds: tuple[DeliveryRound, ...] = Field(default_factory=delivery_rounds)

    @field_validator("rounds")
    @classmethod
    def _oldest_first(cls, rounds: tuple[DeliveryRound, ...]) -> tuple[DeliveryRound, ...]:
        if len({r.round for r in rounds}) != len(rounds):
            raise ValueError("list each round once")
        return tuple(sorted(rounds, key=lambda r: r.delivery_start))

    @field_validator("reporting_years")
    @classmethod
    def _are_distinct(cls, years: tuple[int, ...]) -> tuple[int, ...]:
        if not years or len(set(years)) != len(years):
            raise ValueError("list at least one year, and each year once")
        for year in years:
            if not any(each.is_valid_in(year) for each in municipalities()):
                raise ValueError(f"gemeente_centrumregio.csv has no municipality in {year}: remove the year")
        return years

    @model_validator(mode="after")
    def _every_year_is_delivered(self) -> "Methodology":
        for year in self.reporting_years:
            if not any(year in each.reporting_years for each in self.rounds):
                raise ValueError(f"{year} of reporting_years is in no round: add the round, or remove the year")
        return self

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key
        except (LookupError, ValueError, OSError):
            # Unknown, not a valid file name, or a folder.
            names = sorted(available_timezones())
        spelt = {each.lower().rpartition("/")[2]: each for each in names} | {each.lower(): each for each in names}
        close = get_close_matches(name.strip().lower(), spelt, n=1)
        meant = spelt[close[0]] if close else "Europe/Amsterdam"
        raise ValueError(f"not a time zone of the IANA list; write {meant}")


def default_methodology() -> dict[str, Any]:
    """The default settings of the package, before a home replaces any."""
    return tomllib.loads(shipped("methodology.toml").text)

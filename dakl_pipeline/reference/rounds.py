"""Collection rounds with their calendar."""

import re
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from dakl_pipeline.reference.rows import Row


def _day(value: Any) -> Any:
    """A plain date: pydantic would truncate a time in UTC, and read a number as seconds since 1970."""
    if type(value) is date or value is None or (isinstance(value, str) and _ISO_DAY.fullmatch(value)):
        return value
    raise ValueError(f"write {_A_DAY}")


_ISO_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_A_DAY = "a day without a time, such as 2026-04-01"
_Day = Annotated[date, BeforeValidator(_day), Field(description=_A_DAY)]
Year = Annotated[int, Field(ge=2000, le=2099)]
_Month = Annotated[
    str, Field(pattern="^20[0-9]{2}-(0[1-9]|1[0-2])$", description='a month as a text, such as "2026-09"')
]
YEARS = "a list of different years from 2000 to 2099, such as [2023, 2024]"


class DeliveryRound(Row, key=("round",)):
    """A collection round with its calendar; all dates inclusive, on the Dutch calendar."""

    round: Year = Field(description="the year of the round, such as [rounds.2026]")
    reporting_years: tuple[Year, ...] = Field(description=YEARS)
    delivery_start: _Day
    delivery_end: _Day
    extension_end: Annotated[date | None, BeforeValidator(_day)] = Field(
        default=None, description=f'{_A_DAY}, or "" for none'
    )
    withdrawal_start: _Day
    withdrawal_end: _Day
    processing_start: _Day
    advice_month: _Month
    publication_month: _Month
    source: str = Field(min_length=1, description="where the round comes from, as a text")

    @model_validator(mode="before")
    @classmethod
    def _split_years(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("reporting_years"), str):
            years = data["reporting_years"].strip("[]").replace(",", " ").split()
            data = {**data, "reporting_years": tuple(years)}
        return data

    @model_validator(mode="after")
    def _dates_are_in_order(self) -> "DeliveryRound":
        if not self.reporting_years or len(set(self.reporting_years)) != len(self.reporting_years):
            raise ValueError("reporting_years: list at least one year, and each year once")
        if not self.delivery_start <= self.delivery_end <= self.last_delivery_date:
            raise ValueError("delivery_start, delivery_end and extension_end must be in this order")
        if not self.delivery_start <= self.withdrawal_start <= self.withdrawal_end:
            raise ValueError("delivery_start, withdrawal_start and withdrawal_end must be in this order")
        if self.processing_start < max(self.last_delivery_date, self.withdrawal_end):
            raise ValueError("processing_start must not be before the end of delivery and of withdrawal")
        return self

    @property
    def last_delivery_date(self) -> date:
        """Last day on which a file is on time: the end of the extension if the round has one."""
        return self.extension_end or self.delivery_end

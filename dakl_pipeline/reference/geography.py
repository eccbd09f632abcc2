"""Regions, municipalities and their mergers."""

from datetime import date
from typing import Annotated

from pydantic import Field

from dakl_pipeline.reference.rows import Row


class Centrumregio(Row, key=("code",)):
    """A region of a centrumgemeente."""

    code: str
    name: str
    centrumgemeente_code: str
    province: str


_Code = Annotated[str, Field(pattern="^[0-9]{4}$", description="a code of four digits, such as 0141")]


class Municipality(Row, key=("code", "valid_from_year")):
    """A municipality in the division of the years ``valid_from_year`` to ``valid_to_year`` (both inclusive)."""

    code: _Code
    name: str
    region_code: str
    valid_from_year: int
    valid_to_year: int | None
    inhabitants_2023: int | None
    source: str

    def is_valid_in(self, year: int) -> bool:
        """Whether the municipality exists in the division of this reporting year."""
        return self.valid_from_year <= year <= (self.valid_to_year or year)


class MunicipalMerger(Row, key=("old_code", "new_code")):
    """An old municipality and one successor (a divided municipality has a row for each)."""

    old_code: _Code
    old_name: str
    new_code: _Code
    new_name: str
    effective_date: date
    source: str


class PlaceAlias(Row, key=("alias", "name")):
    """Another name of a place, and its official name."""

    alias: str
    name: str
    source: str


class PlacePrefix(Row, key=("prefix",)):
    """A word that people put before the name of a place, in lower case."""

    prefix: str
    source: str


class DemoRegion(Row, key=("year", "region_code")):
    """A region that takes part in the demonstration, in a year."""

    year: int
    region_code: str
    source: str


class PublishedFigure(Row, key=("year", "region_code")):
    """A published number of persons in shelter of a region, or of the country."""

    year: int
    region_code: str
    persons: int
    source: str

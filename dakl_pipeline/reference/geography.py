"""Regions, municipalities and their mergers."""

from datetime import date

from dakl_pipeline.reference.rows import Row


class Centrumregio(Row):
    """A region of a centrumgemeente."""

    code: str
    name: str
    centrumgemeente_code: str
    provincie: str


class Municipality(Row):
    """A municipality in the division of the years ``valid_from_year`` to ``valid_to_year`` (both inclusive)."""

    code: str
    name: str
    region_code: str
    valid_from_year: int
    valid_to_year: int | None
    inhabitants_2023: int | None
    source: str

    def is_valid_in(self, year: int) -> bool:
        """Whether the municipality exists in the division of this reporting year."""
        return self.valid_from_year <= year <= (self.valid_to_year or year)


class MunicipalMerger(Row):
    """An old municipality and one successor (a divided municipality has a row for each)."""

    old_code: str
    old_name: str
    new_code: str
    new_name: str
    effective_date: date
    source: str


class PlaceAlias(Row):
    """Another name of a place, and its official name."""

    alias: str
    name: str
    source: str


class PlacePrefix(Row):
    """A word that people put before the name of a place, in lower case."""

    prefix: str
    source: str


class DemoRegion(Row):
    """A region that takes part in the demonstration, in a year."""

    year: int
    region_code: str
    source: str


class PublishedFigure(Row):
    """A published number of persons in shelter of a region, or of the country."""

    year: int
    region_code: str
    persons: int
    source: str

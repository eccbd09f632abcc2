"""Reference data of the monitor: code lists, regions, rounds and settings, as validated objects.

Belongs here: the files beside this module and how they are read. Does not belong here: what the pipeline does with
them. Every value an analyst may want to replace is a row in a file with its source, not a literal in code.
"""

import csv
import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class _Row(BaseModel):
    """A row of a reference file: immutable, and its errors never repeat input."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_none(cls, data: Any) -> Any:
        return {k: (None if v == "" else v) for k, v in data.items()} if isinstance(data, dict) else data


class ShelterType(_Row):
    """A type of shelter with the years in which its code is valid and whether it is in the published population."""

    code: str
    ethos_category: str
    name: str
    report_label: str
    valid_from_year: int | None
    valid_to_year: int | None
    is_published: bool
    source: str

    def is_valid_in(self, year: int) -> bool:
        """Whether the code may be delivered for this reporting year."""
        return (self.valid_from_year or year) <= year <= (self.valid_to_year or year)


class EndReason(_Row):
    """A reason of ending a stay (A5)."""

    code: str
    name: str
    source: str


class AgeClass(_Row):
    """An age class, both ages included; no maximum means open-ended."""

    category: str
    min_age: int
    max_age: int | None
    source: str


class Category(_Row):
    """A category of a dimension; ``is_person_attribute`` when every person has exactly one of the dimension."""

    dimension: str
    category: str
    label: str
    is_person_attribute: bool
    source: str | None


class DeliveryRound(_Row):
    """A round of delivery with its calendar; all dates inclusive, on the Dutch calendar."""

    round: int
    reporting_years: tuple[int, ...]
    delivery_start: date
    delivery_end: date
    extension_end: date | None = None
    withdrawal_start: date
    withdrawal_end: date
    processing_start: date
    advice_month: str
    publication_month: str
    source: str

    @model_validator(mode="before")
    @classmethod
    def _split_years(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("reporting_years"), str):
            data = {**data, "reporting_years": tuple(data["reporting_years"].split())}
        return data

    @model_validator(mode="after")
    def _dates_are_in_order(self) -> "DeliveryRound":
        if not self.reporting_years or len(set(self.reporting_years)) != len(self.reporting_years):
            raise ValueError("reporting_years: at least one year, and each year once")
        if not self.delivery_start <= self.delivery_end <= self.last_delivery_date:
            raise ValueError("delivery_start, delivery_end and extension_end are in this order")
        if not self.delivery_start <= self.withdrawal_start <= self.withdrawal_end:
            raise ValueError("delivery_start, withdrawal_start and withdrawal_end are in this order")
        return self

    @property
    def last_delivery_date(self) -> date:
        """Last day on which a file is on time: the end of the extension where the round has one."""
        return self.extension_end or self.delivery_end


class SetAsideReason(_Row):
    """Why a stay does not count; the first that applies, by priority, is the one reported."""

    priority: int
    reason: str
    description: str
    source: str


class Centrumregio(_Row):
    """A region of a centrumgemeente."""

    code: str
    name: str
    centrumgemeente_code: str
    provincie: str


class Municipality(_Row):
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


class MunicipalMerger(_Row):
    """An old municipality and one successor (a divided municipality has a row for each)."""

    old_code: str
    old_name: str
    new_code: str
    new_name: str
    effective_date: date
    source: str


def _rounds_of_the_package() -> tuple[DeliveryRound, ...]:
    return delivery_rounds()


class Methodology(BaseModel):
    """Settings of the statistic: years, thresholds and rounds that an analyst may replace.

    Those of the package are in ``methodology.toml``; its rounds are in ``delivery_round.csv``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    reporting_years: tuple[int, ...]
    missing_bsn_values: tuple[str, ...]
    adults_only_until_year: int
    adult_age: int
    long_open_days: int
    time_zone: str
    rounds: tuple[DeliveryRound, ...] = Field(default_factory=_rounds_of_the_package)

    @field_validator("rounds")
    @classmethod
    def _oldest_first(cls, rounds: tuple[DeliveryRound, ...]) -> tuple[DeliveryRound, ...]:
        if len({r.round for r in rounds}) != len(rounds):
            raise ValueError("each round once")
        return tuple(sorted(rounds, key=lambda r: r.delivery_start))

    @model_validator(mode="after")
    def _years_are_distinct(self) -> "Methodology":
        if not self.reporting_years or len(set(self.reporting_years)) != len(self.reporting_years):
            raise ValueError("reporting_years: at least one year, and each year once")
        return self


def _text(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def _rows(name: str, **renames: str) -> list[dict[str, str]]:
    return [{renames.get(k, k): v for k, v in row.items()} for row in csv.DictReader(StringIO(_text(name)))]


@cache
def shelter_types() -> tuple[ShelterType, ...]:
    """The types of shelter of all years (source: webinars 2024 and 2025, A4)."""
    return tuple(ShelterType.model_validate(row) for row in _rows("shelter_type.csv"))


@cache
def end_reasons() -> tuple[EndReason, ...]:
    """The reasons of ending (A5)."""
    return tuple(EndReason.model_validate(row) for row in _rows("end_reason.csv"))


@cache
def age_classes() -> tuple[AgeClass, ...]:
    """The age classes (A8)."""
    return tuple(AgeClass.model_validate(row) for row in _rows("age_class.csv"))


@cache
def categories() -> tuple[Category, ...]:
    """Every category of every dimension, in the order in which it is shown (A8)."""
    return tuple(Category.model_validate(row) for row in _rows("category.csv"))


@cache
def delivery_rounds() -> tuple[DeliveryRound, ...]:
    """The rounds of delivery, oldest first (source: webinars 2024 and 2025)."""
    rounds = (DeliveryRound.model_validate(row) for row in _rows("delivery_round.csv"))
    return tuple(sorted(rounds, key=lambda r: r.delivery_start))


@cache
def set_aside_reasons() -> tuple[SetAsideReason, ...]:
    """Why stays do not count, by priority."""
    reasons = (SetAsideReason.model_validate(row) for row in _rows("set_aside_reason.csv"))
    return tuple(sorted(reasons, key=lambda r: r.priority))


@cache
def centrumregios() -> tuple[Centrumregio, ...]:
    """The regions, in the order of their codes."""
    rows = _rows("centrumregio.csv", centrumregiocode="code", centrumregionaam="name")
    return tuple(Centrumregio.model_validate(row) for row in rows)


@cache
def municipalities() -> tuple[Municipality, ...]:
    """Every municipality since 2022 with its region (the source column says how sure the region is)."""
    region_codes = {region.name: region.code for region in centrumregios()}
    rows = _rows(
        "gemeente_centrumregio.csv",
        gemeentecode="code",
        gemeentenaam="name",
        centrumregio="region_code",
        geldig_vanaf_jaar="valid_from_year",
        geldig_tot_jaar="valid_to_year",
        inwoners_2023="inhabitants_2023",
        bron="source",
    )
    return tuple(Municipality.model_validate({**row, "region_code": region_codes[row["region_code"]]}) for row in rows)


@cache
def municipal_mergers() -> tuple[MunicipalMerger, ...]:
    """Old municipality codes and their successors, the longest ago first (D61)."""
    rows = _rows(
        "gemeente_herindeling.csv",
        oude_code="old_code",
        oude_naam="old_name",
        nieuwe_code="new_code",
        nieuwe_naam="new_name",
        ingangsdatum="effective_date",
        bron="source",
    )
    return tuple(MunicipalMerger.model_validate(row) for row in rows)


@cache
def place_aliases() -> tuple[tuple[str, str], ...]:
    """What else people call a region, municipality or province, and its name."""
    return tuple((row["alias"], row["name"]) for row in _rows("place_alias.csv"))


@cache
def place_prefixes() -> tuple[str, ...]:
    """Words that people put before the name of a place, in lower case."""
    return tuple(row["prefix"] for row in _rows("place_prefix.csv"))


def default_methodology() -> dict[str, Any]:
    """The settings as delivered with the package, before a home replaces any."""
    return tomllib.loads(_text("methodology.toml"))


@cache
def published_categories() -> pl.DataFrame:
    """The category list as a frame: ``dimension, category, is_person_attribute`` in order of presentation."""
    return pl.DataFrame(
        [(c.dimension, c.category, c.is_person_attribute) for c in categories()],
        schema={"dimension": pl.String, "category": pl.String, "is_person_attribute": pl.Boolean},
        orient="row",
    )


class CoverageMeasure(_Row):
    """A measure of the coverage table; a national one is given for the whole country only."""

    measure: str
    is_national_only: bool
    description: str


@cache
def coverage_measures() -> tuple[CoverageMeasure, ...]:
    """The measures of the coverage table."""
    return tuple(CoverageMeasure.model_validate(row) for row in _rows("coverage_measure.csv"))


class Assumption(_Row):
    """What the source texts leave open and how it is settled, until the real value is known.

    Attributes:
        id: ``A`` and a number for an assumption of the monitor rules, ``D`` for a further decision of the pipeline.
        title: In a few words.
        text: What is settled.
        where: The place in the project: ``<file> (<name>, ...)``, separated by ``;``.
        source: Where it comes from.
    """

    id: str = Field(pattern="^[AD][1-9][0-9]*$")
    title: str
    text: str
    where: str
    source: str


@cache
def assumptions() -> tuple[Assumption, ...]:
    """The assumptions and decisions, those of the monitor rules first."""
    return tuple(Assumption.model_validate(row) for row in _rows("assumption.csv"))


class DurationClass(_Row):
    """A class of length of stay in days, both ends included; no maximum means open-ended."""

    category: str
    label: str
    min_days: int
    max_days: int | None
    source: str


@cache
def duration_classes() -> tuple[DurationClass, ...]:
    """The classes of length of stay of the op-orde report, shortest first."""
    return tuple(DurationClass.model_validate(row) for row in _rows("duration_class.csv"))

"""Reference data of the monitor: code lists, regions, rounds and settings, as validated objects.

Belongs here: the files beside this module and how they are read. Does not belong here: what the pipeline does with
them. Every value an analyst may want to replace is a row in a file with its source, not a literal in code.
"""

import csv
import re
import tomllib
from datetime import date
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import polars as pl
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator


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


class EndReasonElsewhere(_Row):
    """A reason of ending in a message standard that suppliers' software holds.

    Attributes:
        standard: Name of the standard.
        code: Its code.
        meaning: What the code means there (Dutch).
        meant_code: The reason of ending (A5) that is probably meant; None where no one is.
        source: Where it comes from.
    """

    standard: str
    code: str
    meaning: str
    meant_code: str | None
    source: str


class FileKind(_Row):
    """A kind of file that suppliers send for a delivery.

    Attributes:
        kind: What it is called (Dutch).
        extensions: Endings of its name, small letters, without a full stop.
        signature: Its first bytes; None where it has no fixed ones.
        inside: What stands among its first bytes too; tells apart kinds with the same signature.
        how_to: How it becomes a csv file (Dutch).
        source: Where the signature comes from.
    """

    kind: str
    extensions: tuple[str, ...]
    signature: bytes | None
    inside: bytes | None
    how_to: str
    source: str

    @model_validator(mode="before")
    @classmethod
    def _split(cls, data: Any) -> Any:
        signature, inside = data["signature"], data["inside"]
        return {
            **data,
            "extensions": tuple((data["extensions"] or "").split()),
            "signature": bytes.fromhex(signature) if signature else None,
            "inside": inside.encode() if inside else None,
        }


class PlausibleYear(_Row):
    """Which years a date column may name, counted from the reporting year; both ends included."""

    column: str
    earliest: int
    latest: int
    reason: str
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


def _day(value: Any) -> Any:
    """A day as such: a moment would be cut off at the clock of Greenwich, and a number taken for seconds since 1970."""
    if type(value) is date or value is None or (isinstance(value, str) and _ISO_DAY.fullmatch(value)):
        return value
    raise ValueError(f"write {_A_DAY}")


_ISO_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_A_DAY = "a day without a time, such as 2026-04-01"
_Day = Annotated[date, BeforeValidator(_day), Field(description=_A_DAY)]
_Year = Annotated[int, Field(ge=2000, le=2099)]
_Month = Annotated[
    str, Field(pattern="^20[0-9]{2}-(0[1-9]|1[0-2])$", description='a month as a text, such as "2026-09"')
]
_YEARS = "a list of different years from 2000 to 2099, such as [2023, 2024]"


class DeliveryRound(_Row):
    """A round of delivery with its calendar; all dates inclusive, on the Dutch calendar."""

    round: _Year = Field(description="the year of the round, such as [rounds.2026]")
    reporting_years: tuple[_Year, ...] = Field(description=_YEARS)
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
        if self.processing_start < max(self.last_delivery_date, self.withdrawal_end):
            raise ValueError("processing_start is not before the end of delivery and of withdrawal")
        return self

    @property
    def last_delivery_date(self) -> date:
        """Last day on which a file is on time: the end of the extension where the round has one."""
        return self.extension_end or self.delivery_end


class ExclusionReason(_Row):
    """Why a stay does not count; the first that applies, by priority, is the one reported. The label is Dutch."""

    priority: int
    reason: str
    description: str
    label: str
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

    reporting_years: tuple[_Year, ...] = Field(description=_YEARS)
    missing_bsn_values: tuple[Annotated[str, Field(pattern="^[0-9]{9}$")], ...] = Field(
        description='a list of texts of nine digits, such as ["999999999"]'
    )
    adults_only_until_year: _Year = Field(description="a year from 2000 to 2099, such as 2023")
    adult_age: int = Field(strict=True, ge=1, le=99, description="an age in whole years from 1 to 99, such as 18")
    long_open_days: int = Field(
        strict=True, ge=1, le=36_500, description="a whole number of days from 1 to 36500, such as 365"
    )
    time_zone: str = Field(description="a name of the IANA time zone list, such as Europe/Amsterdam")
    explained_growth_allowed: float = Field(ge=0, allow_inf_nan=False, description="a part of 0 or more, such as 0.1")
    supplier_id_similarity: float = Field(gt=0, le=1, description="a part above 0 and up to 1, such as 0.8")
    rounds: tuple[DeliveryRound, ...] = Field(default_factory=_rounds_of_the_package)

    @field_validator("rounds")
    @classmethod
    def _oldest_first(cls, rounds: tuple[DeliveryRound, ...]) -> tuple[DeliveryRound, ...]:
        if len({r.round for r in rounds}) != len(rounds):
            raise ValueError("each round once")
        return tuple(sorted(rounds, key=lambda r: r.delivery_start))

    @field_validator("reporting_years")
    @classmethod
    def _are_distinct(cls, years: tuple[int, ...]) -> tuple[int, ...]:
        if not years or len(set(years)) != len(years):
            raise ValueError("at least one year, and each year once")
        return years

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key
        except (LookupError, ValueError, OSError):
            # Not there, no name of a file, or a folder.
            names = sorted(available_timezones())
        spelt = {each.lower().rpartition("/")[2]: each for each in names} | {each.lower(): each for each in names}
        close = get_close_matches(name.strip().lower(), spelt, n=1)
        meant = spelt[close[0]] if close else "Europe/Amsterdam"
        raise ValueError(f"no time zone of the IANA list; write {meant}")


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
def end_reasons_elsewhere() -> tuple[EndReasonElsewhere, ...]:
    """The reasons of ending of the message standards iWmo and iJw, with the reason that is probably meant."""
    return tuple(EndReasonElsewhere.model_validate(row) for row in _rows("end_reason_elsewhere.csv"))


@cache
def file_kinds() -> tuple[FileKind, ...]:
    """The kinds of file that suppliers send; of those with the same signature the first that fits is meant."""
    return tuple(FileKind.model_validate(row) for row in _rows("file_kind.csv"))


@cache
def plausible_years() -> dict[str, PlausibleYear]:
    """The years that each date column may name."""
    rows = (PlausibleYear.model_validate(row) for row in _rows("plausible_year.csv"))
    return {row.column: row for row in rows}


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
def exclusion_reasons() -> tuple[ExclusionReason, ...]:
    """Why stays do not count, by priority."""
    reasons = (ExclusionReason.model_validate(row) for row in _rows("exclusion_reason.csv"))
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


Compared = Literal["itself", "own_year", "year_before", "other_year", "other_supplier"]


class ComparisonBound(_Row):
    """How large a difference between two files must be to be told: each of the three must be reached.

    Attributes:
        rule: Id in the rule catalogue.
        against: With what a file is compared: the one before it of its own year, that of the year before, of any other
            year, of another supplier, or nothing but itself.
        minimum: Number of registrations.
        share: Part of the registrations compared.
        deviations: Times the square root of the number expected, which is about what chance alone does.
        source: Where it comes from.
    """

    rule: str
    against: Compared
    minimum: int = Field(ge=1)
    share: float = Field(ge=0)
    deviations: float = Field(ge=0)
    source: str


NumberKind = Literal["bsn", "v_number"]


class PlaceholderNumber(_Row):
    """A number that software or people fill in where the real one is not known: it is nobody's (assumption D43)."""

    kind: NumberKind
    value: str = Field(pattern="^(?:[0-9]{9}|[0-9]{10})$")
    reason: str
    source: str


@cache
def comparison_bounds() -> tuple[ComparisonBound, ...]:
    """The bounds of the comparison of files (assumptions D51 and D53)."""
    return tuple(ComparisonBound.model_validate(row) for row in _rows("comparison_bound.csv"))


@cache
def placeholder_numbers(kind: NumberKind) -> frozenset[str]:
    """The numbers that stand for a missing one, in deliveries and in registers.

    Args:
        kind: ``bsn`` (9 digits) or ``v_number`` (10 digits).

    Returns:
        The numbers as text, leading zeros there.
    """
    rows = (PlaceholderNumber.model_validate(row) for row in _rows("placeholder_number.csv"))
    return frozenset(row.value for row in rows if row.kind == kind)

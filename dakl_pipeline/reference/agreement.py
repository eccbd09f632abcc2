"""Consistency checks of the code lists, each list by itself and together with the others.

Every check yields its problems with the file and line to correct, and how.
"""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dakl_pipeline.reference.classes import AgeClass, Category, CoverageMeasure, DurationClass
from dakl_pipeline.reference.delivered_files import ComparisonBound, FileKind, PlaceholderNumber, PlausibleYear
from dakl_pipeline.reference.geography import (
    Centrumregio,
    DemoRegion,
    Municipality,
    MunicipalMerger,
    PlaceAlias,
    PlacePrefix,
    PublishedFigure,
)
from dakl_pipeline.reference.rounds import DeliveryRound
from dakl_pipeline.reference.rows import CodeList, shipped
from dakl_pipeline.reference.shelter import EndReason, EndReasonElsewhere, ExclusionReason, ShelterType

UNKNOWN = "onbekend"
COUNTRY = "NL"
# Names that the steps know: an extra or missing row would silently not be computed, or be left out.
PERSON_DIMENSIONS = ("totaal", "geslacht", "leeftijd", "herkomst", "inkomstenbron", "wmo", "wlz")
STAY_DIMENSIONS = ("ethos", "type_opvang")
EXCLUSION_REASONS = (
    "type_not_published",
    "end_before_start",
    "starts_after_year",
    "ended_before_year",
    "no_region",
    "no_identifier",
    "minor",
)
COVERAGE_MEASURES = (
    "registrations",
    "counting_registrations",
    "registrations_without_identifier",
    "registrations_without_region",
    "persons_v_number_only",
    "persons_not_in_register",
    "persons_in_several_regions",
    "persons_at_several_suppliers",
    "suppliers",
)
_CARE = ("wmo", "wlz")
_DIGITS = {"bsn": 9, "v_number": 10}


@dataclass(frozen=True)
class ReferenceData:
    """All code lists, by the name of their file."""

    age_class: CodeList[AgeClass]
    category: CodeList[Category]
    centrumregio: CodeList[Centrumregio]
    comparison_bound: CodeList[ComparisonBound]
    coverage_measure: CodeList[CoverageMeasure]
    delivery_round: CodeList[DeliveryRound]
    demo_region: CodeList[DemoRegion]
    duration_class: CodeList[DurationClass]
    end_reason: CodeList[EndReason]
    end_reason_elsewhere: CodeList[EndReasonElsewhere]
    file_kind: CodeList[FileKind]
    gemeente_centrumregio: CodeList[Municipality]
    gemeente_herindeling: CodeList[MunicipalMerger]
    place_alias: CodeList[PlaceAlias]
    place_prefix: CodeList[PlacePrefix]
    placeholder_number: CodeList[PlaceholderNumber]
    plausible_year: CodeList[PlausibleYear]
    published_figure: CodeList[PublishedFigure]
    exclusion_reason: CodeList[ExclusionReason]
    shelter_type: CodeList[ShelterType]


def problems(data: ReferenceData) -> Iterator[str]:
    """All inconsistencies of the code lists.

    Args:
        data: Lists in which every row is valid by itself.
    """
    for check in _CHECKS:
        yield from check(data)


def _age_classes(data: ReferenceData) -> Iterator[str]:
    """Every age is in exactly one class, and the classes are the categories of ``leeftijd``."""
    classes, categories = data.age_class, data.category
    bounds = [(line, row.min_age, row.max_age) for line, row in classes.numbered]
    for line, problem in _gaps(bounds, "age", "ages"):
        yield classes.at(line, problem)
    shown = {row.category for row in categories.rows if row.dimension == "leeftijd"}
    for line, each in classes.numbered:
        if each.category not in shown:
            yield classes.at(
                line, f"{each.category} is no category of leeftijd: add it to {categories.place}, or remove it here"
            )
    known = {row.category for row in classes.rows} | {UNKNOWN}
    for line, row in categories.numbered:
        if row.dimension == "leeftijd" and row.category not in known:
            yield categories.at(line, f"{row.category} is no age class: add it to {classes.place}, or remove it here")


def _duration_classes(data: ReferenceData) -> Iterator[str]:
    """Every length of stay is in exactly one class."""
    classes = data.duration_class
    bounds = [(line, row.min_days, row.max_days) for line, row in classes.numbered]
    for line, problem in _gaps(bounds, "number of days", "days"):
        yield classes.at(line, problem)


def _gaps(bounds: Sequence[tuple[int, int, int | None]], one: str, many: str) -> Iterator[tuple[int, str]]:
    expected: int | None = 0
    last = 1
    for line, low, high in bounds:
        if expected is None:
            yield last, f"only the last class has no maximum: fill the maximum, or move the class below line {line}"
        elif low > expected:
            lost = f"the {many} {expected} to {low - 1} are" if low - 1 > expected else f"the {one} {expected} is"
            yield line, f"{lost} in no class: add the class that is missing above this line"
        elif low < expected:
            yield line, f"it starts at {low} and the class above it ends at {expected - 1}: correct one of them"
        if high is not None and high < low:
            yield line, "its maximum is below its minimum: correct it"
        expected, last = (None if high is None else high + 1), line
    if expected is not None:
        yield last, f"the last class has a maximum and nothing is above it: leave the maximum empty for {many} above it"


def _dimensions(data: ReferenceData) -> Iterator[str]:
    """The dimensions are those that are counted, and every person has one category in each dimension of persons."""
    categories = data.category
    found: dict[str, set[str]] = {}
    for line, row in categories.numbered:
        if row.dimension not in (*PERSON_DIMENSIONS, *STAY_DIMENSIONS):
            yield categories.at(line, "nothing counts this dimension: remove the row or correct its dimension")
        elif row.is_person_attribute != (row.dimension in PERSON_DIMENSIONS):
            yield categories.at(line, f"write {str(not row.is_person_attribute).lower()} for is_person_attribute")
        found.setdefault(row.dimension, set()).add(row.category)
    needed = {name: {UNKNOWN} for name in PERSON_DIMENSIONS} | {name: {"ja", "nee", UNKNOWN} for name in _CARE}
    for dimension, names in {**needed, "totaal": {"totaal"}}.items():
        for name in sorted(names - found.get(dimension, set())):
            yield f"{categories.place}: {dimension} has no category {name}: add the row"
    exact = {"totaal": {"totaal"}} | {name: needed[name] for name in _CARE}
    for line, row in categories.numbered:
        if row.dimension in exact and row.category not in exact[row.dimension]:
            yield categories.at(line, f"nothing counts this category of {row.dimension}: remove the row")


def _shelter_types(data: ReferenceData) -> Iterator[str]:
    """The published types and their ETHOS Light categories are the categories of the stays."""
    types, categories = data.shelter_type, data.category
    of_dimension = {
        "type_opvang": {row.code for row in types.rows if row.is_published},
        "ethos": {row.ethos_category for row in types.rows if row.is_published},
    }
    shown = {(row.dimension, row.category) for row in categories.rows}
    for line, each in types.numbered:
        if (each.valid_to_year or 9999) < (each.valid_from_year or 0):
            yield types.at(line, "valid_to_year is before valid_from_year: correct one of them")
        if not each.is_published:
            continue
        for dimension, code in (("type_opvang", each.code), ("ethos", each.ethos_category)):
            if (dimension, code) not in shown:
                yield types.at(line, f"{code} is no category of {dimension}: add it to {categories.place}")
    for line, row in categories.numbered:
        if row.dimension in of_dimension and row.category not in of_dimension[row.dimension]:
            yield categories.at(line, f"no published type of shelter has {row.category}: correct it, or {types.place}")


def _end_reasons(data: ReferenceData) -> Iterator[str]:
    """The meant code of a reason of another standard is a reason of ending."""
    codes = {row.code for row in data.end_reason.rows}
    elsewhere = data.end_reason_elsewhere
    for line, row in elsewhere.numbered:
        if row.meant_code is not None and row.meant_code not in codes:
            yield elsewhere.at(line, f"{row.meant_code} is no reason of ending: write one of {data.end_reason.place}")


def _exclusion_reasons(data: ReferenceData) -> Iterator[str]:
    """The reasons are those that are tested, with unambiguous priorities."""
    reasons = data.exclusion_reason
    for line, row in reasons.numbered:
        if row.reason not in EXCLUSION_REASONS:
            yield reasons.at(line, "nothing tests this reason: remove the row or correct its name")
    for name in sorted(set(EXCLUSION_REASONS) - {row.reason for row in reasons.rows}):
        yield f"{reasons.place}: the reason {name} is missing, so such stays would count: add the row"
    for expected, (line, row) in enumerate(sorted(reasons.numbered, key=lambda each: each[1].priority), 1):
        if row.priority != expected:
            yield reasons.at(line, f"priorities go up by one from 1: write {expected}")
            break


def _coverage_measures(data: ReferenceData) -> Iterator[str]:
    """The measures are those that are computed."""
    measures = data.coverage_measure
    for line, row in measures.numbered:
        if row.measure not in COVERAGE_MEASURES:
            yield measures.at(line, "nothing computes this measure: remove the row or correct its name")
    for name in sorted(set(COVERAGE_MEASURES) - {row.measure for row in measures.rows}):
        yield f"{measures.place}: the measure {name} is missing: add the row"


def _regions(data: ReferenceData) -> Iterator[str]:
    """The centrumgemeente of a region is a current municipality in that region."""
    regions, places = data.centrumregio, data.gemeente_centrumregio
    today = {row.code: row.region_code for row in places.rows if row.valid_to_year is None}
    for line, row in regions.numbered:
        if today.get(row.centrumgemeente_code) != row.code:
            yield regions.at(
                line, f"its centrumgemeente is no current municipality in this region: correct it, or {places.place}"
            )


def _municipalities(data: ReferenceData) -> Iterator[str]:
    """A municipality has one region at a time, and starts and ends by a merger."""
    places, mergers = data.gemeente_centrumregio, data.gemeente_herindeling
    first_year = min(row.valid_from_year for row in places.rows)
    ended = {(row.old_code, row.effective_date.year) for row in mergers.rows}
    begun = {(row.new_code, row.effective_date.year) for row in mergers.rows}
    regions = {row.code for row in data.centrumregio.rows}
    of_code: dict[str, list[tuple[int, Municipality]]] = {}
    for line, row in places.numbered:
        if row.region_code not in regions:
            yield places.at(line, f"region_code is not in {data.centrumregio.place}: correct it")
        of_code.setdefault(row.code, []).append((line, row))
        if row.valid_to_year is not None and row.valid_to_year < row.valid_from_year:
            yield places.at(line, "valid_to_year is before valid_from_year: correct one of them")
    for numbered in of_code.values():
        numbered.sort(key=lambda each: each[1].valid_from_year)
        for (above, row), (line, following) in pairwise(numbered):
            if row.valid_to_year is None or row.valid_to_year >= following.valid_from_year:
                yield places.at(line, f"it is valid in a year of line {above} too: correct the years of one of them")
            elif row.valid_to_year + 1 < following.valid_from_year:
                yield places.at(line, f"between line {above} and this one are years in which it is nowhere: fill them")
        # Between two rows of one code only the region or name changes.
        (start, first), (end, last) = numbered[0], numbered[-1]
        if first.valid_from_year > first_year and (first.code, first.valid_from_year) not in begun:
            yield places.at(start, f"no merger creates it in that year: add the merger to {mergers.place}")
        gone = last.valid_to_year
        if gone is not None and not {(last.code, gone), (last.code, gone + 1)} & ended:
            yield places.at(end, f"it ends and no merger names its successor: add the merger to {mergers.place}")


def _mergers(data: ReferenceData) -> Iterator[str]:
    """A merger leads from a municipality that ended to one that exists, or that merged later."""
    places, mergers = data.gemeente_centrumregio, data.gemeente_herindeling
    last_year = {row.code: row.valid_to_year or 9999 for row in sorted(places.rows, key=lambda r: r.valid_from_year)}
    names: dict[str, set[str]] = {}
    for place in places.rows:
        names.setdefault(place.code, set()).add(place.name)
    before = None
    for line, row in mergers.numbered:
        later = any(r.old_code == row.new_code and r.effective_date > row.effective_date for r in mergers.rows)
        if row.new_code not in last_year and not later:
            yield mergers.at(line, f"new_code is not in {places.place} and does not merge later: correct it")
        elif row.new_code in names and row.new_name not in names[row.new_code]:
            yield mergers.at(line, f"new_name is not its name in {places.place}: correct one of them")
        if last_year.get(row.old_code, 0) > row.effective_date.year:
            yield mergers.at(line, f"old_code continues after the merger in {places.place}: fill its valid_to_year")
        if before is not None and row.effective_date < before:
            yield mergers.at(line, "it is earlier than the merger above it: put the earliest first")
        before = row.effective_date


def _aliases(data: ReferenceData) -> Iterator[str]:
    """An alias belongs to a known place."""
    known = {row.name for row in data.centrumregio.rows} | {row.province for row in data.centrumregio.rows}
    known |= {row.name for row in data.gemeente_centrumregio.rows} | {COUNTRY}
    for line, row in data.place_alias.numbered:
        if row.name not in known:
            yield data.place_alias.at(line, "no region, municipality or province has this name: correct it")


def _demonstration(data: ReferenceData) -> Iterator[str]:
    """The regions of the demonstration and of published figures exist."""
    known = {row.code for row in data.centrumregio.rows}
    for line, region in data.demo_region.numbered:
        if region.region_code not in known:
            yield data.demo_region.at(line, f"no region has this code: write one of {data.centrumregio.place}")
    for line, figure in data.published_figure.numbered:
        if figure.region_code not in known | {COUNTRY}:
            yield data.published_figure.at(line, f"no region has this code: write one of {data.centrumregio.place}")


def _delivered_files(data: ReferenceData) -> Iterator[str]:
    """Bounds and plausible years refer to rules and columns of the catalogue; numbers have the digits of their kind."""
    rules = tomllib.loads(shipped("rules.toml").text)["rule"]
    ids = {rule["id"] for rule in rules}
    dates = {column for rule in rules if rule["id"] == "year_implausible" for column in rule["columns"]}
    bounds, years, numbers = data.comparison_bound, data.plausible_year, data.placeholder_number
    for line, bound in bounds.numbered:
        if bound.rule not in ids:
            yield bounds.at(line, "no rule has this id: remove the row or write an id of rules.toml")
    for line, year in years.numbered:
        if year.column not in dates:
            yield years.at(line, f"not one of the date columns {', '.join(sorted(dates))}: correct it")
        if year.latest < year.earliest:
            yield years.at(line, "latest is below earliest: correct one of them")
    for name in sorted(dates - {year.column for year in years.rows}):
        yield f"{years.place}: the column {name} is missing: add the row"
    for line, number in numbers.numbered:
        if len(number.value) != _DIGITS[number.kind]:
            yield numbers.at(line, f"write {_DIGITS[number.kind]} digits")


def _rounds(data: ReferenceData) -> Iterator[str]:
    """A round is about years that are over."""
    rounds = data.delivery_round
    for line, row in rounds.numbered:
        if max(row.reporting_years) >= row.round:
            yield rounds.at(line, "a reporting year is not over when the round starts: correct reporting_years")


_CHECKS = (
    _age_classes,
    _duration_classes,
    _dimensions,
    _shelter_types,
    _end_reasons,
    _exclusion_reasons,
    _coverage_measures,
    _regions,
    _municipalities,
    _mergers,
    _aliases,
    _demonstration,
    _delivered_files,
    _rounds,
)

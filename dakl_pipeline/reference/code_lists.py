"""The code lists, read and checked together, and the ones that are in use.

A process serves one home. Its code lists come into use with its settings; without a home those of the package are.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

import polars as pl

from dakl_pipeline.reference.agreement import ReferenceData, problems
from dakl_pipeline.reference.assumption import Assumption
from dakl_pipeline.reference.classes import AgeClass, Category, CoverageMeasure, DurationClass
from dakl_pipeline.reference.delivered_files import (
    ComparisonBound,
    FileKind,
    NumberKind,
    PlaceholderNumber,
    PlausibleYear,
)
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
from dakl_pipeline.reference.rows import File, read_rows, refuse, shipped
from dakl_pipeline.reference.shelter import EndReason, EndReasonElsewhere, SetAsideReason, ShelterType

F = TypeVar("F", bound=Callable[..., Any])

_FIGURES = {
    "age_class": ("category", "min_age", "max_age"),
    "gemeente_centrumregio": ("code", "region_code", "valid_from_year", "valid_to_year"),
    "gemeente_herindeling": ("old_code", "new_code"),
}
# The lists that a home can replace. The others are part of the code (exclusion reasons, measures), of the layout of
# a delivery (types, reasons of ending) or of published tables (regions), and change with the program.
REPLACEABLE = (*_FIGURES, "category", "comparison_bound", "delivery_round", "plausible_year")


def load(own: Mapping[str, File]) -> ReferenceData:
    """Read the code lists and check them, each by itself and all together.

    Args:
        own: Files that replace those of the package, by the name of the list.

    Raises:
        Refused: If a list cannot be replaced, cannot be read or does not agree with another.
    """

    def file(name: str) -> File:
        return own[name] if name in own else shipped(f"{name}.csv")

    for name in own.keys() - set(REPLACEABLE):
        refuse([f"{own[name].place} cannot be used: only {', '.join(sorted(REPLACEABLE))} can be replaced: remove it"])
    regions = read_rows(
        file("centrumregio"),
        Centrumregio,
        key=("code",),
        renames={"centrumregiocode": "code", "centrumregionaam": "name"},
    )
    data = ReferenceData(
        age_class=read_rows(file("age_class"), AgeClass, key=("category",)),
        category=read_rows(file("category"), Category, key=("dimension", "category")),
        centrumregio=regions,
        comparison_bound=read_rows(file("comparison_bound"), ComparisonBound, key=("rule", "against")),
        coverage_measure=read_rows(file("coverage_measure"), CoverageMeasure, key=("measure",)),
        delivery_round=read_rows(file("delivery_round"), DeliveryRound, key=("round",)),
        demo_region=read_rows(file("demo_region"), DemoRegion, key=("year", "region_code")),
        duration_class=read_rows(file("duration_class"), DurationClass, key=("category",)),
        end_reason=read_rows(file("end_reason"), EndReason, key=("code",)),
        end_reason_elsewhere=read_rows(file("end_reason_elsewhere"), EndReasonElsewhere, key=("standard", "code")),
        file_kind=read_rows(file("file_kind"), FileKind, key=("signature", "inside")),
        gemeente_centrumregio=read_rows(
            file("gemeente_centrumregio"),
            Municipality,
            key=("code", "valid_from_year"),
            renames={
                "gemeentecode": "code",
                "gemeentenaam": "name",
                "centrumregio": "region_code",
                "geldig_vanaf_jaar": "valid_from_year",
                "geldig_tot_jaar": "valid_to_year",
                "inwoners_2023": "inhabitants_2023",
                "bron": "source",
            },
            codes={"region_code": {region.name: region.code for region in regions.rows}},
        ),
        gemeente_herindeling=read_rows(
            file("gemeente_herindeling"),
            MunicipalMerger,
            key=("old_code", "new_code"),
            renames={
                "oude_code": "old_code",
                "oude_naam": "old_name",
                "nieuwe_code": "new_code",
                "nieuwe_naam": "new_name",
                "ingangsdatum": "effective_date",
                "bron": "source",
            },
        ),
        place_alias=read_rows(file("place_alias"), PlaceAlias, key=("alias", "name")),
        place_prefix=read_rows(file("place_prefix"), PlacePrefix, key=("prefix",)),
        placeholder_number=read_rows(file("placeholder_number"), PlaceholderNumber, key=("kind", "value")),
        plausible_year=read_rows(file("plausible_year"), PlausibleYear, key=("column",)),
        published_figure=read_rows(file("published_figure"), PublishedFigure, key=("year", "region_code")),
        set_aside_reason=read_rows(file("set_aside_reason"), SetAsideReason, key=("reason",)),
        shelter_type=read_rows(file("shelter_type"), ShelterType, key=("code",)),
    )
    found = list(problems(data))
    if "category" in own:
        found += _fixed_categories(data)
    if "comparison_bound" in own:
        found += _missing_bounds(data)
    refuse(found)
    return data


def _fixed_categories(data: ReferenceData) -> list[str]:
    """The contracts and registers know the categories of the package; only age classes are free."""

    def fixed(rows: tuple[Category, ...]) -> set[tuple[str, str]]:
        return {(row.dimension, row.category) for row in rows if row.dimension != "leeftijd"}

    known = fixed(package().category.rows)
    added = [
        data.category.at(line, f"the registers have no such category of {row.dimension}: remove the row")
        for line, row in data.category.numbered
        if row.dimension != "leeftijd" and (row.dimension, row.category) not in known
    ]
    missing = sorted({dimension for dimension, _ in known - fixed(data.category.rows)})
    return added + [
        f"{data.category.place}: a category of {dimension} is missing: put it back" for dimension in missing
    ]


def _missing_bounds(data: ReferenceData) -> list[str]:
    there = {(row.rule, row.against) for row in data.comparison_bound.rows}
    return [
        f"{data.comparison_bound.place}: {row.rule} against {row.against} is missing: add the row"
        for row in package().comparison_bound.rows
        if (row.rule, row.against) not in there
    ]


@cache
def package() -> ReferenceData:
    """The code lists of the package.

    Raises:
        Refused: If they do not agree.
    """
    return load({})


@dataclass
class _InUse:
    own: Mapping[str, File] = field(default_factory=dict)
    data: ReferenceData | None = None
    followers: list[Callable[[], None]] = field(default_factory=list)


_IN_USE = _InUse()


def in_use() -> ReferenceData:
    """The code lists that are in use."""
    return _IN_USE.data or package()


def use_code_lists(own: Mapping[str, File]) -> None:
    """Put the code lists of the package into use, but for those that a home replaces.

    Args:
        own: The files of the home, by the name of the list.

    Raises:
        Refused: If they cannot be; what was in use stays.
    """
    if dict(own) == _IN_USE.own:
        in_use()
        return
    data = load(own) if own else None
    _IN_USE.own, _IN_USE.data = dict(own), data
    for forget in _IN_USE.followers:
        forget()


def cached_per_code_lists(function: F) -> F:
    """As ``functools.cache``, for what follows from code lists: forgotten when others come into use."""
    kept = cache(function)
    _IN_USE.followers.append(kept.cache_clear)
    return kept  # type: ignore[return-value]


def replaced_lists() -> dict[str, str]:
    """The replaced code lists on which figures depend, each with the digest of what has influence.

    Names, sources and labels have none, nor has the order of rows. A list with the values of that of the package is not
    replaced. Rounds are part of the settings.
    """
    if in_use() is package():
        return {}
    digests = {}
    for name, columns in _FIGURES.items():
        own = getattr(in_use(), name).digest(columns)
        if own != getattr(package(), name).digest(columns):
            digests[name] = own
    return digests


def shelter_types() -> tuple[ShelterType, ...]:
    """The types of shelter of all years (source: webinars 2024 and 2025, A4)."""
    return in_use().shelter_type.rows


def end_reasons() -> tuple[EndReason, ...]:
    """The reasons of ending (A5)."""
    return in_use().end_reason.rows


def end_reasons_elsewhere() -> tuple[EndReasonElsewhere, ...]:
    """The reasons of ending of the message standards iWmo and iJw, with the reason that is probably meant."""
    return in_use().end_reason_elsewhere.rows


def file_kinds() -> tuple[FileKind, ...]:
    """The kinds of file that suppliers send; of those with the same signature the first that fits is meant."""
    return in_use().file_kind.rows


def plausible_years() -> dict[str, PlausibleYear]:
    """The years that each date column may name."""
    return {row.column: row for row in in_use().plausible_year.rows}


def age_classes() -> tuple[AgeClass, ...]:
    """The age classes (A8)."""
    return in_use().age_class.rows


def categories() -> tuple[Category, ...]:
    """Every category of every dimension, in the order in which it is shown (A8)."""
    return in_use().category.rows


def delivery_rounds() -> tuple[DeliveryRound, ...]:
    """The rounds of delivery, oldest first (source: webinars 2024 and 2025)."""
    return tuple(sorted(in_use().delivery_round.rows, key=lambda r: r.delivery_start))


def set_aside_reasons() -> tuple[SetAsideReason, ...]:
    """Why stays do not count, by priority."""
    return tuple(sorted(in_use().set_aside_reason.rows, key=lambda r: r.priority))


def centrumregios() -> tuple[Centrumregio, ...]:
    """The regions, in the order of their codes."""
    return in_use().centrumregio.rows


def municipalities() -> tuple[Municipality, ...]:
    """Every municipality since 2022 with its region (the source column says how sure the region is)."""
    return in_use().gemeente_centrumregio.rows


def municipal_mergers() -> tuple[MunicipalMerger, ...]:
    """Old municipality codes and their successors, the longest ago first (D61)."""
    return in_use().gemeente_herindeling.rows


def place_aliases() -> tuple[tuple[str, str], ...]:
    """What else people call a region, municipality or province, and its name."""
    return tuple((row.alias, row.name) for row in in_use().place_alias.rows)


def place_prefixes() -> tuple[str, ...]:
    """Words that people put before the name of a place, in lower case."""
    return tuple(row.prefix for row in in_use().place_prefix.rows)


def published_categories() -> pl.DataFrame:
    """The category list as a frame: ``dimension, category, is_person_attribute`` in order of presentation."""
    return pl.DataFrame(
        [(c.dimension, c.category, c.is_person_attribute) for c in categories()],
        schema={"dimension": pl.String, "category": pl.String, "is_person_attribute": pl.Boolean},
        orient="row",
    )


def coverage_measures() -> tuple[CoverageMeasure, ...]:
    """The measures of the coverage table."""
    return in_use().coverage_measure.rows


def duration_classes() -> tuple[DurationClass, ...]:
    """The classes of length of stay of the op-orde report, shortest first."""
    return in_use().duration_class.rows


def comparison_bounds() -> tuple[ComparisonBound, ...]:
    """The bounds of the comparison of files (assumptions D51 and D53)."""
    return in_use().comparison_bound.rows


@cache
def placeholder_numbers(kind: NumberKind) -> frozenset[str]:
    """The numbers that stand for a missing one, in deliveries and in registers.

    Args:
        kind: ``bsn`` (9 digits) or ``v_number`` (10 digits).

    Returns:
        The numbers as text, leading zeros there.
    """
    return frozenset(row.value for row in package().placeholder_number.rows if row.kind == kind)


@cache
def assumptions() -> tuple[Assumption, ...]:
    """The assumptions and decisions, those of the monitor rules first."""
    return read_rows(shipped("assumption.csv"), Assumption, key=("id",)).rows

"""The code lists in use.

A process serves one home. Its code lists come into use with its settings; without a home those of the package are used.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

import polars as pl

from dakl_pipeline.reference.agreement import ReferenceData
from dakl_pipeline.reference.assumption import Assumption
from dakl_pipeline.reference.classes import AgeClass, Category, CoverageMeasure, DurationClass
from dakl_pipeline.reference.delivered_files import (
    ComparisonBound,
    FileKind,
    NumberKind,
    PlausibleYear,
)
from dakl_pipeline.reference.geography import (
    Centrumregio,
    Municipality,
    MunicipalMerger,
)
from dakl_pipeline.reference.loading import FIGURES, load, package
from dakl_pipeline.reference.rounds import DeliveryRound
from dakl_pipeline.reference.rows import File, read_rows, shipped
from dakl_pipeline.reference.shelter import EndReason, EndReasonElsewhere, ExclusionReason, ShelterType

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class _InUse:
    own: Mapping[str, File] = field(default_factory=dict)
    data: ReferenceData | None = None
    followers: list[Callable[[], None]] = field(default_factory=list)


_IN_USE = _InUse()


def in_use() -> ReferenceData:
    """The code lists in use."""
    return _IN_USE.data or package()


def use_code_lists(own: Mapping[str, File]) -> None:
    """Put the code lists of the package into use, except those that a home replaces.

    Args:
        own: The files of the home, by name.

    Raises:
        Refused: If they are invalid; the former lists stay in use.
    """
    if dict(own) == _IN_USE.own:
        in_use()
        return
    data = load(own) if own else None
    _IN_USE.own, _IN_USE.data = dict(own), data
    for forget in _IN_USE.followers:
        forget()


def cached_per_code_lists(function: F) -> F:
    """Like ``functools.cache``, for values derived from code lists: cleared when others come into use."""
    kept = cache(function)
    _IN_USE.followers.append(kept.cache_clear)
    return kept  # type: ignore[return-value]


def replaced_lists() -> dict[str, str]:
    """The replaced code lists on which figures depend, each with the digest of its relevant values.

    Names, sources, labels and the order of rows are ignored. A list with the same values as that of the package does
    not count as replaced. Rounds are part of the settings.
    """
    if in_use() is package():
        return {}
    digests = {}
    for name, columns in FIGURES.items():
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
    """The kinds of file that suppliers send; among kinds with the same signature the first match applies."""
    return in_use().file_kind.rows


def plausible_years() -> dict[str, PlausibleYear]:
    """The years that each date column may name."""
    return {row.column: row for row in in_use().plausible_year.rows}


def age_classes() -> tuple[AgeClass, ...]:
    """The age classes (A8)."""
    return in_use().age_class.rows


def categories() -> tuple[Category, ...]:
    """Every category of every dimension, in display order (A8)."""
    return in_use().category.rows


def delivery_rounds() -> tuple[DeliveryRound, ...]:
    """The rounds of delivery, oldest first (source: webinars 2024 and 2025)."""
    return tuple(sorted(in_use().delivery_round.rows, key=lambda r: r.delivery_start))


def exclusion_reasons() -> tuple[ExclusionReason, ...]:
    """The reasons why stays do not count, by priority."""
    return tuple(sorted(in_use().exclusion_reason.rows, key=lambda r: r.priority))


def centrumregios() -> tuple[Centrumregio, ...]:
    """The regions, in the order of their codes."""
    return in_use().centrumregio.rows


def municipalities() -> tuple[Municipality, ...]:
    """Every municipality since 2022 with its region (the source column says how certain the region is)."""
    return in_use().gemeente_centrumregio.rows


def municipal_mergers() -> tuple[MunicipalMerger, ...]:
    """Old municipality codes and their successors, earliest merger first (D61)."""
    return in_use().gemeente_herindeling.rows


def place_aliases() -> tuple[tuple[str, str], ...]:
    """Other names of regions, municipalities and provinces, each with the official name."""
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
        The numbers as text, with leading zeros.
    """
    return frozenset(row.value for row in package().placeholder_number.rows if row.kind == kind)


@cache
def assumptions() -> tuple[Assumption, ...]:
    """The assumptions and decisions, those of the monitor rules first."""
    return read_rows(shipped("assumption.csv"), Assumption).rows

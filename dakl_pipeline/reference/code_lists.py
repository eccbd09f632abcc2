"""The code lists as the rest of the project asks for them, each read once."""

from functools import cache

import polars as pl

from dakl_pipeline.reference.assumption import Assumption
from dakl_pipeline.reference.classes import AgeClass, Category, CoverageMeasure, DurationClass
from dakl_pipeline.reference.delivered_files import (
    ComparisonBound,
    FileKind,
    NumberKind,
    PlaceholderNumber,
    PlausibleYear,
)
from dakl_pipeline.reference.geography import Centrumregio, Municipality, MunicipalMerger
from dakl_pipeline.reference.rounds import DeliveryRound
from dakl_pipeline.reference.rows import rows_of
from dakl_pipeline.reference.shelter import EndReason, EndReasonElsewhere, SetAsideReason, ShelterType


@cache
def shelter_types() -> tuple[ShelterType, ...]:
    """The types of shelter of all years (source: webinars 2024 and 2025, A4)."""
    return tuple(ShelterType.model_validate(row) for row in rows_of("shelter_type.csv"))


@cache
def end_reasons() -> tuple[EndReason, ...]:
    """The reasons of ending (A5)."""
    return tuple(EndReason.model_validate(row) for row in rows_of("end_reason.csv"))


@cache
def end_reasons_elsewhere() -> tuple[EndReasonElsewhere, ...]:
    """The reasons of ending of the message standards iWmo and iJw, with the reason that is probably meant."""
    return tuple(EndReasonElsewhere.model_validate(row) for row in rows_of("end_reason_elsewhere.csv"))


@cache
def file_kinds() -> tuple[FileKind, ...]:
    """The kinds of file that suppliers send; of those with the same signature the first that fits is meant."""
    return tuple(FileKind.model_validate(row) for row in rows_of("file_kind.csv"))


@cache
def plausible_years() -> dict[str, PlausibleYear]:
    """The years that each date column may name."""
    rows = (PlausibleYear.model_validate(row) for row in rows_of("plausible_year.csv"))
    return {row.column: row for row in rows}


@cache
def age_classes() -> tuple[AgeClass, ...]:
    """The age classes (A8)."""
    return tuple(AgeClass.model_validate(row) for row in rows_of("age_class.csv"))


@cache
def categories() -> tuple[Category, ...]:
    """Every category of every dimension, in the order in which it is shown (A8)."""
    return tuple(Category.model_validate(row) for row in rows_of("category.csv"))


@cache
def delivery_rounds() -> tuple[DeliveryRound, ...]:
    """The rounds of delivery, oldest first (source: webinars 2024 and 2025)."""
    rounds = (DeliveryRound.model_validate(row) for row in rows_of("delivery_round.csv"))
    return tuple(sorted(rounds, key=lambda r: r.delivery_start))


@cache
def set_aside_reasons() -> tuple[SetAsideReason, ...]:
    """Why stays do not count, by priority."""
    reasons = (SetAsideReason.model_validate(row) for row in rows_of("set_aside_reason.csv"))
    return tuple(sorted(reasons, key=lambda r: r.priority))


@cache
def centrumregios() -> tuple[Centrumregio, ...]:
    """The regions, in the order of their codes."""
    rows = rows_of("centrumregio.csv", centrumregiocode="code", centrumregionaam="name")
    return tuple(Centrumregio.model_validate(row) for row in rows)


@cache
def municipalities() -> tuple[Municipality, ...]:
    """Every municipality since 2022 with its region (the source column says how sure the region is)."""
    region_codes = {region.name: region.code for region in centrumregios()}
    rows = rows_of(
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
    rows = rows_of(
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
    return tuple((row["alias"], row["name"]) for row in rows_of("place_alias.csv"))


@cache
def place_prefixes() -> tuple[str, ...]:
    """Words that people put before the name of a place, in lower case."""
    return tuple(row["prefix"] for row in rows_of("place_prefix.csv"))


@cache
def published_categories() -> pl.DataFrame:
    """The category list as a frame: ``dimension, category, is_person_attribute`` in order of presentation."""
    return pl.DataFrame(
        [(c.dimension, c.category, c.is_person_attribute) for c in categories()],
        schema={"dimension": pl.String, "category": pl.String, "is_person_attribute": pl.Boolean},
        orient="row",
    )


@cache
def coverage_measures() -> tuple[CoverageMeasure, ...]:
    """The measures of the coverage table."""
    return tuple(CoverageMeasure.model_validate(row) for row in rows_of("coverage_measure.csv"))


@cache
def assumptions() -> tuple[Assumption, ...]:
    """The assumptions and decisions, those of the monitor rules first."""
    return tuple(Assumption.model_validate(row) for row in rows_of("assumption.csv"))


@cache
def duration_classes() -> tuple[DurationClass, ...]:
    """The classes of length of stay of the op-orde report, shortest first."""
    return tuple(DurationClass.model_validate(row) for row in rows_of("duration_class.csv"))


@cache
def comparison_bounds() -> tuple[ComparisonBound, ...]:
    """The bounds of the comparison of files (assumptions D51 and D53)."""
    return tuple(ComparisonBound.model_validate(row) for row in rows_of("comparison_bound.csv"))


@cache
def placeholder_numbers(kind: NumberKind) -> frozenset[str]:
    """The numbers that stand for a missing one, in deliveries and in registers.

    Args:
        kind: ``bsn`` (9 digits) or ``v_number`` (10 digits).

    Returns:
        The numbers as text, leading zeros there.
    """
    rows = (PlaceholderNumber.model_validate(row) for row in rows_of("placeholder_number.csv"))
    return frozenset(row.value for row in rows if row.kind == kind)

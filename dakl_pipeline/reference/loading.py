"""Reading and checking the code lists together, and the list of those that a home can replace."""

from collections.abc import Mapping
from functools import cache

from dakl_pipeline.reference.agreement import ReferenceData, problems
from dakl_pipeline.reference.classes import AgeClass, Category, CoverageMeasure, DurationClass
from dakl_pipeline.reference.delivered_files import (
    ComparisonBound,
    FileKind,
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
from dakl_pipeline.reference.shelter import EndReason, EndReasonElsewhere, ExclusionReason, ShelterType

# The lists on which figures depend, with the columns that matter.
FIGURES = {
    "age_class": ("category", "min_age", "max_age"),
    "gemeente_centrumregio": ("code", "region_code", "valid_from_year", "valid_to_year"),
    "gemeente_herindeling": ("old_code", "new_code"),
}
# The lists that a home can replace. The others are part of the code (exclusion reasons, measures), of the layout of
# a delivery (types, reasons of ending) or of published tables (regions), and change only with the program.
REPLACEABLE = tuple(
    f"{name}.csv" for name in sorted({*FIGURES, "category", "comparison_bound", "delivery_round", "plausible_year"})
)


def load(own: Mapping[str, File]) -> ReferenceData:
    """Read the code lists and check them, each by itself and all together.

    Args:
        own: Files that replace those of the package, by name.

    Raises:
        Refused: If a list cannot be replaced, cannot be read or does not agree with another.
    """

    def file(name: str) -> File:
        return own.get(f"{name}.csv") or shipped(f"{name}.csv")

    refuse(
        [
            f"{own[name].place} cannot be used: only {', '.join(REPLACEABLE)} can be replaced: remove it"
            for name in sorted(own.keys() - set(REPLACEABLE))
        ]
    )
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
        exclusion_reason=read_rows(file("exclusion_reason"), ExclusionReason, key=("reason",)),
        shelter_type=read_rows(file("shelter_type"), ShelterType, key=("code",)),
    )
    found = list(problems(data))
    if "category.csv" in own:
        found += _fixed_categories(data)
    if "comparison_bound.csv" in own:
        found += _missing_bounds(data)
    refuse(found)
    return data


def _fixed_categories(data: ReferenceData) -> list[str]:
    """Contracts and registers know only the categories of the package; only age classes may differ."""

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

"""Reference data of the monitor: code lists, regions, rounds and settings, as validated objects.

Every value that an analyst may want to replace is a row in a file, with its source, not a literal in code.
"""

from dakl_pipeline.reference.assumption import Assumption
from dakl_pipeline.reference.classes import AgeClass, Category, CoverageMeasure, DurationClass
from dakl_pipeline.reference.code_lists import (
    age_classes,
    assumptions,
    cached_per_code_lists,
    categories,
    centrumregios,
    comparison_bounds,
    coverage_measures,
    delivery_rounds,
    duration_classes,
    end_reasons,
    end_reasons_elsewhere,
    exclusion_reasons,
    file_kinds,
    in_use,
    municipal_mergers,
    municipalities,
    place_aliases,
    place_prefixes,
    placeholder_numbers,
    plausible_years,
    published_categories,
    replaced_lists,
    shelter_types,
    use_code_lists,
)
from dakl_pipeline.reference.delivered_files import (
    Compared,
    ComparisonBound,
    FileKind,
    NumberKind,
    PlaceholderNumber,
    PlausibleYear,
)
from dakl_pipeline.reference.geography import Centrumregio, Municipality, MunicipalMerger
from dakl_pipeline.reference.loading import package
from dakl_pipeline.reference.methodology import Methodology, default_methodology
from dakl_pipeline.reference.rounds import DeliveryRound
from dakl_pipeline.reference.rows import File
from dakl_pipeline.reference.shelter import EndReason, EndReasonElsewhere, ExclusionReason, ShelterType

__all__ = [
    "AgeClass",
    "Assumption",
    "Category",
    "Centrumregio",
    "Compared",
    "ComparisonBound",
    "CoverageMeasure",
    "DeliveryRound",
    "DurationClass",
    "EndReason",
    "EndReasonElsewhere",
    "ExclusionReason",
    "File",
    "FileKind",
    "Methodology",
    "MunicipalMerger",
    "Municipality",
    "NumberKind",
    "PlaceholderNumber",
    "PlausibleYear",
    "ShelterType",
    "age_classes",
    "assumptions",
    "cached_per_code_lists",
    "categories",
    "centrumregios",
    "comparison_bounds",
    "coverage_measures",
    "default_methodology",
    "delivery_rounds",
    "duration_classes",
    "end_reasons",
    "end_reasons_elsewhere",
    "exclusion_reasons",
    "file_kinds",
    "in_use",
    "municipal_mergers",
    "municipalities",
    "package",
    "place_aliases",
    "place_prefixes",
    "placeholder_numbers",
    "plausible_years",
    "published_categories",
    "replaced_lists",
    "shelter_types",
    "use_code_lists",
]

"""Classes and categories of persons, stays and registrations in tables and reports."""

from dakl_pipeline.reference.rows import Row


class AgeClass(Row, key=("category",)):
    """An age class, both ages included; no maximum means open-ended."""

    category: str
    min_age: int
    max_age: int | None
    source: str


class DurationClass(Row, key=("category",)):
    """A class of length of stay in days, both ends included; no maximum means open-ended."""

    category: str
    label: str
    min_days: int
    max_days: int | None
    source: str


class Category(Row, key=("dimension", "category")):
    """A category of a dimension; ``is_person_attribute`` if every person has exactly one category of that dimension."""

    dimension: str
    category: str
    label: str
    is_person_attribute: bool
    source: str | None


class CoverageMeasure(Row, key=("measure",)):
    """A measure of the coverage table; a national one exists for the whole country only."""

    measure: str
    is_national_only: bool
    description: str

"""The plan of the demonstration: three years, calibrated on the published figures."""

from functools import cache

from dakl_pipeline.reference.loading import package
from dakl_pipeline.synthetic.plan import PopulationPlan
from dakl_pipeline.synthetic.profile import profile


@cache
def published_figures() -> dict[tuple[int, str], int]:
    """Return the published numbers of people in shelter by year and region (``NL`` for all published regions)."""
    return {(row.year, row.region_code): row.persons for row in package().published_figure.rows}


@cache
def demo_regions() -> dict[int, tuple[str, ...]]:
    """Return the regions that take part in the demonstration, by year."""
    found: dict[int, list[str]] = {}
    for row in package().demo_region.rows:
        found.setdefault(row.year, []).append(row.region_code)
    return {year: tuple(sorted(codes)) for year, codes in sorted(found.items())}


def _size(year: int, region_code: str) -> int | None:
    """Return the published size, or that of the nearest year with the assumed growth; None if nothing is published."""
    known = {y: persons for (y, code), persons in published_figures().items() if code == region_code}
    if not known:
        return None
    nearest = min(known, key=lambda y: (abs(y - year), y))
    return round(known[nearest] * (1 + profile().demo.yearly_growth) ** (year - nearest))


def demo_plan() -> PopulationPlan:
    """Return the plan of ``dakl demo``.

    The country and the largest regions aim at the published figures; the other regions share the rest in proportion to
    their inhabitants. The figures of the demo follow from the files.
    """
    years = tuple(demo_regions())
    shape = profile().demo
    return PopulationPlan(
        seed=shape.seed,
        years=years,
        persons={year: published_figures().get((year, "NL"), shape.persons_2024) for year in years},
        suppliers=shape.suppliers,
        calibration={year: {code: _size(year, code) for code in codes} for year, codes in demo_regions().items()},
        is_cbs_example_included=True,
    )

"""Views of a vintage for an analyst after a count, with the largest changes and the weakest regions first."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from dakl_pipeline.contracts.history import ALL_SUPPLIERS
from dakl_pipeline.presentation.places import REGION_NAMES
from dakl_pipeline.reference.code_lists import centrumregios, coverage_measures
from dakl_pipeline.reference.regions import COUNTRY
from dakl_pipeline.statistics.count import TOTAL

_CELL = ["region_code", "dimension", "category"]
_REGIONS = [region.code for region in centrumregios()]
_PLACE = {code: place for place, code in enumerate((COUNTRY, *_REGIONS))}
_REGISTRATIONS, _COUNTING = "registrations", "counting_registrations"
_NOT_IDENTIFIED = "registrations_without_identifier"


@dataclass(frozen=True)
class RegionFigures:
    """The figures of a region beside those of the previous vintage.

    Attributes:
        region_code: Code of the region, or of the country.
        persons: Persons now; 0 if nobody is counted.
        before: Persons in the previous vintage; None if there is none.
        added: Persons counted now but not before; None if the two vintages cannot be compared by person.
        removed: Persons counted before but not now; None as above.
        cells: Number of its figures that changed; 0 if there is no previous vintage.
    """

    region_code: str
    persons: int
    before: int | None
    added: int | None
    removed: int | None
    cells: int

    @property
    def name(self) -> str:
        """Name of the region."""
        return REGION_NAMES[self.region_code]

    @property
    def change(self) -> int | None:
        """Change in persons since the previous vintage."""
        return None if self.before is None else self.persons - self.before

    @property
    def is_changed(self) -> bool:
        """Whether a figure changed, or other persons make up the same figures."""
        return bool(self.cells or self.added or self.removed)


@dataclass(frozen=True)
class Coverage:
    """The coverage of the figures of a region.

    Attributes:
        region_code: Code of the region, or of the country.
        measures: Every coverage measure of the region.
    """

    region_code: str
    measures: dict[str, int]

    @property
    def name(self) -> str:
        """Name of the region."""
        return REGION_NAMES[self.region_code]

    @property
    def identified_percentage(self) -> float | None:
        """Percentage of registrations with a usable BSN or a V-number; None if there are no registrations."""
        return _percentage(self.measures[_REGISTRATIONS] - self.measures[_NOT_IDENTIFIED], self.measures)

    @property
    def eligible_percentage(self) -> float | None:
        """Percentage of registrations that count; None if there are no registrations."""
        return _percentage(self.measures[_COUNTING], self.measures)


@dataclass(frozen=True)
class Overlap:
    """The overlap between the suppliers of a region.

    Attributes:
        region_code: Code of the region, or of the country.
        suppliers: Number of suppliers with at least one registration here.
        persons: Number of different persons.
        at_several: Number of persons at more than one supplier.
    """

    region_code: str
    suppliers: int
    persons: int
    at_several: int

    @property
    def name(self) -> str:
        """Name of the region."""
        return REGION_NAMES[self.region_code]

    @property
    def percentage(self) -> float:
        """Percentage of persons at more than one supplier."""
        return _of_hundred(self.at_several, self.persons)


def regions_changed_first(now: pl.DataFrame, before: pl.DataFrame | None, changes: pl.DataFrame) -> list[RegionFigures]:
    """Return the figures of the country and of every region that is in either vintage.

    Args:
        now: Frame of the contract ``statistics.unique_person_counts_history``, one vintage.
        before: The same for the previous vintage; None if there is none.
        changes: Frame of the contract ``statistics.changes`` for the vintage.

    Returns:
        The country, then the regions that changed, the largest change first, then the others in their usual order.
    """
    totals, former = _totals(now), _totals(before) if before is not None else None
    moved = {
        code: (added, removed)
        for code, added, removed in changes.filter(supplier_id=ALL_SUPPLIERS)
        .select("region_code", "persons_added", "persons_removed")
        .iter_rows()
    }
    cells = _changed_cells(now, before) if before is not None else {}
    shown = sorted({COUNTRY, *totals, *(former or {})}, key=_PLACE.__getitem__)
    country, *regions = [_figures(code, totals, former, moved.get(code, (0, 0)), cells.get(code, 0)) for code in shown]
    changed = sorted(filter(lambda region: region.is_changed, regions), key=_weight, reverse=True)
    return [country, *changed, *(region for region in regions if not region.is_changed)]


def lowest_coverage_first(coverage: pl.DataFrame) -> list[Coverage]:
    """Return the coverage of the country and of every region with registrations.

    Args:
        coverage: Frame of the contract ``statistics.coverage``, one year.

    Returns:
        The country, then the regions, lowest percentage of identified registrations first.
    """
    names = [measure.measure for measure in coverage_measures()]
    found: dict[str, dict[str, int]] = {}
    for code, measure, value in coverage.select("region_code", "measure", "value").iter_rows():
        found.setdefault(code, {})[measure] = value
    everywhere = [
        Coverage(code, {name: found[code][name] for name in names if name in found[code]})
        for code in sorted(found, key=_PLACE.__getitem__)
    ]
    country, *regions = everywhere
    return [country, *sorted(regions, key=_coverage)]


def regions_without_registrations(coverage: Sequence[Coverage]) -> list[str]:
    """Return the names of the regions without registrations, in their usual order.

    Args:
        coverage: Coverage of the regions with registrations.
    """
    present = {region.region_code for region in coverage}
    return [REGION_NAMES[code] for code in _REGIONS if code not in present]


def largest_overlap_first(coverage: pl.DataFrame, counts: pl.DataFrame) -> list[Overlap]:
    """Return the overlap between suppliers in the country and in every region.

    Args:
        coverage: Frame of the contract ``statistics.coverage``, one year.
        counts: Frame of the contract ``statistics.unique_person_counts``, the same year.

    Returns:
        The country, then the regions, largest percentage of persons at several suppliers first.
    """
    totals = _totals(counts)
    suppliers, at_several = (
        dict(coverage.filter(measure=measure).select("region_code", "value").iter_rows())
        for measure in ("suppliers", "persons_at_several_suppliers")
    )
    # A vintage of an earlier version has no persons at several suppliers.
    found = [Overlap(code, suppliers[code], persons, at_several.get(code, 0)) for code, persons in totals.items()]
    return sorted(found, key=lambda o: (o.region_code != COUNTRY, -o.percentage, _PLACE[o.region_code]))


def _figures(
    code: str, totals: dict[str, int], former: dict[str, int] | None, moved: tuple[int, int], cells: int
) -> RegionFigures:
    persons, before = totals.get(code, 0), None if former is None else former.get(code, 0)
    added, removed = moved
    # With another key or lost tables, the persons added and removed are unknown.
    is_known = before is not None and added - removed == persons - before
    return RegionFigures(code, persons, before, added if is_known else None, removed if is_known else None, cells)


def _weight(region: RegionFigures) -> tuple[int, int, int, int]:
    moved = (region.added or 0) + (region.removed or 0)
    return abs(region.change or 0), moved, region.cells, -_PLACE[region.region_code]


def _coverage(region: Coverage) -> tuple[float, float]:
    return region.identified_percentage or 0, region.eligible_percentage or 0


def _changed_cells(now: pl.DataFrame, before: pl.DataFrame) -> dict[str, int]:
    both = now.select(*_CELL, "persons").join(
        before.select(*_CELL, former="persons"), on=_CELL, how="full", coalesce=True
    )
    return dict(both.filter(pl.col("persons").ne_missing(pl.col("former"))).group_by("region_code").len().iter_rows())


def _totals(counts: pl.DataFrame) -> dict[str, int]:
    return dict(counts.filter(dimension=TOTAL).select("region_code", "persons").iter_rows())


def _percentage(part: int, measures: dict[str, int]) -> float | None:
    whole = measures[_REGISTRATIONS]
    return _of_hundred(part, whole) if whole else None


def _of_hundred(part: int, whole: int) -> float:
    return round(100 * part / whole, 1)

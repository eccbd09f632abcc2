"""Metadata that the Dagster UI shows with a materialisation: first the figures and changes, then how it was made.

The figures are arranged in ``dakl_pipeline.presentation.vintage_view``.

The UI shows metadata in the order given here, and plots every number over the years and over the runs. So values that
an analyst follows are numbers and come first; values kept only for tracing are not numbers. The UI shows Markdown of
less than 1,000 characters at once, longer Markdown behind a link, and JSON always behind one.
"""

from collections.abc import Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

import dagster as dg
import polars as pl

from dakl_pipeline.deliveries.selection import DeliveryStatus
from dakl_pipeline.history.provenance import StageRecord, Vintage, what_changed
from dakl_pipeline.presentation.markdown import bars, table
from dakl_pipeline.presentation.vintage_view import (
    Coverage,
    Overlap,
    RegionFigures,
    largest_overlap_first,
    lowest_coverage_first,
    regions_changed_first,
    regions_without_registrations,
)
from resources.config.versions import versions

Metadata = Mapping[str, dg.MetadataValue]
# As many as the UI shows without a click.
_REGIONS_DRAWN = 12
_DELIVERY = ("supplier", "file", "delivery", "received at", "registrations", "sha256")
# Short headings: the UI cuts a wide table off.
_CHANGE = ("region", "persons", "before", "change", "added", "removed", "cells changed")
_MEASURES = ("measure", "value", "before", "change")
_LOWEST = ("region", "identified %", "counting %", "registrations")
_COVERAGE = (
    *_LOWEST,
    "without identifier",
    "V-number only",
    "not in register",
    "suppliers",
)
_OVERLAP = ("region", "suppliers", "persons", "at several", "at several %")


def making_metadata(
    record: StageRecord, former: StageRecord | None, *, key_id: str, is_written: bool
) -> dict[str, dg.MetadataValue]:
    """How a stage made its tables, and from what.

    Args:
        record: The stage's outcome, of this run or an earlier one.
        former: Its outcome before this run; None if there was none.
        key_id: Id of the key.
        is_written: Whether it was made in this run; if not, none of its inputs changed.
    """
    shown: dict[str, dg.MetadataValue] = {
        "what_changed": dg.MetadataValue.text(_what_changed(record, former, is_written)),
        "rows_in": dg.MetadataValue.int(record.rows_in),
        "rows_excluded": dg.MetadataValue.int(sum(record.excluded.values())),
    }
    if record.excluded:
        shown["excluded_by_reason"] = dg.MetadataValue.md(table(("reason", "rows"), record.excluded.items()))
    if not is_written:
        shown["unchanged_since"] = dg.MetadataValue.timestamp(record.made_at)
    shown["written"] = dg.MetadataValue.bool(is_written)
    technical = {
        "inputs": record.inputs,
        "key_id": key_id,
        "versions": versions(),
        "notes": {name: note for name, note in record.notes.items() if isinstance(note, str)},
    }
    shown["technical"] = dg.MetadataValue.json(technical)
    return shown


def note_metadata(record: StageRecord) -> Metadata:
    """The numbers in a stage's notes.

    Args:
        record: The stage's outcome, of this run or an earlier one.
    """
    return _numbers({name: note for name, note in record.notes.items() if isinstance(note, int)})


def selection_metadata(delivery_statuses: Sequence[DeliveryStatus], *, time_zone: str) -> Metadata:
    """The deliveries of a year: the selected ones, and the others with the reason.

    Args:
        delivery_statuses: Status of every delivery of the year.
        time_zone: For the times of receipt.
    """
    selected = [status for status in delivery_statuses if status.is_selected]
    others = [status for status in delivery_statuses if not status.is_selected]
    clock = ZoneInfo(time_zone)
    why_not = [(*_row(status, clock)[:-1], status.reason, status.delivery.sha256) for status in others]
    numbers = {
        "selected_deliveries": len(selected),
        "registrations": sum(status.delivery.registrations for status in selected),
        "deliveries_not_selected": len(others),
    }
    return {
        **_numbers(numbers),
        "selected": dg.MetadataValue.md(table(_DELIVERY, sorted(_row(each, clock) for each in selected))),
        "not_selected": dg.MetadataValue.md(table((*_DELIVERY[:-1], "why", _DELIVERY[-1]), sorted(why_not))),
    }


def vintage_metadata(
    vintage: Vintage, now: pl.DataFrame, before: pl.DataFrame | None, changes: pl.DataFrame
) -> Metadata:
    """The figures of a year: why they were counted, and persons per region beside the previous vintage.

    Args:
        vintage: The vintage that holds the figures.
        now: Frame of the contract ``statistics.unique_person_counts_history`` of this vintage.
        before: The same for the previous vintage; None for the first.
        changes: Frame of the contract ``statistics.changes`` of this vintage.
    """
    country, *regions = everywhere = regions_changed_first(now, before, changes)
    changed = [region for region in regions if region.is_changed]
    numbers = {"persons": country.persons}
    if country.added is not None and country.removed is not None:
        numbers |= {"persons_added": country.added, "persons_removed": country.removed}
    if before is not None:
        numbers["regions_changed"] = len(changed)
    numbers["regions_with_figures"] = sum(region.persons > 0 for region in regions)
    largest = sorted(regions, key=lambda region: -region.persons)[:_REGIONS_DRAWN]
    shown = {**_numbers(numbers), "reason": dg.MetadataValue.text(vintage.reason)}
    if before is not None:
        shown["changed_regions"] = _in_short(
            _CHANGE,
            map(_figures, (country, *changed)),
            [f"{len(regions) - len(changed)} regions unchanged"],
        )
    return {
        **shown,
        "persons_per_region": dg.MetadataValue.md(table(_CHANGE, map(_figures, everywhere))),
        "largest_regions": dg.MetadataValue.md(bars([(region.name, region.persons) for region in largest])),
        "vintage": dg.MetadataValue.text(str(vintage.number)),
        "counted_at": dg.MetadataValue.timestamp(vintage.counted_at),
    }


def coverage_metadata(now: pl.DataFrame, before: pl.DataFrame | None) -> Metadata:
    """The coverage of a year: the country beside the previous vintage, and the weakest regions first.

    Args:
        now: Frame of the contract ``statistics.coverage_history`` of the newest vintage.
        before: The same for the previous vintage; None for the first.
    """
    country, *regions = lowest_coverage_first(now)
    former = None if before is None else lowest_coverage_first(before)[0].measures
    measures = [
        (measure, value, *((None, None) if former is None else (was := former.get(measure, 0), value - was)))
        for measure, value in country.measures.items()
    ]
    absent = regions_without_registrations(regions)
    percentages = {
        "identified_percentage": country.identified_percentage,
        "eligible_percentage": country.eligible_percentage,
    }
    return {
        **_numbers({**percentages, **country.measures, "regions_with_registrations": len(regions)}),
        "coverage_of_country": dg.MetadataValue.md(table(_MEASURES, measures)),
        "lowest_coverage": _in_short(_LOWEST, (_coverage(region)[: len(_LOWEST)] for region in regions), []),
        "coverage_per_region": dg.MetadataValue.md(table(_COVERAGE, map(_coverage, (country, *regions)))),
        "regions_without_registrations": dg.MetadataValue.text(", ".join(absent) or "none"),
    }


def overlap_metadata(coverage: pl.DataFrame, counts: pl.DataFrame) -> Metadata:
    """The supplier overlap of a year: persons whom several suppliers reported.

    Args:
        coverage: Frame of the contract ``statistics.coverage_history`` of the newest vintage.
        counts: Frame of the contract ``statistics.unique_person_counts_history`` of the same vintage.
    """
    everywhere = largest_overlap_first(coverage, counts)
    shown: dict[str, dg.MetadataValue] = {}
    for country in everywhere[:1]:
        numbers = {
            "persons_at_several_suppliers": country.at_several,
            "at_several_suppliers_percentage": country.percentage,
            "suppliers": country.suppliers,
        }
        shown |= _numbers(numbers)
    several = [place for place in everywhere if place.suppliers > 1]
    shown["largest_overlap"] = _in_short(
        _OVERLAP, map(_overlap, several), [f"{len(everywhere) - len(several)} regions with one supplier"]
    )
    shown["overlap_per_region"] = dg.MetadataValue.md(table(_OVERLAP, map(_overlap, everywhere)))
    return shown


def _numbers(numbers: Mapping[str, float | None]) -> dict[str, dg.MetadataValue]:
    """Values that the UI plots."""
    return {
        name: dg.MetadataValue.int(value) if isinstance(value, int) else dg.MetadataValue.float(value)
        for name, value in numbers.items()
        if value is not None
    }


def _in_short(headings: Sequence[str], rows: Iterable[Sequence[object]], below: Sequence[str]) -> dg.MetadataValue:
    """A table of the first rows, with lines below it about what it leaves out."""
    cells = list(rows)
    more = len(cells) - _REGIONS_DRAWN
    lines = [*([f"{more} more"] if more > 0 else []), *below]
    return dg.MetadataValue.md("\n\n".join([table(headings, cells[:_REGIONS_DRAWN]), *lines]))


def _figures(region: RegionFigures) -> tuple[object, ...]:
    changed = None if region.before is None else region.cells
    return (region.name, region.persons, region.before, region.change, region.added, region.removed, changed)


def _coverage(region: Coverage) -> tuple[object, ...]:
    measures = region.measures
    return (
        region.name,
        region.identified_percentage,
        region.eligible_percentage,
        measures["registrations"],
        measures["registrations_without_identifier"],
        measures["persons_v_number_only"],
        measures["persons_not_in_register"],
        measures["suppliers"],
    )


def _overlap(region: Overlap) -> tuple[object, ...]:
    return (
        region.name,
        region.suppliers,
        region.persons,
        region.at_several,
        region.percentage,
    )


def _what_changed(record: StageRecord, former: StageRecord | None, is_written: bool) -> str:
    if former is None:
        return "made for the first time"
    names = ", ".join(what_changed(former.inputs, record.inputs))
    return names or ("nothing: made again on request, or because a file was damaged" if is_written else "nothing")


def _row(status: DeliveryStatus, clock: ZoneInfo) -> tuple[object, ...]:
    made = status.delivery
    at = made.received_at.astimezone(clock)
    return (made.supplier_id, made.file_name, made.delivery_id, at, made.registrations, made.sha256)

"""What the Dagster UI shows with a materialisation: rows, what was set aside, of what it was made, and what changed.

Belongs here: from records to metadata. Does not belong here: making the records (``stage``, ``resources``) and how
Markdown is written (``dakl_pipeline.markdown``).
"""

from collections.abc import Mapping, Sequence

import dagster as dg
import polars as pl

from dakl_pipeline.figures import by_region_with_change
from dakl_pipeline.intake.selection import Standing
from dakl_pipeline.markdown import bars, table
from dakl_pipeline.provenance import StageRecord, Vintage, what_changed
from resources.versions import versions

_REGIONS_DRAWN = 12
_DELIVERY = ("supplier", "file", "delivery", "received at (UTC)", "sha256", "registrations")


def tell_making(
    record: StageRecord, former: StageRecord | None, *, key_id: str, is_written: bool
) -> dict[str, dg.MetadataValue]:
    """How a stage made its tables, and of what.

    Args:
        record: What the stage made, now or earlier.
        former: What it had made before this run; None when nothing.
        key_id: Id of the key.
        is_written: Whether it was made in this run; otherwise nothing that it is made of changed.
    """
    told: dict[str, dg.MetadataValue] = {
        "rows_in": dg.MetadataValue.int(record.rows_in),
        "rows_set_aside": dg.MetadataValue.int(sum(record.set_aside.values())),
        "written": dg.MetadataValue.bool(is_written),
        "what_changed": dg.MetadataValue.text(_what_changed(record, former, is_written)),
        "made_of": dg.MetadataValue.md(table(("what", "version"), record.made_of.items())),
        "key_id": dg.MetadataValue.text(key_id),
        "versions": dg.MetadataValue.md(table(("what", "version"), versions().items())),
    }
    if not is_written:
        told["unchanged_since"] = dg.MetadataValue.timestamp(record.made_at)
    if record.set_aside:
        told["set_aside_by_reason"] = dg.MetadataValue.md(table(("reason", "rows"), record.set_aside.items()))
    for name, note in record.notes.items():
        told[name] = dg.MetadataValue.int(note) if isinstance(note, int) else dg.MetadataValue.text(note)
    return told


def tell_selection(standings: Sequence[Standing]) -> Mapping[str, dg.MetadataValue]:
    """The deliveries of a year: those that count, and the others with the reason.

    Args:
        standings: How every delivery of the year stands.
    """
    selected = [_row(standing) for standing in standings if standing.is_selected]
    others = [(*_row(standing), standing.reason) for standing in standings if not standing.is_selected]
    return {
        "selected": dg.MetadataValue.md(table(_DELIVERY, sorted(selected))),
        "not_selected": dg.MetadataValue.md(table((*_DELIVERY, "why"), sorted(others))),
    }


def tell_vintage(vintage: Vintage, now: pl.DataFrame, before: pl.DataFrame | None) -> Mapping[str, dg.MetadataValue]:
    """The figures of a year: why they were counted, and persons per region beside the vintage before.

    Args:
        vintage: The vintage that the figures are.
        now: Frame of the contract ``statistics.unique_person_counts_history`` of this vintage.
        before: The same of the vintage before; None for the first.
    """
    regions = by_region_with_change(now, before)
    largest = sorted(((name, persons) for name, persons, *_ in regions[1:]), key=lambda row: -row[1])[:_REGIONS_DRAWN]
    return {
        "vintage": dg.MetadataValue.int(vintage.number),
        "counted_at": dg.MetadataValue.timestamp(vintage.counted_at),
        "reason": dg.MetadataValue.text(vintage.reason),
        "persons_per_region": dg.MetadataValue.md(table(("region", "persons", "vintage before", "change"), regions)),
        "largest_regions": dg.MetadataValue.md(bars(largest)),
    }


def _what_changed(record: StageRecord, former: StageRecord | None, is_written: bool) -> str:
    if former is None:
        return "made for the first time"
    names = ", ".join(what_changed(former.made_of, record.made_of))
    return names or ("nothing: made again on request, or because a file was lost" if is_written else "nothing")


def _row(standing: Standing) -> tuple[object, ...]:
    made = standing.delivery
    return (made.supplier_id, made.file_name, made.delivery_id, made.received_at, made.sha256, made.registrations)

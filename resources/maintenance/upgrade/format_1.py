"""From format 0, the homes without a format number (made up to commit 8b81e75), to format 1.

Changes: the names in :data:`RENAMES`; the list columns of unique persons become tables; entries of the delivery log
are chained; explanations, each a file in a folder per year and supplier, become an append-only log too. Entries and
delivered files stay the same byte for byte.
"""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from pathlib import Path

from polars.exceptions import PolarsError

from dakl_pipeline.errors import Refused
from resources.maintenance.upgrade.narrow_tables import (
    DIGEST_SHOWN,
    PERSONS,
    StoredTables,
    name_split_persons,
    split_persons,
)
from resources.maintenance.upgrade.renames import Renames
from resources.storage.files import digest_of, write_atomically
from resources.storage.links import chain

RENAMES = Renames(
    tables={
        "stays.assessed": "stays.eligibility",
        "statistics.set_aside_history": "statistics.exclusions_history",
    },
    columns={
        "set_aside_reason": "exclusion_reason",
        "persons_came": "persons_added",
        "persons_went": "persons_removed",
    },
    values={"identified_by": {"nothing": "none"}},
    keys={"made_of": "inputs", "set_aside": "excluded", "assessed_stays": "stay_eligibility"},
)
# What JSON of another shape than expected raises.
_MALFORMED = (ValueError, KeyError, TypeError, AttributeError)


def to_format_1(root: Path) -> list[str]:
    """Convert a copy of a home of format 0.

    Args:
        root: The copy; no file in it is changed in place, because it may share its files with the home.

    Returns:
        The steps that were done, one line each.

    Raises:
        Refused: If a vintage is damaged.
        OSError: If something cannot be read or written.
    """
    entries = chain(root / "deliveries", _files_of_delivery)
    explanations = _log_explanations(root / "deliveries" / "explanations")
    rewritten = _Rewritten()
    for folder in _of_years(root / "stages"):
        _rewrite_stage_tables(folder, rewritten)
    for file in (folder / "record.json" for folder in _of_years(root / "stages")):
        if file.exists():
            _rewrite_record(file, rewritten)
    folders = [folder for year in _of_years(root / "history") for folder in sorted(year.glob("[0-9]*"))]
    vintages = [folder for folder in folders if folder.name.isdigit()]
    for vintage in vintages:
        _rewrite_vintage(vintage, rewritten)
    return [
        f"{entries} entries of the delivery log and {explanations} explanations kept, and chained",
        f"{len(vintages)} vintages of the figures kept, with the names of this version",
    ]


def _files_of_delivery(folder: Path) -> dict[str, str]:
    """The digest of the file of a delivery, from its entry, so that a missing or changed file is found afterwards."""
    try:
        entry = json.loads((folder / "entry.json").read_bytes())
        return {entry["stored_name"]: entry["sha256"]} if entry.get("kind") == "delivery" else {}
    except (FileNotFoundError, *_MALFORMED):
        raise Refused(
            f"entry {folder.name} of the delivery log is not readable: put its folder in deliveries/ back from a "
            "backup; then upgrade again"
        ) from None


def _log_explanations(root: Path) -> int:
    """Move the explanations into one log, in the order in which they were recorded.

    Returns:
        The number of explanations.
    """
    kept = []
    for path in sorted(root.glob("[0-9][0-9][0-9][0-9]/*/*.json")):
        try:
            entry = json.loads(path.read_bytes())
            kept.append((datetime.fromisoformat(entry["recorded_at"]).timestamp(), path, entry))
        except _MALFORMED:
            raise Refused(
                f"the explanation {path.relative_to(root.parent.parent)} is not readable: put it back from a backup; "
                "then upgrade again"
            ) from None
    kept.sort(key=itemgetter(0, 1))
    for sequence, (_, path, entry) in enumerate(kept, start=1):
        content = json.dumps({**entry, "sequence": sequence}, indent=2, ensure_ascii=False) + "\n"
        write_atomically(root / f"{sequence:06d}" / "entry.json", content.encode())
        path.unlink()
    for folder in _of_years(root):
        shutil.rmtree(folder)
    return chain(root, lambda folder: {})


def _of_years(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.glob("[0-9][0-9][0-9][0-9]") if path.is_dir())


@dataclass
class _Rewritten:
    """Tables between the stages that were rewritten, by the digest of their old file.

    Attributes:
        digests: Their new digests.
        split: For a table that was split, the new tables as recorded.
    """

    digests: dict[str, str] = field(default_factory=dict)
    split: dict[str, StoredTables] = field(default_factory=dict)


def _rewrite_stage_tables(folder: Path, rewritten: _Rewritten) -> None:
    """Give tables and columns their new names; a damaged table is left alone, as the next run makes it again."""
    for path in sorted(folder.glob("*.parquet")):
        name, digest, _ = path.name.rsplit(".", 2)
        try:
            before = digest_of(path)
            if not before.startswith(digest):
                continue
            if name == PERSONS:
                rewritten.split[before] = split_persons(path)
                rewritten.digests[before] = str(rewritten.split[before][PERSONS]["sha256"])
                continue
            if RENAMES.rewrite(path):
                rewritten.digests[before] = digest_of(path)
        except PolarsError:
            continue
        now = rewritten.digests.get(before, before)[:DIGEST_SHOWN]
        path.rename(folder / f"{RENAMES.tables.get(name, name)}.{now}.parquet")


def _rewrite_vintage(folder: Path, rewritten: _Rewritten) -> None:
    try:
        for path in sorted(folder.glob("*.parquet")):
            RENAMES.rewrite(path)
            path.rename(folder / f"{RENAMES.tables.get(path.stem, path.stem)}.parquet")
        if not _rewrite_record(folder / "vintage.json", rewritten):
            raise Refused("")
    except (PolarsError, FileNotFoundError, Refused):
        raise Refused(
            f"vintage {int(folder.name)} of {folder.parent.name} is damaged: put its folder in history/ back from a "
            "backup, or remove it and lose that part of the history; then upgrade again"
        ) from None


def _rewrite_record(file: Path, rewritten: _Rewritten) -> bool:
    """Give a record its new keys, digests and tables; an unreadable record is left alone.

    Returns:
        Whether it is readable.
    """
    try:
        before, record = (json.loads(file.read_bytes()) for _ in range(2))
        name_split_persons(record, rewritten.split)
        renamed = RENAMES.of_record(record, rewritten.digests)
    except _MALFORMED:
        return False
    if renamed != before:
        write_atomically(file, json.dumps(renamed, indent=1, ensure_ascii=False).encode())
    return True

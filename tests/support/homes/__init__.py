"""Frozen homes of earlier formats: each in its own folder, with its figures."""

import tarfile
from pathlib import Path

FOLDER = Path(__file__).parent
# The newest vintage of every year, as exported by the version that made the home.
FIGURES = ("unique_person_counts", "coverage", "supplier_overlap")


def unpack_home(number: int, folder: Path) -> Path:
    """Unpack the home of a format into a folder.

    Args:
        number: The format.
        folder: An existing folder.
    """
    with tarfile.open(FOLDER / f"format_{number}" / "home.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "home"


def backup_of(number: int) -> Path:
    """The backup of a home of a format, made by ``dakl backup`` of a version with that format."""
    return FOLDER / f"format_{number}" / "backup.tar.gz"


def figures_of(number: int, table: str) -> str:
    """A table of the statistics as exported then, in CSV."""
    return (FOLDER / f"format_{number}" / f"{table}.csv").read_text(encoding="utf-8")

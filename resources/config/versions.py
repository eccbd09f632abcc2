"""Which program this is: what a figure was made with.

Belongs here: digests of the code and data of the package, and versions of the libraries that compute. Does not belong
here: what follows from another version (``assets``).
"""

import hashlib
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

from dakl_pipeline import __version__
from dakl_pipeline.intake.catalogue import catalogue

_ROOMS = Path(__file__).resolve().parents[2]
_STATISTICS = _ROOMS / "dakl_pipeline"
# Parts that no figure depends on. Whatever is not named here counts, so a new part does too.
_WITHOUT_INFLUENCE = {
    "dakl_pipeline": {
        *("cli", "history", "mail", "op_orde", "operation", "presentation", "synthetic", "definitions.py"),
    },
    "assets": {"automation"},
}
_COMPUTING = ("polars", "polars-hash", "dataframely")
_SHOWN = 12


@cache
def code_version() -> str:
    """Digest of everything in the package that a figure depends on, and of the libraries that compute it."""
    places = [
        path
        for room, without in _WITHOUT_INFLUENCE.items()
        for path in (_ROOMS / room).iterdir()
        if path.name not in without
    ]
    libraries = [f"{name} {metadata.version(name)}" for name in _COMPUTING]
    return _digest(places, *libraries)


@cache
def versions() -> dict[str, str]:
    """Versions of the program, its rules and data, and its libraries, by name."""
    return {
        "dakl-pipeline": __version__,
        "git": _git_revision() or _revision_of_the_build() or "not known",
        "code": code_version(),
        "rule catalogue": catalogue().version,
        "contracts": _digest([_STATISTICS / "contracts"]),
        "reference data": _digest([_STATISTICS / "reference"]),
        **{name: metadata.version(name) for name in (*_COMPUTING, "duckdb", "dagster")},
    }


def _digest(places: list[Path], *more: str) -> str:
    files = [
        file
        for place in places
        for file in (place.rglob("*") if place.is_dir() else (place,))
        if file.suffix in (".py", ".csv", ".toml")
    ]
    digest = hashlib.sha256("\n".join(more).encode())
    for file in sorted(files):
        digest.update(file.relative_to(_ROOMS).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:_SHOWN]


def _revision_of_the_build() -> str | None:
    """What ``deploy/git_revision.py`` left in the wheel."""
    file = _STATISTICS / "git-revision.txt"
    return file.read_text(encoding="ascii") if file.exists() else None


def _git_revision() -> str | None:
    # Only a checkout of this project: an installed package may lie in somebody else's.
    if not (_ROOMS / ".git").exists():
        return None
    command = ["git", "-C", str(_ROOMS), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=5)  # noqa: S603 - fixed words
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()

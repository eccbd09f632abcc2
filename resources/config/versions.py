"""The versions of the program and its libraries, kept with every figure."""

import hashlib
import os
import shutil
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

from dakl_pipeline import __version__
from dakl_pipeline.intake.catalogue import catalogue

_ROOMS = Path(__file__).resolve().parents[2]
_STATISTICS = _ROOMS / "dakl_pipeline"
_COMPUTING = ("polars", "polars-hash", "dataframely")
_DIGEST_LENGTH = 12
# Where the system has its programs: PATH could name another `git`, which would run with the key at hand.
_PROGRAMS = "/usr/bin:/bin:/usr/local/bin"


@cache
def computing_libraries() -> dict[str, str]:
    """Versions of the computing libraries, by name: another version can change a figure."""
    return {name: metadata.version(name) for name in _COMPUTING}


@cache
def versions() -> dict[str, str]:
    """Versions of the program, its rules and data, and its libraries, by name."""
    return {
        "dakl-pipeline": __version__,
        "git": _git_revision() or _revision_of_the_build() or "not known",
        "rule catalogue": catalogue().version,
        "contracts": _digest(_STATISTICS / "contracts"),
        "reference data": _digest(_STATISTICS / "reference"),
        **computing_libraries(),
        **{name: metadata.version(name) for name in ("duckdb", "dagster")},
    }


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(file for file in folder.rglob("*") if file.suffix in (".py", ".csv", ".toml")):
        digest.update(file.relative_to(_ROOMS).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:_DIGEST_LENGTH]


def _revision_of_the_build() -> str | None:
    """The revision that ``deploy/git_revision.py`` wrote into the wheel."""
    file = _STATISTICS / "git-revision.txt"
    return file.read_text(encoding="ascii") if file.exists() else None


def _git_revision() -> str | None:
    # Only for a checkout of this project: an installed package may lie in another repository.
    if not (_ROOMS / ".git").exists():
        return None
    git = shutil.which("git", path=_PROGRAMS)
    if git is None:
        return None
    environment = {"PATH": _PROGRAMS, "HOME": os.environ.get("HOME", "")}
    # A monitor of files would be a program that the settings of the checkout name.
    words = ["-c", "core.fsmonitor=false", "-C", str(_ROOMS), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            [git, *words], capture_output=True, text=True, check=True, timeout=5, env=environment
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()

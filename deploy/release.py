"""Release notes of a version, if it can be released: the program and the CHANGELOG must name the same version.

`python deploy/release.py 1.2.3` prints the notes of that version, or exits with 1 and says what to do first.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_PROGRAM = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
_HEADING = re.compile(r"^## \[([^]]+)\](?: - (.+))?$", re.MULTILINE)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def notes(version: str, changelog: str) -> str | None:
    """Text of the CHANGELOG about a version; None when the version has no heading."""
    headings = list(_HEADING.finditer(changelog))
    ends = [heading.start() for heading in headings[1:]] + [len(changelog)]
    found = (changelog[h.end() : end].strip() for h, end in zip(headings, ends, strict=True) if h[1] == version)
    return next(found, None)


def obstacles(version: str, *, program: str, changelog: str) -> list[str]:
    """List why a version cannot be released.

    Args:
        version: The version, as in ``1.2.3``.
        program: Text of ``dakl_pipeline/__init__.py``.
        changelog: Text of ``CHANGELOG.md``.

    Returns:
        A line per reason, with what to do; empty when the version can be released.
    """
    if not _VERSION.fullmatch(version):
        return ["a version is three numbers, as in 1.2.3"]
    found = []
    if (declared := _PROGRAM.search(program)) is None or declared[1] != version:
        found.append(f'set __version__ = "{version}" in dakl_pipeline/__init__.py')
    days = [(heading[1], heading[2] or "") for heading in _HEADING.finditer(changelog)]
    released = [(name, day) for name, day in days if name.lower() != "unreleased"]
    if version not in dict(released):
        return [*found, f"CHANGELOG.md has no heading ## [{version}] - YYYY-MM-DD: add it above what is released"]
    if released[0][0] != version:
        found.append(f"{version} is not the first version in CHANGELOG.md: {released[0][0]} is above it")
    if not _DAY.fullmatch(dict(released)[version]):
        found.append(f"give {version} the date of its release in CHANGELOG.md: ## [{version}] - YYYY-MM-DD")
    if not notes(version, changelog):
        found.append(f"describe in CHANGELOG.md what changed in {version}")
    if notes("Unreleased", changelog):
        found.append(f"move the text under Unreleased in CHANGELOG.md to {version}")
    return found


def main(arguments: Sequence[str]) -> int:
    """Print the notes of a version, or why it cannot be released."""
    if len(arguments) != 1:
        print("usage: make release VERSION=1.2.3", file=sys.stderr)  # noqa: T201
        return 2
    (version,) = arguments
    changelog = (_ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    program = (_ROOT / "dakl_pipeline" / "__init__.py").read_text(encoding="utf-8")
    reasons = obstacles(version, program=program, changelog=changelog)
    for reason in reasons:
        print(reason, file=sys.stderr)  # noqa: T201
    if not reasons:
        print(notes(version, changelog))  # noqa: T201
    return 1 if reasons else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

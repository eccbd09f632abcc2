"""A version is released only when the program and the CHANGELOG agree on it."""

import subprocess
import sys

import pytest

from deploy.release import notes, obstacles
from tests.support.paths import ROOT

PROGRAM = '"""What it is."""\n\n__version__ = "1.2.0"\n'
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n## [1.2.0] - 2026-11-25\n\n- New.\n\n## [1.1.0] - 2026-01-02\n\n- Old.\n"


def test_a_version_that_both_name_can_be_released() -> None:
    assert obstacles("1.2.0", program=PROGRAM, changelog=CHANGELOG) == []
    assert notes("1.2.0", CHANGELOG) == "- New."
    assert notes("1.1.0", CHANGELOG) == "- Old."


@pytest.mark.parametrize(
    ("version", "old", "new", "reason"),
    [
        ("v1.2.0", "", "", "a version is three numbers"),
        ("1.2", "", "", "a version is three numbers"),
        ("1.3.0", "", "", 'set __version__ = "1.3.0"'),
        ("1.3.0", "", "", "CHANGELOG.md has no heading ## [1.3.0]"),
        ("1.1.0", "", "", "1.1.0 is not the first version"),
        ("1.2.0", " - 2026-11-25", "", "give 1.2.0 the date of its release"),
        ("1.2.0", "2026-11-25", "unreleased", "give 1.2.0 the date of its release"),
        ("1.2.0", "- New.", "", "describe in CHANGELOG.md what changed in 1.2.0"),
        ("1.2.0", "[Unreleased]\n", "[Unreleased]\n\n- Later.\n", "move the text under Unreleased"),
    ],
)
def test_each_thing_in_the_way_is_told_with_what_to_do(version: str, old: str, new: str, reason: str) -> None:
    found = obstacles(version, program=PROGRAM, changelog=CHANGELOG.replace(old, new) if old else CHANGELOG)
    assert any(each.startswith(reason) for each in found), found


def test_a_program_of_another_version_is_named() -> None:
    (found,) = obstacles("1.2.0", program=PROGRAM.replace("1.2.0", "1.1.9"), changelog=CHANGELOG)
    assert found.startswith('set __version__ = "1.2.0"')


def test_a_version_that_nobody_prepared_is_refused_with_exit_code_one() -> None:
    command = [sys.executable, str(ROOT / "deploy" / "release.py"), "99.0.0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "99.0.0" in done.stderr

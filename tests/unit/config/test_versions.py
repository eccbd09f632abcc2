"""The revision comes from the git of the system."""

import subprocess
from pathlib import Path

import pytest

from resources.config import versions


def test_a_git_that_is_first_in_the_path_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(versions, "_ROOMS", tmp_path)
    (tmp_path / ".git").mkdir()
    versions._git_revision()
    assert not (tmp_path / "ran").exists()


def test_a_monitor_that_the_checkout_names_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "_ROOMS", tmp_path)
    (tmp_path / "monitor").write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\n")
    (tmp_path / "monitor").chmod(0o755)
    git = ["git", "-C", str(tmp_path), "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "x"]):
        subprocess.run([*git, *words], check=True)
    subprocess.run([*git, "config", "core.fsmonitor", str(tmp_path / "monitor")], check=True)
    assert versions._git_revision()
    assert not (tmp_path / "ran").exists()

"""Writes the git revision into a build, so that figures made on a server name their commit."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

# Where the system has its programs: PATH could name another `git`.
_PROGRAMS = "/usr/bin:/bin:/usr/local/bin"
_PLACE = "dakl_pipeline/git-revision.txt"


class GitRevision(BuildHookInterface):
    """Adds a file with the revision to wheels and source distributions; a wheel made from one of those keeps it."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the file, except outside a checkout and for an editable install, which has the checkout itself."""
        if version == "editable" or not (Path(self.root) / ".git").exists():
            return
        git = shutil.which("git", path=_PROGRAMS)
        if git is None:
            return
        environment = {"PATH": _PROGRAMS, "HOME": os.environ.get("HOME", "")}
        words = ["-c", "core.fsmonitor=false", "-C", self.root, "describe", "--always", "--dirty", "--abbrev=12"]
        try:
            revision = subprocess.run(  # noqa: S603 - fixed words
                [git, *words], capture_output=True, text=True, check=True, env=environment
            ).stdout.strip()
        except (OSError, subprocess.SubprocessError):
            return
        self._folder = tempfile.TemporaryDirectory()
        file = Path(self._folder.name) / "git-revision.txt"
        file.write_text(revision, encoding="ascii")
        build_data["force_include"][str(file)] = _PLACE

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Delete the temporary file."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()

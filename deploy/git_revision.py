"""Writes the git revision into a build, so that figures made on a server name their commit."""

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PLACE = "dakl_pipeline/git-revision.txt"


class GitRevision(BuildHookInterface):
    """Adds a file with the revision to wheels and source distributions; a wheel made from one of those keeps it."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make the file, except outside a checkout and for an editable install, which has the checkout itself."""
        if version == "editable" or not (Path(self.root) / ".git").exists():
            return
        command = ["git", "-C", self.root, "describe", "--always", "--dirty", "--abbrev=12"]
        try:
            revision = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603 - fixed words
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

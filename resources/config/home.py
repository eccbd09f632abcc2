"""The home folder: where each piece of state lives."""

import os
from dataclasses import dataclass
from pathlib import Path

from dakl_pipeline.errors import Missing, WrongUsage
from dakl_pipeline.privacy.redaction import mask_unprintable

# SQLite opens no path of more than 512 bytes, and the files of a home lie up to 100 deeper.
_LONGEST_PATH = 400


@dataclass(frozen=True)
class Home:
    """The one folder that holds all state; it may have any printable name.

    Attributes:
        root: The folder, as an absolute path: some libraries give a leading ``~`` or ``file:`` a special meaning.

    Raises:
        WrongUsage: If its path is not printable, or is too long for the files in it.
    """

    root: Path

    def __post_init__(self) -> None:
        root = self.root.absolute()
        if not str(root).isprintable():
            raise WrongUsage(
                f"the path of the home holds a character that cannot be shown: {mask_unprintable(str(root))}. Name "
                "another folder with --home or DAKL_HOME"
            )
        if len(os.fsencode(root)) > _LONGEST_PATH:
            raise WrongUsage(
                f"the path of the home is longer than {_LONGEST_PATH} bytes, and the files in it would not open: name "
                "another folder with --home or DAKL_HOME"
            )
        object.__setattr__(self, "root", root)

    @property
    def deliveries(self) -> Path:
        """Received files and their log; beside the registers, the only place that holds a BSN."""
        return self.root / "deliveries"

    @property
    def registers(self) -> Path:
        """The person registers, one folder per year."""
        return self.root / "registers"

    @property
    def stages(self) -> Path:
        """The tables between the stages, pseudonymised, one folder per year."""
        return self.root / "stages"

    @property
    def history(self) -> Path:
        """The vintages of the figures, one folder per year and vintage."""
        return self.root / "history"

    @property
    def audit(self) -> Path:
        """The audit log: who did what with this home, and when."""
        return self.root / "audit"

    @property
    def warehouse(self) -> Path:
        """The DuckDB file with every counted year."""
        return self.root / "warehouse.duckdb"

    @property
    def reports(self) -> Path:
        """Op-orde reports and mails, one folder per year and supplier."""
        return self.root / "reports"

    @property
    def mails(self) -> Path:
        """Mails to the analyst."""
        return self.root / "mails"

    @property
    def coordinators_file(self) -> Path:
        """The coordinators who get the mails of each supplier; optional."""
        return self.root / "coordinators.csv"

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME: run history."""
        return self.root / "dagster"

    @property
    def key_file(self) -> Path:
        """The secret key, when neither the environment nor another file gives one."""
        return self.root / "pseudonym.key"

    @property
    def settings_file(self) -> Path:
        """Settings of the statistic that this home replaces; optional."""
        return self.root / "settings.toml"

    @property
    def format_file(self) -> Path:
        """The format of the home, and the version that made it."""
        return self.root / "home.json"

    @property
    def reference(self) -> Path:
        """Code lists that this home replaces; optional."""
        return self.root / "reference"

    def require(self) -> "Home":
        """Return the home if it exists.

        Raises:
            Missing: If the folder does not exist.
        """
        if not self.root.is_dir():
            raise Missing(
                f"there is no home at {self.root}: make one with `dakl demo` or `dakl key create`, "
                "or name another with --home or DAKL_HOME"
            )
        return self


def home_of_environment() -> Home:
    """The home that ``DAKL_HOME`` names, else ``./dakl_home``; it need not exist."""
    return Home(Path(os.environ.get("DAKL_HOME") or "dakl_home"))

"""The home folder: where each piece of state lives."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dakl_pipeline.errors import Missing, Refused, WrongUsage
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

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder with state."""
        return (
            self.deliveries,
            self.registers,
            self.stages,
            self.history,
            self.audit,
            self.reports,
            self.mails,
            self.reference,
            self.dagster,
        )

    def require_own_links(self) -> None:
        """Refuse folders that are links which another account made, or that lead to a folder of another account.

        A folder may lie on another disk; but a link of somebody else could put persons where that account reads them.

        Raises:
            Refused: If there is one; names it.
        """
        own = {0, os.geteuid()}
        with suppress(OSError):
            own.add(self.root.stat().st_uid)
        for folder in self.folders:
            with suppress(FileNotFoundError):
                if folder.is_symlink() and not {folder.lstat().st_uid, folder.stat().st_uid} <= own:
                    raise Refused(
                        f"{folder} is a link that another account made, or that leads to its folder: put a folder or a "
                        "link of your own in its place"
                    )

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


def refuse_link(file: Path) -> None:
    """Refuse a file of the home that is a link: it could lead to what must not be read here.

    Raises:
        Refused: If it is a link.
    """
    if file.is_symlink():
        raise Refused(f"{file} is a link: put the file itself there; only folders of a home may be links")


def home_of_environment() -> Home:
    """The home that ``DAKL_HOME`` names, else ``./dakl_home``; it need not exist."""
    return Home(Path(os.environ.get("DAKL_HOME") or "dakl_home"))

"""What an attack is, and the program that it attacks."""

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

HEADER = "aanmaakdatum;gemeentecode;bsn;type_opvang;startdatum;einddatum;meldingsdatum;reden_einde;v_nummer"
# Synthetic numbers that pass the eleven test. Cees is a minor in 2023.
ANNA, BRAM, CEES, DORA = "123456782", "111222333", "100000009", "987654329"
IN_WINDOW = {2023: "2025-05-01T12:00", 2024: "2025-05-01T12:00"}
_TIMEOUT = 300


@dataclass(frozen=True)
class Target:
    """A program under attack, with a folder in which everything happens.

    Attributes:
        dakl: The installed command.
        folder: An empty folder for this attack alone.
    """

    dakl: Path
    folder: Path

    @property
    def python(self) -> Path:
        """The Python of the environment that the command is installed in."""
        return self.dakl.parent / "python"

    @property
    def home(self) -> Path:
        """The home of this attack."""
        return self.folder / "home"

    def run(
        self,
        *arguments: str | Path,
        variables: Mapping[str, str] | None = None,
        home: Path | None = None,
        cwd: Path | None = None,
        **options: Any,
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command of the program and return what it printed; a refusal is an outcome like any other.

        Args:
            arguments: Arguments of the command, without ``--home``.
            variables: Variables to set besides those of this process.
            home: Another home.
            cwd: Another working directory.
            options: Passed on to ``subprocess.run``.
        """
        command = [str(self.dakl), *map(str, arguments), "--home", str(home or self.home)]
        # What a program keeps outside its homes stays in the folder of the attack.
        own = {"XDG_STATE_HOME": str(self.folder / "state"), **(variables or {})}
        return execute(command, variables=own, cwd=cwd or self.folder, **options)

    def make_home(self, *years: int) -> Path:
        """A home with a key, and registers of four people."""
        self.run("key", "create")
        for year in years or (2022, 2023, 2024):
            folder = self.home / "registers" / str(year)
            folder.mkdir(parents=True, exist_ok=True)
            pl.DataFrame(
                {
                    "bsn": [ANNA, BRAM, CEES, DORA],
                    "birth_date": [date(1980, 5, 5), date(1955, 1, 1), date(2007, 6, 1), date(2006, 12, 31)],
                    "sex": ["vrouw", "man", "man", "vrouw"],
                    "origin": ["nederland", "europa", "buiten-europa", "nederland"],
                }
            ).write_parquet(folder / "persons.parquet")
            pl.DataFrame({"v_number": ["9000000001"], "bsn": [BRAM]}).write_parquet(folder / "v_numbers.parquet")
            pl.DataFrame({"bsn": [ANNA, BRAM], "income_source": ["bijstand", "pensioen"]}).write_parquet(
                folder / "income.parquet"
            )
            pl.DataFrame({"bsn": [ANNA], "wmo": [True], "wlz": [False]}).write_parquet(folder / "care.parquet")
        return self.home

    def file(self, name: str, *rows: str) -> Path:
        """A delivery of these rows."""
        path = self.folder / name
        path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
        return path

    def deliver(self, file: Path, supplier: str = "gemeente-almelo") -> "subprocess.CompletedProcess[str]":
        """Deliver a file within the window of its year, whatever the clock says."""
        at = IN_WINDOW[int(file.name[6:10])]
        said = self.run("deliver", file, "--supplier", supplier, "--received-at", at, "--received-why", "a test")
        # Earlier versions know no reason for another time of receipt.
        return self.run("deliver", file, "--supplier", supplier, "--received-at", at) if said.returncode == 2 else said


@dataclass(frozen=True)
class Attack:
    """One attack.

    Attributes:
        number: Number in the list of what was broken into, with a letter: ``1a``.
        title: What the attacker gets, in one line.
        run: Carries it out; returns why it is open, or None if it failed.
    """

    number: str
    title: str
    run: Callable[[Target], str | None]


@dataclass
class Attacks:
    """The attacks of a module, in order."""

    listed: list[Attack] = field(default_factory=list)

    def attack(self, number: str, title: str) -> Callable[[Callable[[Target], str | None]], None]:
        """Register the decorated function as an attack."""

        def register(run: Callable[[Target], str | None]) -> None:
            self.listed.append(Attack(number, title, run))

        return register


def row(
    bsn: str = ANNA,
    *,
    gemeente: str = "0141",
    kind: str = "0301",
    start: str = "2024-02-01",
    end: str = "2024-03-01",
    v_number: str = "",
) -> str:
    """A line of a delivery."""
    return f"2025-05-01;{gemeente};{bsn};{kind};{start};{end};{start};;{v_number}"


def execute(
    command: Sequence[str], *, variables: Mapping[str, str] | None = None, **options: Any
) -> "subprocess.CompletedProcess[str]":
    """Run any command to its end, without the settings of the caller, and return what it printed."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("DAKL_", "DAGSTER_"))}
    return subprocess.run(
        command,
        env={**own, **(variables or {})},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=_TIMEOUT,
        **options,
    )

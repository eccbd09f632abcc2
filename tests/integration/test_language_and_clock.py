"""One language and one time zone in the output of a command.

Output for the supplier is Dutch: check, deliver, withdraw, report and explain. Output for the analyst is English.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dakl_pipeline.cli import main
from tests.support.small_home import BRAM, copied, counted_home, delivery, row

# Words that only one of the languages has, as far as the program prints them.
DUTCH = set(
    re.findall(
        r"\w+",
        """
        aanlevering afgekeurd bevinding bevindingen bestand dit een geen goedgekeurd heeft het intrekking kolom met niet
        om ontvangen regel toelichting trekt van verslagjaar voor wat werk wordt zijn
        """,
    )
)
ENGLISH = set(
    re.findall(
        r"\w+",
        """
        the and are been bring by checks count counted delivered delivery deliveries figures file files it made nothing
        rows only persons received region regions rejected selected this use were with without yet
        """,
    )
)
IN_DUTCH = {
    "check": ["check", "{file}"],
    "check a faulty file": ["check", "{faulty}"],
    "deliver": ["deliver", "{file}", "--supplier=gemeente-almelo", "--received-at=2025-05-03T23:30"],
    "deliver a faulty file": ["deliver", "{faulty}", "--supplier=gemeente-almelo", "--received-at=2025-05-03T23:30"],
    "deliver for a new supplier": ["deliver", "{file}", "--supplier=mo-nieuw", "--received-at=2025-05-03T23:30"],
    "withdraw": ["withdraw", "--supplier=gemeente-almelo", "--year=2024", "--at=2025-07-01T23:30"],
    "report": ["report", "--supplier=gemeente-almelo", "--year=2024"],
    "explain-finding": ["explain-finding", "Klopt", "--supplier=gemeente-almelo", "--year=2024", "--rule=long_open"],
}
IN_ENGLISH = {
    "deliveries": ["deliveries"],
    "figures": ["figures", "--year=2024", "--by=totaal"],
    "history": ["figures", "--year=2024", "--history"],
    "explain-figure": ["explain-figure", "--year=2024", "--region=Almelo"],
    "mails": ["mails"],
    "doctor": ["doctor"],
    "export": ["export", "statistics.coverage", "--out={out}"],
    "run": ["run", "--year=2024"],
    "backup": ["backup", "--out={backup}"],
}
# Names in the data, and commands that a text mentions, belong to no language.
_NAMES = re.compile(
    r"`[^`]*`|\bdakl [a-z-]+.*|--[a-z-]+|[\w./-]*[/_\d][\w./-]*|\bmo-\w+|\bgemeente-\w+|type_opvang|totaal|Almelo"
)
_MOMENT = re.compile(r"\b2025-0[57]-0[1-4] (\d\d:\d\d)")


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return counted_home(tmp_path_factory.mktemp("language"))


def _said(counted: Path, folder: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]) -> str:
    home = copied(counted, folder / "home")
    files = {
        "file": delivery(folder, "DAKL_J2024_a.csv", row(), row(BRAM), row(BRAM), row("", end="")),
        "faulty": delivery(folder, "DAKL_J2024_f.csv", row("12"), row(gemeente="x"), row(start="2024-13-01")),
        "out": folder / "out.csv",
        "backup": folder / "home.tar.gz",
    }
    capsys.readouterr()
    main([*(argument.format(**files) for argument in arguments), "--home", str(home)])
    return capsys.readouterr().out


def _words(said: str) -> set[str]:
    return set(re.findall(r"[a-zé]+", _NAMES.sub(" ", said).lower()))


@pytest.mark.parametrize("name", IN_DUTCH)
def test_what_the_supplier_reads_is_dutch(
    name: str, counted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = _words(_said(counted, tmp_path, capsys, IN_DUTCH[name]))
    assert words & DUTCH
    assert not words & ENGLISH


@pytest.mark.parametrize("name", IN_ENGLISH)
def test_what_the_analyst_reads_is_english(
    name: str, counted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = _words(_said(counted, tmp_path, capsys, IN_ENGLISH[name]))
    assert words & ENGLISH
    assert not words & DUTCH


@pytest.mark.parametrize("name", [*IN_DUTCH, *IN_ENGLISH])
def test_moments_are_dutch(name: str, counted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files came in at 12:00 Dutch time, which is 10:00 UTC."""
    said = _said(counted, tmp_path, capsys, {**IN_DUTCH, **IN_ENGLISH}[name])
    assert "UTC" not in said
    assert set(_MOMENT.findall(said)) <= {"12:00"}
    if _MOMENT.search(said):
        assert said.count("Europe/Amsterdam") == 1


def test_programs_get_moments_with_their_offset(counted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def moments(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [each for inner in value.values() for each in moments(inner)]
        if isinstance(value, list):
            return [each for inner in value for each in moments(inner)]
        return [value] if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value) else []

    for arguments in (["deliveries"], ["mails"], ["explain-figure", "--year=2024", "--region=NL"]):
        capsys.readouterr()
        assert main([*arguments, "--json", "--home", str(counted)]) == 0
        found = moments(json.loads(capsys.readouterr().out))
        assert found or arguments == ["mails"]
        assert all(re.search(r"(Z|[+-]\d\d:\d\d)$", moment) for moment in found)

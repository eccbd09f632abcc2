"""An explanation silences the findings that it covers, and no more: in report, workbook and mail."""

import json
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from dakl_pipeline.cli import main
from resources.config.home import Home
from resources.workflows.opened_home import OpenedHome
from tests.integration.test_comparing import PEOPLE, TWENTE
from tests.support.small_home import deliver, delivery, make_home, row

OPEN, PLACE, FEWER = "long_open", "gemeente_unknown", "fewer_registrations"


def open_stays(number: int, year: int = 2024) -> list[str]:
    return [row(each, start=f"{year - 2}-02-05", end="") for each in PEOPLE[:number]]


def unknown_places(number: int) -> list[str]:
    return [row(each, gemeente="9999") for each in PEOPLE[400 : 400 + number]]


@dataclass(frozen=True)
class Case:
    """Files of one supplier, each with the explanation after it; whether the last file's finding is asked again."""

    steps: tuple[tuple[list[str], str | None], ...]
    rule: str
    is_asked: bool
    said: str = ""
    year: int = 2024


CASES = {
    "grows": Case(
        ((open_stays(1), OPEN), (open_stays(300), None)), OPEN, True, "hebt u 1 toegelicht, nu zijn het er 300"
    ),
    "grows by one": Case(
        ((open_stays(9), OPEN), (open_stays(10), None)), OPEN, True, "9 toegelicht, nu zijn het er 10"
    ),
    "equal": Case(((open_stays(3), OPEN), (open_stays(3), None)), OPEN, False),
    "shrinks": Case(((open_stays(3), OPEN), (open_stays(1), None)), OPEN, False),
    "shrinks and grows back": Case(((open_stays(3), OPEN), (open_stays(1), None), (open_stays(3), None)), OPEN, False),
    "other rule": Case(((open_stays(3), OPEN), (unknown_places(1), None)), PLACE, True),
    "explained twice": Case(((open_stays(1), OPEN), (open_stays(5), OPEN), (open_stays(5), None)), OPEN, False),
    "explained twice, then more": Case(
        ((open_stays(1), OPEN), (open_stays(5), OPEN), (open_stays(6), None)),
        OPEN,
        True,
        "5 toegelicht, nu zijn het er 6",
    ),
    "explained ahead": Case(
        (([row(PEOPLE[0])], OPEN), (open_stays(2), None)), OPEN, True, "nog geen bevinding, nu zijn het er 2"
    ),
    "loss that stays": Case(((TWENTE, None), (TWENTE[:50], FEWER), (TWENTE[:50], None)), FEWER, False),
    "loss that gets less": Case(((TWENTE, None), (TWENTE[:50], FEWER), (TWENTE[:60], None)), FEWER, False),
    "loss that grows": Case(
        ((TWENTE, None), (TWENTE[:50], FEWER), (TWENTE[:1], None)),
        FEWER,
        True,
        "57 registraties toegelicht, nu zijn het er 106",
    ),
}


def explain(home: Path, rule: str, year: int = 2024) -> None:
    arguments = ["explain-finding", "--supplier", "opvang", "--year", str(year), "--rule", rule, "Klopt volgens ons"]
    assert main([*arguments, "--home", str(home)]) == 0


def _outcome(home: Path, rule: str, year: int = 2024) -> tuple[bool, str]:
    """Whether the last report asks about a rule, and all text of report, workbook and mail."""
    opened = Home(home)
    written = OpenedHome(opened).reports.write_latest("opvang", year)
    (group,) = [f for f in written.report.findings if f.rule == rule]
    html, xlsx, _ = written.paths
    book = load_workbook(BytesIO(xlsx.read_bytes()))
    cells = " ".join(str(cell.value) for line in book["Bevindingen"].iter_rows() for cell in line)
    last = sorted(html.parent.glob("*-mail.eml"))[-1]
    mail = " ".join(last.read_bytes().decode().replace("=\r\n", "").split())
    page = html.read_text(encoding="utf-8")
    for said in (page, cells, mail):
        assert (group.asked_again in said) if group.asked_again else ("licht dit opnieuw toe" not in said)
    if group.is_explained:
        assert "opnieuw toelichten is niet nodig" in mail
    return not group.is_explained, group.asked_again


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_grows_is_asked_again(case: Case, tmp_path: Path) -> None:
    home = make_home(tmp_path)
    # An explanation is about the files logged before it was recorded, whatever their time of receipt.
    for place, (rows, explained) in enumerate(case.steps):
        file = delivery(tmp_path / str(place), f"DAKL_J{case.year}_x.csv", *rows)
        assert deliver(home, file, "opvang", at=f"{date(2025, 5, 2) + timedelta(days=place)}T12:00") == 0
        if explained:
            explain(home, explained, case.year)
    is_asked, said = _outcome(home, case.rule, case.year)
    assert is_asked is case.is_asked
    assert case.said in said
    assert bool(said) == bool(case.said)


def test_another_year_is_asked_about(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    for year in (2023, 2024):
        assert deliver(home, delivery(tmp_path, f"DAKL_J{year}_x.csv", *open_stays(3, year)), "opvang") == 0
        if year == 2023:
            explain(home, OPEN, year)
    assert _outcome(home, OPEN, 2024) == (True, "")


@pytest.mark.parametrize(("later", "is_asked"), [(2, False), (3, True)])
def test_an_explanation_of_an_earlier_version_is_about_the_file_before_it(
    later: int, is_asked: bool, tmp_path: Path
) -> None:
    home = make_home(tmp_path)
    assert deliver(home, delivery(tmp_path / "a", "DAKL_J2024_x.csv", *open_stays(2)), "opvang") == 0
    explain(home, OPEN)
    path = home / "deliveries" / "explanations" / "000001" / "entry.json"
    kept = json.loads(path.read_text())
    assert kept.pop("count") == 2
    path.write_text(json.dumps(kept))
    file = delivery(tmp_path / "b", "DAKL_J2024_x.csv", *open_stays(later))
    assert deliver(home, file, "opvang", at="2025-05-03") == 0
    assert _outcome(home, OPEN)[0] is is_asked


def test_how_much_growth_is_covered_is_a_setting(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    (home / "settings.toml").write_text("explained_growth_allowed = 0.1\n")
    assert deliver(home, delivery(tmp_path / "a", "DAKL_J2024_x.csv", *open_stays(10)), "opvang") == 0
    explain(home, OPEN)
    for number, is_asked in ((11, False), (12, True)):
        file = delivery(tmp_path / str(number), "DAKL_J2024_x.csv", *open_stays(number))
        assert deliver(home, file, "opvang", at=f"2025-05-{number}") == 0
        assert _outcome(home, OPEN)[0] is is_asked

"""The output of ``dakl check`` for a coordinator: faults, places and advice, in Dutch."""

import json
from pathlib import Path

import polars as pl
import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.intake.catalogue import rules_by_id
from tests.support.small_home import ANNA, BRAM, delivery, row


def test_an_approved_file_without_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = delivery(tmp_path, "DAKL_J2024_Almelo.csv", row())
    assert main(["check", str(file)]) == 0
    told = "1 registratie gelezen; daarvan telt er 1 mee voor 2024, voor zover aan het bestand te zien is."
    assert capsys.readouterr().out == f"GOEDGEKEURD\n{told}\n"


def test_each_rule_says_once_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = row(BRAM, start="2024-02-30", gemeente="x141")
    file = delivery(tmp_path, "DAKL_J2024_Almelo.csv", row(ANNA), *[bad] * 20)
    assert main(["check", str(file)]) == 1
    out = capsys.readouterr().out
    assert out.startswith("AFGEKEURD")
    # Two dates and a code in each of twenty rows; three of each are shown.
    assert "regel 5 " in out
    assert "regel 6 " not in out
    assert "... en nog 51 bevindingen; alle met --json" in out
    for rule in ("date_nonexistent", "code_format"):
        assert out.count(rules_by_id()[rule].action) == 1
    assert "Datum bestaat niet (40 keer)" in out
    assert BRAM not in out


def test_of_very_many_faults_the_exact_number_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = delivery(tmp_path, "DAKL_J2024_Almelo.csv", *[row("x")] * 1_500)
    assert main(["check", str(file)]) == 1
    out = capsys.readouterr().out
    assert "... en nog 1.497 bevindingen; de eerste 1000 van elke soort met --json" in out
    assert "(1.500 keer)" in out


def test_what_to_do_names_the_reporting_year(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = delivery(tmp_path, "DAKL_J2024_Almelo.csv", row(gemeente="0788"), row(BRAM, end="2024-31-12"))
    assert main(["check", str(file)]) == 0
    out = capsys.readouterr().out
    assert "Gebruik de code van de gemeente waar de opvang in 2024 stond." in out
    assert "Schrijf het einde van het jaar voortaan als 2024-12-31." in out
    assert "{" not in out


def test_json_holds_every_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = delivery(tmp_path, "DAKL_J2024_Almelo.csv", *[row("x")] * 1_500)
    assert main(["check", "--json", str(file)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["approved"] is False
    assert len(told["findings"]) == 1_001
    assert {tuple(finding) for finding in told["findings"]} == {("rule", "severity", "row", "column", "message")}


def test_the_cause_comes_before_the_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = delivery(tmp_path, "DAKL_J2024_Almelo.csv", *[row(start="05-01-2024", end="2024-02-03")] * 338)
    assert main(["check", str(file)]) == 1
    out = capsys.readouterr().out
    cause = (
        "- Alle datums in startdatum, meldingsdatum zijn geschreven als DD-MM-JJJJ. Verander de opmaak van de cellen"
    )
    assert out.index("Waarschijnlijke oorzaak:\n") < out.index(cause) < out.index("regel 2 ")
    assert len(out.splitlines()) < 15
    assert main(["check", "--json", str(file)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert len(told["findings"]) == 676
    assert [(d["id"], d["columns"], d["count"]) for d in told["diagnoses"]] == [
        ("date_day_first", ["startdatum", "meldingsdatum"], 676)
    ]
    assert told["reading"] is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("DAKL_J2024_Almelo.xlsx", "Excel, kies Bestand > Opslaan als"),
        ("DAKL_J2024_Almelo.csv", "Excel, kies Bestand > Opslaan als"),
    ],
)
def test_a_spreadsheet_is_told_how_to_become_a_csv(
    name: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pl.DataFrame({"bsn": [ANNA]}).write_excel(tmp_path / "made.xlsx")
    (tmp_path / "made.xlsx").rename(tmp_path / name)
    assert main(["check", "--json", str(tmp_path / name)]) == 1
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert found["rule"] == "not_csv"
    assert found["message"].startswith("Dit is geen csv-bestand, maar een Excel-bestand.")
    assert said in found["message"]


def test_a_wrong_name_hides_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, given, rules in (
        ("Almelo.csv", (), {"file_name", "date_format"}),
        ("DAKL_J2024_Almelo!.csv", (), {"file_name", "date_format"}),
    ):
        file = delivery(tmp_path, name, row(start="05-01-2024"))
        assert main(["check", "--json", str(file), *given]) == 1
        assert {f["rule"] for f in json.loads(capsys.readouterr().out)["findings"]} == rules
    # For a file with only a wrong name the content is reported too.
    file = delivery(tmp_path, "Almelo.csv", row(end="9999-12-31"))
    assert main(["check", "--json", str(file), "--year", "2024"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert {f["rule"] for f in told["findings"]} == {"file_name", "year_implausible"}
    assert told["approved"] is False
    assert told["reading"] is None

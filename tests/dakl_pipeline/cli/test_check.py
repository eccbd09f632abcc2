"""What ``dakl check`` says to a coordinator: what is wrong, where, and what to do, in Dutch."""

import json
from pathlib import Path

import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.intake.catalogue import rules_by_id
from tests.small_world import ANNA, BRAM, delivery, row


def test_an_approved_file_without_findings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = delivery(tmp_path, "DAKL_J2024_Almelo.csv", row())
    assert main(["check", str(file)]) == 0
    assert capsys.readouterr().out == "GOEDGEKEURD\n"


def test_each_rule_says_once_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = row(BRAM, start="2024-02-30", gemeente="x141")
    file = delivery(tmp_path, "DAKL_J2024_Almelo.csv", row(ANNA), *[bad] * 20)
    assert main(["check", str(file)]) == 1
    out = capsys.readouterr().out
    assert out.startswith("AFGEKEURD")
    # Two dates and a code in each of twenty rows; thirty are shown.
    assert "regel 3 " in out
    assert "... en nog 30 bevindingen; alle met --json" in out
    for rule in ("date_nonexistent", "code_format"):
        assert out.count(rules_by_id()[rule].action) == 1
    assert "Datum bestaat niet (40 keer)" in out
    assert BRAM not in out


def test_of_very_many_faults_the_exact_number_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = delivery(tmp_path, "DAKL_J2024_Almelo.csv", *[row("x")] * 1_500)
    assert main(["check", str(file)]) == 1
    out = capsys.readouterr().out
    assert "... en nog 1470 bevindingen; de eerste 1000 van elke soort met --json" in out
    assert "(1500 keer)" in out


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

"""Answers that were correct but misleading: each through the command line."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dakl_pipeline.cli import main
from tests.support.mails import body_of, read_mail
from tests.support.small_home import ANNA, BRAM, HEADER, counted_home, deliver, delivery, make_home, row


def _check(file: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    capsys.readouterr()
    main(["check", str(file), "--json"])
    return json.loads(capsys.readouterr().out)


def test_a_register_of_nothing_but_placeholders_is_an_empty_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = counted_home(tmp_path)
    register = home / "registers" / "2024" / "persons.parquet"
    pl.read_parquet(register).head(1).with_columns(bsn=pl.lit("999999999")).write_parquet(register)
    assert main(["run", "--year", "2024", "--home", str(home)]) == 1
    assert "persons" in capsys.readouterr().err


def test_the_file_of_another_year_is_said_first(tmp_path: Path) -> None:
    home = make_home(tmp_path)
    file = delivery(tmp_path, "DAKL_J2023_a.csv", *[row(start=f"2024-02-{day:02d}") for day in range(1, 11)])
    assert deliver(home, file, "mo-a") == 0
    mail = read_mail(home / "reports" / "2023" / "mo-a" / "000001-mail.eml")
    text = " ".join(body_of(mail, "plain").split())
    assert "let op" in str(mail["Subject"])
    assert text.index("10 van de 10 registraties vallen helemaal buiten 2023") < text.index("Wat u nu kunt doen")


def test_a_mail_takes_a_cancelled_file_for_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = make_home(tmp_path)
    assert deliver(home, delivery(tmp_path, "DAKL_J2024_a.csv", row()), "mo-a") == 0
    assert main(["cancel", "1", "--why", "verkeerde naam", "--home", str(home)]) == 0
    assert deliver(home, delivery(tmp_path, "DAKL_J2024_b.csv", row(BRAM)), "mo-a") == 0
    text = " ".join(body_of(read_mail(home / "reports" / "2024" / "mo-a" / "000003-mail.eml"), "plain").split())
    assert "Dit is het eerste bestand dat CBS goedkeurt van leverancier mo-a" in text
    assert "vorige aanlevering" not in text


def test_cancelling_what_did_not_count_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = make_home(tmp_path)
    for name, line in (("a", row()), ("b", row(BRAM))):
        assert deliver(home, delivery(tmp_path, f"DAKL_J2024_{name}.csv", line), "mo-a") == 0
    capsys.readouterr()
    assert main(["cancel", "1", "--why", "verkeerde naam", "--home", str(home)]) == 0
    said = capsys.readouterr().out
    assert "For 2024, delivery 000002 of mo-a still counts" in said
    assert "dakl run" not in said


def test_one_year_without_figures_does_not_hide_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = counted_home(tmp_path)
    capsys.readouterr()
    assert main(["figures", "--year", "2022", "--year", "2024", "--json", "--home", str(home)]) == 0
    said = capsys.readouterr()
    assert {each["year"] for each in json.loads(said.out)["figures"]} == {2024}
    assert "there are no figures for 2022 yet" in said.err


def test_a_rule_for_the_analyst_alone_is_not_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = counted_home(tmp_path)
    at = ["--supplier", "gemeente-almelo", "--year", "2024", "--home", str(home)]
    assert main(["explain-finding", "klopt", "--rule", "content_of_other_supplier", *at]) == 2
    assert "there is no rule" in capsys.readouterr().err


@pytest.mark.parametrize("typed", ["almelo", "gemeente-almelo-noord", "gemeente-almlo", "almelo-gemeente"])
def test_a_part_of_the_name_of_a_supplier(typed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = counted_home(tmp_path)
    assert main(["deliveries", "--supplier", typed, "--home", str(home)]) == 2
    assert "Did you mean gemeente-almelo?" in capsys.readouterr().err


def test_the_command_that_comes_next_is_about_the_same_home(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = make_home(tmp_path / "a folder")
    capsys.readouterr()
    assert deliver(home, delivery(tmp_path, "DAKL_J2024_a.csv", row()), "mo-a") == 0
    assert f"dakl run --year 2024 --home '{home}'" in capsys.readouterr().out


@pytest.mark.parametrize("separator", ["\t", ","])
def test_another_separator_is_told_once(separator: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "DAKL_J2024_a.csv"
    file.write_text("\n".join([HEADER, row(), row(BRAM)]).replace(";", separator) + "\n")
    assert [each["rule"] for each in _check(file, capsys)["findings"]] == ["separator"]


@pytest.mark.parametrize(
    "dates", [("1-2-2024", "11-3-2024"), ("01-02-2024", "11-03-2024"), ("1-12-2024", "31-12-2024")]
)
def test_dates_with_the_day_first_are_one_cause(
    dates: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f"2025-05-01;0141;{ANNA};0301;{start};{end};;;" for start in dates for end in dates]
    causes = _check(delivery(tmp_path, "DAKL_J2024_a.csv", *lines), capsys)["diagnoses"]
    assert len(causes) == 1


def test_stays_that_begin_after_the_year_are_not_open_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = make_home(tmp_path)
    ended = [row(start=f"2023-02-{day:02d}", end="2023-03-01") for day in range(1, 25)]
    later = [row(start=f"2024-01-{day:02d}", end="2024-03-01") for day in range(1, 17)]
    assert deliver(home, delivery(tmp_path / "1", "DAKL_J2023_a.csv", *ended), "mo-a") == 0
    capsys.readouterr()
    assert deliver(home, delivery(tmp_path / "2", "DAKL_J2023_a.csv", *ended, *later), "mo-a") == 0
    assert "liep op 31 december nog" not in capsys.readouterr().out


@pytest.mark.parametrize("separator", ["\t", ",", "|"])
def test_another_separator_hides_no_other_fault(
    separator: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "DAKL_J2024_a.csv"
    lines = [HEADER, row(), row("x"), row(start="01-02-2024"), row(kind="9999")]
    file.write_text("\n".join(lines).replace(";", separator) + "\n")
    told = _check(file, capsys)
    assert [(each["row"], each["rule"]) for each in told["findings"]] == [
        (1, "separator"),
        (3, "bsn_format"),
        (4, "date_format"),
        (4, "date_format"),
        (5, "shelter_type_unknown"),
    ]

"""The op-orde report through the command line: the printed example, corrections, explanations, crashes, no numbers."""

import json
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from dakl_pipeline.cli import main
from tests.support.paths import SAMPLES
from tests.support.small_home import ANNA, BRAM, CEES, DORA, V_LOOSE, deliver, delivery, make_home, row

FAILS = "123456789"
UNKNOWN = row(DORA, gemeente="9999")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path)


def _report(home: Path, capsys: pytest.CaptureFixture[str], supplier: str = "opvang", year: int = 2024) -> Any:
    capsys.readouterr()
    assert main(["report", "--supplier", supplier, "--year", str(year), "--json", "--home", str(home)]) == 0
    return json.loads(capsys.readouterr().out)


def _explain(home: Path, rule: str, text: str, *, supplier: str = "opvang", year: int = 2024) -> int:
    arguments = ["explain-finding", "--supplier", supplier, "--year", str(year), "--rule", rule, text]
    return main([*arguments, "--home", str(home)])


def _printed(report: Any) -> list[tuple[str, str, int]]:
    return [(f["rule"], f["status"], f["count"]) for f in report["findings"]]


def test_the_printed_example_gives_exactly_the_printed_numbers(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert deliver(home, SAMPLES / "DAKL_J2023_Almelo.csv", "gemeente-almelo") == 0
    report = _report(home, capsys, "gemeente-almelo", 2023)
    assert (report["total"]["registrations"], report["total"]["persons"]) == (15, 5)
    tables = report["tables"]
    assert [(r["gemeentecode"], r["gemeente"], r["registrations"], r["persons"]) for r in tables["municipality"]] == [
        ("0141", "Almelo", 2, 2),
        ("0163", "Hellendoorn", 5, 3),
        ("0183", "Tubbergen", 3, 2),
        ("1700", "Twenterand", 2, 2),
        ("0189", "Wierden", 3, 2),
    ]
    assert [(r["type"], r["registrations"], r["persons"]) for r in tables["shelter_type"]] == [
        ("EL-2 Nachtopvang", 1, 1),
        ("EL-2 Noodopvang", 3, 3),
        ("EL-2 Onbekend/anders", 3, 3),
        ("EL-2 Winteropvang", 1, 1),
        ("EL-3 24-uurs opvang", 2, 2),
        ("EL-3 Alternatieve tijd. opv.", 3, 3),
        ("EL-3 Doorstroomwoningen", 1, 1),
        ("EL-3 Onbekend/anders", 1, 1),
    ]
    assert {r["column"]: r["percentage"] for r in tables["missing"]} == {
        "bsn": 20,
        "einddatum": 20,
        "meldingsdatum": 0,
        "reden_einde": 20,
    }
    assert sum(r["registrations"] for r in tables["duration"]) == 15
    assert [r["registrations"] for r in tables["duplicates"]] == [0]
    assert report["findings"] == []
    assert report["previous"] is None


def test_the_report_comes_with_the_delivery(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = delivery(tmp_path, "DAKL_J2024_x.csv", row())
    arguments = ["deliver", str(file), "--supplier", "opvang", "--received-at", "2025-05-01", "--home", str(home)]
    capsys.readouterr()
    assert main([*arguments, "--json"]) == 0
    paths = [Path(path) for path in json.loads(capsys.readouterr().out)["report"]]
    assert {path.suffix for path in paths} == {".html", ".xlsx", ".json"}
    assert all(path.is_file() for path in paths)
    assert [str(path) for path in paths] == _report(home, capsys)["files"]
    assert main(arguments) == 0
    assert "op-orde-rapport: " in capsys.readouterr().out


def test_a_rejected_file_has_no_report(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert deliver(home, delivery(tmp_path, "DAKL_J2024_x.csv", row("x")), "opvang") == 1
    assert not list((home / "reports").rglob("*op-orde*"))
    capsys.readouterr()
    assert main(["report", "--supplier", "opvang", "--year", "2024", "--home", str(home)]) == 3
    assert "no approved file" in capsys.readouterr().err


def test_a_correction_stands_beside_the_file_before_it(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = delivery(tmp_path / "a", "DAKL_J2024_x.csv", row(ANNA), row(ANNA), UNKNOWN, row(FAILS))
    second = delivery(tmp_path / "b", "DAKL_J2024_x.csv", row(ANNA), row(BRAM, end="2024-01-01"), UNKNOWN)
    assert deliver(home, first, "opvang") == 0
    assert _printed(_report(home, capsys)) == [
        ("bsn_eleven_test", "new", 1),
        ("gemeente_unknown", "new", 1),
        ("duplicate_row", "new", 1),
    ]
    assert deliver(home, second, "opvang", at="2025-05-02T12:00") == 0
    report = _report(home, capsys)
    assert _printed(report) == [
        ("gemeente_unknown", "present", 1),
        ("end_before_start", "new", 1),
        ("bsn_eleven_test", "solved", 0),
        ("duplicate_row", "solved", 0),
    ]
    assert (report["total"]["registrations"], report["previous"]["total"]["registrations"]) == (3, 4)
    assert report["previous"]["tables"]["duplicates"][0]["registrations"] == 1
    assert report["findings"][0]["rows"] == [4]


def test_an_explanation_need_not_be_given_again(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert deliver(home, delivery(tmp_path / "a", "DAKL_J2024_x.csv", UNKNOWN), "opvang") == 0
    assert _explain(home, "gemeente_unknown", f"Nieuwe locatie van {CEES}.") == 0
    said = capsys.readouterr().out
    assert CEES not in said
    assert deliver(home, delivery(tmp_path / "b", "DAKL_J2024_x.csv", row(), UNKNOWN), "opvang", at="2025-05-03") == 0
    (finding,) = _report(home, capsys)["findings"]
    assert finding["status"] == "present"
    assert finding["explanation"]["text"] == "Nieuwe locatie van #########."
    html = (home / "reports" / "2024" / "opvang" / "000002-op-orde.html").read_text(encoding="utf-8")
    assert "Nieuwe locatie van #########." in html


def test_an_explanation_ahead_of_its_finding_is_kept_and_said(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deliver(home, delivery(tmp_path, "DAKL_J2024_x.csv", row()), "opvang") == 0
    assert _explain(home, "long_open", "Woont er nog.") == 0
    assert "heeft nu geen bevinding" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rule", "text", "code", "said"),
    [
        ("no_such_rule", "x", 2, "no_such_rule"),
        ("bsn_format", "x", 2, "bsn_format"),
        ("long_open", " ", 2, "needs a text"),
        ("long_open", "x" * 2_001, 2, "2000"),
    ],
)
def test_explanations_that_cannot_be(
    rule: str, text: str, code: int, said: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deliver(home, delivery(tmp_path, "DAKL_J2024_x.csv", row()), "opvang") == 0
    capsys.readouterr()
    assert _explain(home, rule, text) == code
    assert said in capsys.readouterr().err
    assert not (home / "deliveries" / "explanations").exists()


def test_nothing_to_explain_without_an_approved_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert _explain(home, "long_open", "x") == 3
    assert "no approved file" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["report", "--supplier", "opvang"],
        ["report", "--supplier", "../x", "--year", "2024"],
        ["report", "--supplier", "opvang", "--year", "1999"],
        ["explain-finding", "--supplier", "opvang", "--year", "2024", "text"],
    ],
    ids=" ".join,
)
def test_wrong_usage(arguments: list[str], home: Path) -> None:
    assert main([*arguments, "--home", str(home)]) == 2


def test_a_report_that_cannot_be_written_never_fails_the_delivery(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = home / "reports" / "2024"
    folder.mkdir(parents=True)
    (folder / "opvang").write_text("in the way")
    assert deliver(home, delivery(tmp_path, "DAKL_J2024_x.csv", row()), "opvang") == 0
    error = capsys.readouterr().err
    assert "dakl report --supplier opvang --year 2024" in error
    assert "Traceback" not in error
    (folder / "opvang").unlink()
    assert _report(home, capsys)["total"]["registrations"] == 1


def test_a_report_that_a_crash_took_away_is_made_again(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deliver(home, delivery(tmp_path, "DAKL_J2024_x.csv", row(), UNKNOWN), "opvang") == 0
    made = {path: path.read_bytes() for path in (home / "reports").rglob("*op-orde*")}
    assert len(made) == 3
    for path in made:
        path.unlink()
    report = _report(home, capsys)
    assert {path: path.read_bytes() for path in made} == made
    assert sorted(report["files"]) == sorted(map(str, made))


def test_what_is_printed_names_the_tables_and_the_findings(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deliver(home, delivery(tmp_path / "a", "DAKL_J2024_x.csv", row(), UNKNOWN), "opvang") == 0
    assert deliver(home, delivery(tmp_path / "b", "DAKL_J2024_x.csv", row()), "opvang", at="2025-05-02") == 0
    capsys.readouterr()
    assert main(["report", "--supplier", "opvang", "--year", "2024", "--home", str(home)]) == 0
    printed = capsys.readouterr().out
    for said in ("000002-op-orde.html", "1. Registraties", "5. Dubbele records", "Almelo", "eerder", "opgelost"):
        assert said in printed


def test_no_number_of_a_person_is_in_any_file_of_a_report(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = (row(ANNA), row(ANNA), row(FAILS), row(BRAM, gemeente="141"), row("", v_number=V_LOOSE), UNKNOWN)
    assert deliver(home, delivery(tmp_path, "DAKL_J2024_x.csv", *rows), "opvang") == 0
    assert _explain(home, "duplicate_row", f"{ANNA} en 111.222.333 en {V_LOOSE}") == 0
    printed = capsys.readouterr()
    contents = [printed.out.encode(), printed.err.encode()]
    files = list((home / "reports").rglob("*op-orde*"))
    assert len(files) == 3
    for path in files:
        contents.append(path.read_bytes())
        if path.suffix == ".xlsx":
            with ZipFile(path) as parts:
                contents += [parts.read(name) for name in parts.namelist()]
    for number in (ANNA, BRAM, CEES, DORA, FAILS, V_LOOSE, "111.222.333"):
        assert not any(number.encode() in content for content in contents), "a number of a person is in a report"


@pytest.mark.parametrize("sample", ["DAKL_J2023_Almelo.csv", "DAKL_J2024_basisset.csv", "DAKL_J2024_bevindingen.csv"])
def test_the_samples_have_a_report(sample: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert deliver(home, SAMPLES / sample, "opvang") == 0
    report = _report(home, capsys, year=int(sample[6:10]))
    assert report["total"]["registrations"] == sum(r["registrations"] for r in report["tables"]["municipality"])
    assert report["total"]["registrations"] == sum(r["registrations"] for r in report["tables"]["start_month"])
    is_basic = "basisset" in sample
    assert [r["percentage"] is None for r in report["tables"]["missing"]] == [False, False, is_basic, is_basic]

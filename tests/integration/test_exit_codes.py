"""Exit codes and messages of the contract: 0 done, 1 refused, 2 wrong usage, 3 missing; plain lines, no traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from dakl_pipeline.cli import main
from tests.support.keys import OTHER_KEY
from tests.support.small_home import ANNA, counted_home, deliver, delivery, figures_home, registers, row, run


def _fails(capsys: pytest.CaptureFixture[str], code: int, arguments: list[str], *said: str) -> None:
    capsys.readouterr()
    assert main(arguments) == code
    error = capsys.readouterr().err
    assert error.startswith("dakl: ")
    assert "Traceback" not in error
    assert len(error.splitlines()) <= 3
    for text in said:
        assert text in error


@pytest.mark.parametrize(
    "arguments",
    [
        ["deliver", "{file}", "--supplier", "x"],
        ["withdraw", "--supplier", "x", "--year", "2024"],
        ["deliveries"],
        ["run", "--all"],
        ["figures", "--year", "2024"],
        ["explain-figure", "--year", "2024", "--region", "NL"],
        ["export", "statistics.coverage", "--out", "x.csv"],
        ["ui"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_without_a_home_every_command_says_so(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = delivery(tmp_path, "DAKL_J2024_x.csv", row())
    filled = [argument.format(file=file) for argument in arguments]
    _fails(capsys, 3, [*filled, "--home", str(tmp_path / "none")], "there is no home", "--home")
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["no-such-command"],
        ["figures"],
        ["figures", "--year", "two"],
        ["figures", "--year", "2019"],
        ["explain-figure", "--year", "2024"],
        ["explain-figure", "--year", "2019", "--region", "NL"],
        ["run"],
        ["run", "--all", "--year", "2024"],
        ["run", "--year", "1999"],
        ["deliver", "{file}", "--supplier", "../x"],
        ["deliver", "{file}", "--supplier", "X"],
        ["deliver", "{file}", "--supplier", "a123456782"],
        ["deliver", "{file}", "--supplier", "x", "--received-at", "yesterday"],
        ["deliver", "{file}", "--supplier", "x", "--accept-late", " "],
        ["deliver", "{file}.gone", "--supplier", "x"],
        ["deliver", "{folder}", "--supplier", "x"],
        ["check", "{folder}"],
        ["check", "{file}", "--year", "1900"],
        ["export", "statistics.nothing", "--out", "x.csv"],
        ["export", "statistics.coverage", "--out", "x.pdf"],
        ["generate", "--out", "{folder}/new", "--persons", "0", "--suppliers", "1", "--year", "2024", "--seed", "1"],
    ],
    ids=" ".join,
)
def test_wrong_usage(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = figures_home(tmp_path)
    file = delivery(tmp_path, "DAKL_J2024_x.csv", row())
    filled = [argument.format(file=file, folder=tmp_path) for argument in arguments]
    takes_home = filled and filled[0] != "no-such-command"
    _fails(capsys, 2, [*filled, *(["--home", str(home)] if takes_home else [])])


@pytest.mark.parametrize(
    ("environment", "content"),
    [
        ({}, None),
        ({}, "short"),
        ({}, "G" * 64),
        ({"DAKL_PSEUDONYM_KEY": "A" * 64}, OTHER_KEY),
        ({"DAKL_PSEUDONYM_KEY_FILE": "/nonexistent/key"}, OTHER_KEY),
    ],
    ids=["none", "short", "not hexadecimal", "capitals in the environment", "named file is gone"],
)
def test_run_without_a_good_key_stops_before_it_reads(
    environment: dict[str, str],
    content: str | None,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = figures_home(tmp_path)
    key_file = home / "pseudonym.key"
    key_file.unlink()
    if content is not None:
        key_file.write_text(content)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    _fails(capsys, 3, ["run", "--all", "--home", str(home)], "key")
    assert not (home / "warehouse.duckdb").exists()


def test_run_without_registers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = figures_home(tmp_path)
    (home / "registers" / "2023" / "care.parquet").unlink()
    _fails(capsys, 3, ["run", "--all", "--home", str(home)], "care", "2023")
    assert run(home, 2024) == 0


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not a parquet file at all"])
def test_a_broken_register_is_refused_and_the_last_figures_stay(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = figures_home(tmp_path)
    file = delivery(tmp_path, "DAKL_J2024_x.csv", row(ANNA))
    assert deliver(home, file, "x") == 0
    assert run(home, 2024) == 0
    (home / "registers" / "2024" / "persons.parquet").write_bytes(content)
    _fails(capsys, 1, ["run", "--year", "2024", "--home", str(home)], "persons")
    assert main(["figures", "--year", "2024", "--home", str(home)]) == 0
    assert "Nederland" in capsys.readouterr().out
    registers(home, 2024)
    assert run(home, 2024) == 0


def test_figures_before_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = figures_home(tmp_path)
    for command in (["figures"], ["figures", "--history"], ["explain-figure", "--region", "NL"]):
        _fails(capsys, 3, [*command, "--year", "2024", "--home", str(home)], "dakl run --year 2024")
    _fails(
        capsys, 3, ["export", "statistics.coverage", "--out", str(tmp_path / "x.csv"), "--home", str(home)], "dakl run"
    )


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """As with `dakl explain-figure ... | grep --quiet`, which stops reading at the first match."""
    home = counted_home(tmp_path)
    program = [str(Path(sys.executable).with_name("dakl")), "explain-figure", "--year", "2024", "--region", "NL"]
    with subprocess.Popen([*program, "--home", str(home)], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_late_files_and_withdrawals_are_refused_with_the_date_that_was_missed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = figures_home(tmp_path)
    file = delivery(tmp_path, "DAKL_J2024_x.csv", row(ANNA))
    assert deliver(home, file, "x", at="2025-06-19") == 1
    assert "18 juni 2025" in capsys.readouterr().out
    assert deliver(home, file, "x", at="2025-06-19", late="agreed by phone") == 0
    withdraw = ["withdraw", "--supplier", "x", "--year", "2024", "--home", str(home), "--at"]
    _fails(capsys, 1, [*withdraw, "2025-07-05"], "2025-07-04")
    assert main([*withdraw, "2025-07-05", "--accept-late", "post was slow"]) == 0
    assert main(["deliveries", "--home", str(home)]) == 0
    shown = capsys.readouterr().out
    assert "rejected" in shown
    assert "approved (late)" in shown
    assert "withdrawn by the supplier" in shown


def test_person_level_tables_are_not_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = figures_home(tmp_path)
    assert run(home, 2024) == 0
    for table in ("persons.unique", "stays.pseudonymised", "registers.persons"):
        out = tmp_path / "out.csv"
        _fails(capsys, 1, ["export", table, "--out", str(out), "--home", str(home)], "stays between the stages")
        assert not out.exists()


def test_a_key_is_never_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = figures_home(tmp_path)
    key = (home / "pseudonym.key").read_bytes()
    _fails(capsys, 1, ["key", "create", "--home", str(home)], "never overwritten")
    assert (home / "pseudonym.key").read_bytes() == key
    assert (home / "pseudonym.key").stat().st_mode & 0o777 == 0o600


def test_the_demo_leaves_any_other_home_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = figures_home(tmp_path)
    before = sorted(path.relative_to(home) for path in home.rglob("*"))
    _fails(capsys, 2, ["demo", "--home", str(home)], "left alone")
    assert sorted(path.relative_to(home) for path in home.rglob("*")) == before


@pytest.mark.parametrize(
    "text", ["not toml at all [", "adult_age = 'old'", "no_such_setting = 1", "reporting_years = []"]
)
def test_settings_of_the_home_that_cannot_be(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = figures_home(tmp_path)
    (home / "settings.toml").write_text(text)
    _fails(capsys, 1, ["run", "--all", "--home", str(home)], "settings.toml")

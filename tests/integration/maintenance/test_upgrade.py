"""``dakl upgrade``: a home of an earlier version keeps deliveries, history and every figure, in every case."""

import csv
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import polars as pl
import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.contracts import HISTORY_TABLES, TABLES
from dakl_pipeline.contracts.history import CHANGES, COUNTS_HISTORY
from dakl_pipeline.history.changes import COMPARED
from dakl_pipeline.history.provenance import Vintage
from dakl_pipeline.statistics.checks import conforms
from resources.config.home import Home
from resources.maintenance.upgrade import format_1
from resources.maintenance.upgrade.convert import STEPS
from resources.maintenance.upgrade.renames import Renames
from resources.storage.audit_heads import AuditHeads
from resources.storage.audit_store import AuditStore
from resources.storage.delivery_store import DeliveryStore
from resources.storage.history_store import HistoryStore
from resources.storage.home_format import FORMAT, format_of
from resources.storage.stage_store import StageStore
from tests.support.homes import FIGURES, backup_of, figures_of, unpack_home
from tests.support.paths import ROOT
from tests.support.small_home import CEES, deliver, delivery, export, make_home, row

KEYS = {"region_code", "dimension", "category", "measure", "supplier_id", "year"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return unpack_home(0, tmp_path)


def _upgrade(home: Path) -> int:
    return main(["upgrade", "--home", str(home)])


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    }


def _cells(text: str) -> dict[frozenset[tuple[str, str]], tuple[str | None, str | None]]:
    """Persons and value of every row, by key."""
    return {
        frozenset((name, row[name]) for name in KEYS & row.keys()): (row.get("persons"), row.get("value"))
        for row in csv.DictReader(StringIO(text))
    }


def _has_figures(home: Path, number: int = 0, *, counted_again: bool = False) -> bool:
    """Whether every cell is that of a frozen home; a count since then rounds suppliers and has a measure more."""
    same = True
    for name in FIGURES:
        expected, found = _cells(figures_of(number, name)), _cells(export(home, f"statistics.{name}").decode())
        if counted_again and name == "supplier_overlap":
            expected = {key: (str(int(persons or 0) // 10 * 10), value) for key, (persons, value) in expected.items()}
            found = {key: cell for key, cell in found.items() if key in expected}
        if counted_again and name == "coverage":
            found = {key: cell for key, cell in found.items() if ("measure", "persons_at_several_suppliers") not in key}
        same = same and found == expected
    return same


def test_every_format_has_a_step_and_a_fixture(tmp_path: Path) -> None:
    assert len(STEPS) == FORMAT
    for number in range(FORMAT):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert format_of(Home(unpack_home(number, folder))) == number


def test_a_home_of_8b81e75_keeps_deliveries_history_and_every_figure(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DAKL_PSEUDONYM_KEY", raising=False)
    key = (home / "pseudonym.key").read_text()
    before = _digests(home)
    (home / "pseudonym.key").rename(home.parent / "key")
    assert _upgrade(home) == 0
    said = capsys.readouterr().out
    assert f"now has format {FORMAT}; it had format 0" in said
    assert "4 vintages of the figures kept" in said
    assert "all the same" in said
    assert "made again" not in said
    assert key.strip() not in said
    # No key was needed, and the figures can be read at once.
    assert _has_figures(home)
    assert json.loads((home / "home.json").read_text())["format"] == FORMAT
    after = _digests(home)
    delivered = {name for name in before if name.split("/")[0] in ("deliveries", "registers")}
    explained = {name for name in delivered if name.startswith("deliveries/explanations/")}
    assert {name: after.get(name) for name in delivered - explained} == {n: before[n] for n in delivered - explained}
    # The old home lies beside it, as it was.
    assert _digests(home.parent / "home.format-0") == {n: d for n, d in before.items() if n != "pseudonym.key"}


@pytest.mark.parametrize("number", range(FORMAT))
def test_an_upgraded_home_is_well_and_is_counted_as_before(
    number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = unpack_home(number, tmp_path)
    assert _upgrade(home) == 0
    assert _has_figures(home, number)
    assert main(["run", "--year=2023", "--year=2024", "--jobs=1", "--home", str(home)]) == 0
    assert _has_figures(home, number, counted_again=True)
    capsys.readouterr()
    main(["doctor", "--json", "--home", str(home)])
    checks = json.loads(capsys.readouterr().out)["checks"]
    faults = [each for each in checks if each["status"] == "fault" and "2022" not in each["check"]]
    assert faults == []
    entries = DeliveryStore(home / "deliveries").entries()
    assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1))
    assert {entry.kind for entry in entries} == {"delivery", "withdrawal"}
    for year in (2023, 2024):
        assert [vintage.number for vintage in HistoryStore(home / "history").vintages(year)][:2] == [1, 2]


@pytest.mark.parametrize("number", range(FORMAT))
def test_a_count_after_the_upgrade_is_compared_with_the_one_before(number: int, tmp_path: Path) -> None:
    """The persons behind the newest vintage are kept, in the present tables."""
    home = unpack_home(number, tmp_path)
    assert _upgrade(home) == 0
    stages, (newest, count) = StageStore(home / "stages"), _newest_total(home)
    for table in COMPARED:
        kept = newest.record.table(table.name)
        assert kept is not None, table.name
        assert conforms(table, stages.read_stored(table, 2024, kept)).passed
        assert stages.read(table, 2024).height == kept.rows
    assert deliver(home, delivery(home.parent, "DAKL_J2024_x.csv", row(CEES)), "gemeente-almelo") == 0
    assert main(["run", "--year=2024", "--home", str(home)]) == 0
    after, new_count = _newest_total(home)
    assert (after.number, new_count) == (newest.number + 1, count + 1)
    assert after.reason.startswith("gemeente-almelo: nothing → DAKL_J2024_x.csv")
    changes = HistoryStore(home / "history").read(after, CHANGES).filter(region_code="NL")
    assert sorted(changes.select("supplier_id", "persons_added", "persons_removed").rows()) == [
        ("*", 1, 0),
        ("gemeente-almelo", 1, 0),
    ]
    # Vintages of both versions are read together.
    for command in (["explain-figure", "--region=NL"], ["figures", "--history"]):
        assert main([*command, "--year=2024", "--home", str(home)]) == 0


def _newest_total(home: Path) -> tuple[Vintage, int]:
    history = HistoryStore(home / "history")
    newest = history.newest(2024)
    assert newest is not None
    total = history.read(newest, COUNTS_HISTORY).filter(region_code="NL", dimension="totaal")["persons"].item()
    return newest, total


@pytest.mark.parametrize("number", range(FORMAT))
def test_no_dates_of_persons_are_left_between_the_stages(number: int, tmp_path: Path) -> None:
    home = unpack_home(number, tmp_path)
    had = [path for path in (home / "stages").rglob("*.parquet") if "birth_date" in pl.read_parquet_schema(path)]
    assert had
    assert _upgrade(home) == 0
    for path in (home / "stages").rglob("*.parquet"):
        if not path.name.startswith("deliveries."):
            assert not any(dtype.is_temporal() for dtype in pl.read_parquet_schema(path).values()), path.name
    assert all((home.parent / f"home.format-{number}" / path.relative_to(home)).exists() for path in had)


def test_a_second_upgrade_says_that_it_is_up_to_date(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _upgrade(home) == 0
    before = _digests(home)
    capsys.readouterr()
    assert _upgrade(home) == 0
    assert capsys.readouterr().out == f"{home} is up to date: format {FORMAT}\n"
    assert _digests(home) == before


@pytest.mark.parametrize(
    "command",
    [
        "deliver {file} --supplier gemeente-almelo",
        "withdraw --supplier gemeente-almelo --year 2024",
        "deliveries",
        "check {file}",
        "run --all",
        "figures --year 2024",
        "export statistics.coverage --out {file}.csv",
        "explain-figure --year 2024 --region Almelo",
        "mails",
        "backup --out {file}.tar.gz",
        "key create",
        "ui",
    ],
)
@pytest.mark.parametrize(
    ("number", "code", "line"),
    [
        (0, 3, "was made by an earlier version of dakl: upgrade it with `dakl upgrade`"),
        (FORMAT + 1, 1, f"was made by a newer version of dakl (format {FORMAT + 1}, this one knows {FORMAT})"),
    ],
)
def test_every_other_command_refuses_another_format_in_one_line(
    command: str, number: int, code: int, line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    (home / "deliveries").mkdir(parents=True)
    if number:
        (home / "home.json").write_text(json.dumps({"format": number, "made_by": "9.9"}))
    file = delivery(tmp_path, "DAKL_J2024_x.csv", row())
    assert main([*command.format(file=file).split(), "--home", str(home)]) == code
    said = capsys.readouterr()
    assert line in said.err
    assert len(said.err.splitlines()) == 1
    assert said.out == ""
    assert not list((home / "deliveries").iterdir())


@pytest.mark.parametrize("command", [["upgrade"], ["demo"]])
def test_a_newer_home_is_neither_upgraded_nor_replaced(command: list[str], tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "deliveries").mkdir(parents=True)
    (home / ".made-by-dakl-demo").touch()
    (home / "home.json").write_text(json.dumps({"format": FORMAT + 1, "made_by": "9.9"}))
    assert main([*command, "--home", str(home)]) == 1
    assert (home / "deliveries").is_dir()


@pytest.mark.parametrize(("number", "to_do"), [(0, "dakl upgrade"), (FORMAT + 1, "install the version")])
def test_doctor_tells_the_format_and_looks_no_further(
    number: int, to_do: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if number:
        (home / "home.json").write_text(json.dumps({"format": number, "made_by": "9.9"}))
    assert main(["doctor", "--json", "--home", str(home)]) == 1
    (check,) = json.loads(capsys.readouterr().out)["checks"]
    assert (check["check"], check["status"]) == ("format", "fault")
    assert to_do in check["to_do"]


def test_a_format_that_is_not_readable_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = make_home(tmp_path)
    (home / "home.json").write_text("{")
    assert main(["deliveries", "--home", str(home)]) == 1
    assert "home.json is not readable" in capsys.readouterr().err


def test_what_makes_a_home_writes_its_format(tmp_path: Path) -> None:
    said = json.loads((make_home(tmp_path) / "home.json").read_text())
    assert said.keys() == {"format", "made_by"}
    assert said["format"] == FORMAT


def test_an_empty_folder_becomes_a_home_of_this_format(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    # Commands that only read leave nothing in it.
    assert main(["doctor", "--home", str(tmp_path / "home")]) == 1
    assert main(["check", str(delivery(tmp_path, "DAKL_J2024_x.csv", row())), "--home", str(tmp_path / "home")]) == 0
    assert not list((tmp_path / "home").iterdir())
    assert main(["deliveries", "--home", str(tmp_path / "home")]) == 0
    assert format_of(Home(tmp_path / "home")) == FORMAT
    assert (tmp_path / "home" / "home.json").exists()


def test_killed_at_any_step_it_can_be_run_again(home: Path, tmp_path: Path) -> None:
    def run(folder: Path, step: int) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "tests.support.crash_upgrade", str(folder / "home"), str(step)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    before = _digests(home)
    whole = tmp_path / "whole"
    shutil.copytree(home, whole / "home")
    steps = int(run(whole, -1).stdout)
    expected = _digests(whole / "home")
    assert steps > 50
    # All of the last steps, which include the swap, and some of the copying and converting.
    for step in sorted({*range(0, steps, steps // 12), *range(steps - 5, steps)}):
        folder = tmp_path / str(step)
        shutil.copytree(home, folder / "home")
        killed = run(folder, step)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        # The old home or the new one, complete.
        found = _digests(folder / "home")
        is_old = found == before
        assert is_old or "home.json" in found
        assert _upgrade(folder / "home") == 0
        # The audit log holds times.
        of_this_time = ("warehouse", ".warehouse", "audit/", "home.json")
        names = {name for name in expected if not name.startswith(of_this_time)}
        assert AuditStore(Home(folder / "home")).integrity_errors() == []
        assert AuditHeads(Home(folder / "home")).last() is not None
        assert {name: _digests(folder / "home").get(name) for name in names} == {n: expected[n] for n in names}
        assert _digests(folder / "home.format-0") == before
        assert sorted(path.name for path in folder.iterdir()) == ["home", "home.format-0"]
        assert not (folder / "home" / ".upgrading").exists()
        shutil.rmtree(folder)


def test_a_damaged_vintage_is_named_and_the_home_stays(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "history" / "2024" / "00002" / "statistics.coverage_history.parquet").write_bytes(b"PAR1")
    before = _digests(home)
    assert _upgrade(home) == 1
    assert "vintage 2 of 2024 is damaged" in capsys.readouterr().err
    assert _digests(home) == before
    assert [path.name for path in home.parent.iterdir()] == ["home"]


def test_figures_that_would_change_stop_the_upgrade(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(format_1, "RENAMES", replace(format_1.RENAMES, values={"category": {"totaal": "alles"}}))
    assert _upgrade(home) == 1
    assert "would differ" in capsys.readouterr().err
    assert format_of(Home(home)) == 0


def test_a_home_in_use_is_left_alone(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import fcntl

    with (home / "deliveries" / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert _upgrade(home) == 1
    assert "is in use" in capsys.readouterr().err
    assert format_of(Home(home)) == 0


def test_figures_need_no_tables_between_the_stages(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.rmtree(home / "stages")
    assert _upgrade(home) == 0
    assert "Not all figures" not in capsys.readouterr().out
    assert _has_figures(home)
    assert main(["run", "--year=2023", "--year=2024", "--home", str(home)]) == 0
    assert _has_figures(home, counted_again=True)


@pytest.mark.parametrize("content", ["[]", "null", '{"stages": null}', '{"stages": {"a": 1}}', "{"])
def test_a_record_of_another_shape_is_made_again(content: str, home: Path) -> None:
    (home / "stages" / "2024" / "record.json").write_text(content)
    assert _upgrade(home) == 0
    assert _has_figures(home)


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("history/2023/00001/vintage.json", "{}", "vintage 1 of 2023"),
        ("history/2023/00001/vintage.json", "[]", "vintage 1 of 2023"),
        ("history/2023/00001/statistics.runs.parquet", "", "vintage 1 of 2023"),
        ("deliveries/000001/entry.json", "[]", "entry 000001 of the delivery log is not readable"),
        ("deliveries/000001/entry.json", '{"kind": "delivery"}', "entry 000001 of the delivery log is not readable"),
    ],
)
def test_what_cannot_be_made_again_is_named_where_it_is(
    file: str, content: str, said: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _digests(home)
    (home / file).write_text(content)
    assert _upgrade(home) == 1
    error = capsys.readouterr().err
    assert said in error
    assert ".upgrading" not in error
    (home / file).unlink()
    assert {name: d for name, d in before.items() if name != file} == _digests(home)


@pytest.mark.parametrize("number", range(FORMAT))
def test_a_backup_of_an_old_home_is_restored_as_one_of_today(
    number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    restored = tmp_path / "restored"
    assert main(["restore", str(backup_of(number)), "--home", str(restored)]) == 0
    assert "An earlier version of dakl made the backup" in capsys.readouterr().out
    assert format_of(Home(restored)) == FORMAT
    assert _has_figures(restored, number)


def test_renames_reach_tables_columns_values_and_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How the step renames, for any names."""
    renames = Renames(
        tables={"stays.judged": "stays.eligible"},
        columns={"why_not": "reason"},
        values={"reason": {"nothing": "none"}},
        keys={"made_of": "inputs"},
    )
    monkeypatch.setattr(format_1, "RENAMES", renames)
    frame = pl.DataFrame({"year": [2024, 2024], "why_not": ["nothing", "other"]})
    folder, vintage = tmp_path / "stages" / "2024", tmp_path / "history" / "2024" / "00001"
    folder.mkdir(parents=True)
    vintage.mkdir(parents=True)
    frame.write_parquet(vintage / "stays.judged.parquet")
    content = (vintage / "stays.judged.parquet").read_bytes()
    old = hashlib.sha256(content).hexdigest()
    (folder / f"stays.judged.{old[:16]}.parquet").write_bytes(content)

    def record(key: str, table: str, digest: str) -> dict[str, object]:
        made = {key: {}, "tables": {table: {"sha256": digest}}}
        return {"stages": {"a": made, "b": {key: {table: digest}}}}

    for file in (folder / "record.json", vintage / "vintage.json"):
        file.write_text(json.dumps(record("made_of", "stays.judged", old)))
    format_1.to_format_1(tmp_path)
    (path,) = folder.glob("*.parquet")
    new = hashlib.sha256(path.read_bytes()).hexdigest()
    assert path.name == f"stays.eligible.{new[:16]}.parquet"
    for kept in (path, vintage / "stays.eligible.parquet"):
        assert pl.read_parquet(kept).columns == ["year", "reason"]
        assert pl.read_parquet(kept)["reason"].to_list() == ["none", "other"]
    for file in (folder / "record.json", vintage / "vintage.json"):
        assert json.loads(file.read_text()) == record("inputs", "stays.eligible", new)


def test_the_tables_of_today_have_the_names_that_the_step_gives(home: Path) -> None:
    """A table or column that is renamed needs a row in ``format_1.RENAMES`` as long as format 1 is not released."""
    assert _upgrade(home) == 0
    for table in HISTORY_TABLES:
        for path in (home / "history").rglob(f"{table.name}.parquet"):
            assert set(table.column_names) <= set(pl.read_parquet_schema(path)), table.name
    record = json.loads((home / "stages" / "2024" / "record.json").read_text())
    names = {name for stage in record["stages"].values() for name in stage["tables"]}
    assert names <= TABLES.keys()


def test_as_another_account_it_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert _upgrade(home) == 1
    assert "belongs to another account" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_as_root_everything_stays_of_the_account_of_the_home(home: Path) -> None:
    for path in (home, *home.rglob("*")):
        os.chown(path, 12345, 12345)
    assert _upgrade(home) == 0
    assert {path.stat().st_uid for path in (home, *home.rglob("*"))} == {12345}

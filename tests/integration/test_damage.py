"""Damage of every kind, through the command line: the last good figures stay readable, and the next run repairs it or
says in one line what to do."""

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl
import pytest

from dakl_pipeline.cli import main
from resources.storage.history_store import HistoryStore
from tests.support.keys import OTHER_KEY
from tests.support.small_home import (
    BRAM,
    DORA,
    copied,
    counted_home,
    deliver,
    delivery,
    export,
    keep_no_events,
    registers,
    row,
)

COUNTS = "statistics.unique_person_counts"


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which 2023 was counted once and 2024 twice."""
    return counted_home(tmp_path_factory.mktemp("counted"))


@pytest.fixture
def home(counted: Path, tmp_path: Path) -> Path:
    """A copy that may be damaged."""
    copy = copied(counted, tmp_path / "home")
    keep_no_events(copy)
    return copy


@pytest.fixture
def said(capfd: pytest.CaptureFixture[str]) -> Callable[[list[str]], tuple[int, str, str]]:
    """Run a command and return its exit code and output; errors are a plain line or two."""

    def call(arguments: list[str]) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main(arguments)
        captured = capfd.readouterr()
        assert code in (0, 1, 2, 3)
        lines = captured.err.splitlines()
        assert all(line.startswith("dakl: ") for line in lines[:1])
        assert len(lines) <= 2, captured.err
        assert "unexpected" not in captured.err
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return call


Said = Callable[[list[str]], tuple[int, str, str]]


def _figures(said: Said, home: Path, year: int = 2024) -> str:
    code, out, err = said(["figures", "--year", str(year), "--csv", "--home", str(home)])
    assert code == 0, err
    return out


def _run(said: Said, home: Path, year: int = 2024) -> tuple[int, str]:
    code, _, err = said(["run", "--year", str(year), "--home", str(home)])
    return code, err


def _doctor(said: Said, home: Path) -> dict[str, dict[str, str]]:
    """The findings that are not ok, by check."""
    code, out, _ = said(["doctor", "--json", "--home", str(home)])
    found = json.loads(out)
    faults = [each for each in found["checks"] if each["status"] == "fault"]
    assert code == bool(faults) == (not found["well"])
    return {each["check"]: each for each in found["checks"] if each["status"] != "ok"}


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _scramble(path: Path) -> None:
    """Change the bytes in the middle, like a bad sector."""
    content = bytearray(path.read_bytes())
    middle = slice(len(content) // 4, 3 * len(content) // 4)
    content[middle] = bytes(byte ^ 0xA5 for byte in content[middle])
    path.write_bytes(content)


def test_all_is_well_before(home: Path, said: Said) -> None:
    assert _doctor(said, home) == {}


@pytest.mark.parametrize(("harm", "file"), [(_cut, "persons"), (_scramble, "care")])
def test_a_register_that_is_half_there(home: Path, said: Said, harm: Callable[[Path], None], file: str) -> None:
    before = _figures(said, home)
    path = home / "registers" / "2024" / f"{file}.parquet"
    harm(path)
    code, error = _run(said, home)
    assert code == 1
    assert f"{file}.parquet is not readable" in error
    assert "replace it with a good copy" in error
    if harm is _cut:
        assert _doctor(said, home)["registers of 2024"]["status"] == "fault"
    assert _figures(said, home) == before
    registers(home, 2024)
    assert _run(said, home)[0] == 0
    assert _doctor(said, home) == {}


@pytest.mark.parametrize("harm", [_scramble, Path.unlink])
def test_a_damaged_warehouse(home: Path, said: Said, harm: Callable[[Path], None]) -> None:
    before = export(home, COUNTS)
    harm(home / "warehouse.duckdb")
    assert _doctor(said, home)["warehouse"]["status"] == "fault"
    code, _, error = said(["figures", "--year", "2024", "--home", str(home)])
    assert code in (1, 3)
    assert "dakl run" in error
    assert _run(said, home, 2023)[0] == 0
    assert export(home, COUNTS) == before
    assert _doctor(said, home) == {}


def test_figures_and_what_counts_do_not_need_the_tables_between_the_stages(home: Path, said: Said) -> None:
    before = export(home, COUNTS)
    shutil.rmtree(home / "stages")
    (home / "warehouse.duckdb").unlink()
    code, _, error = said(["run", "--year", "2023", "--year", "2024", "--jobs=1", "--home", str(home)])
    assert (code, error) == (0, "")
    assert export(home, COUNTS) == before
    shutil.rmtree(home / "stages")
    code, _, error = said(["figures", "--year", "2024", "--home", str(home)])
    assert (code, "not counted yet" in error) == (0, False)


@pytest.mark.parametrize("lost", ["stages/keys.json", "stages"])
def test_a_key_gets_its_id_back_when_the_list_of_keys_was_lost(lost: str, home: Path, said: Said) -> None:
    """Otherwise the figures would be of another key for ever, and the next count not compared with them."""
    path = home / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert said(["run", "--year", "2023", "--year", "2024", "--home", str(home)])[0] == 0
    assert _doctor(said, home) == {}
    assert HistoryStore(home / "history").numbers(2024) == [1, 2]
    code, out, _ = said(["run", "--year", "2023", "--year", "2024", "--jobs=1", "--home", str(home)])
    assert (code, out.count("nothing changed since")) == (0, 2)
    assert deliver(home, delivery(home.parent, "DAKL_J2024_x.csv", row(DORA)), "mo-x") == 0
    assert _run(said, home)[0] == 0
    newest = HistoryStore(home / "history").newest(2024)
    assert newest is not None
    assert newest.reason == "mo-x: nothing → DAKL_J2024_x.csv (000004)"


def test_damaged_tables_between_stages(home: Path, said: Said) -> None:
    before = export(home, COUNTS)
    harms: dict[str, Callable[[Path], object]] = {
        "registers.persons": _cut,
        "stays.enriched": _scramble,
        "persons.unique": Path.unlink,
        COUNTS: _cut,
    }
    for table, harm in harms.items():
        for path in (home / "stages" / "2024").glob(f"{table}.*"):
            harm(path)
    found = _doctor(said, home)["stages of 2024"]["found"]
    assert "persons.unique, registers.persons, statistics.unique_person_counts and 1 more" in found
    assert export(home, COUNTS) == before
    assert _run(said, home)[0] == 0
    assert export(home, COUNTS) == before
    assert HistoryStore(home / "history").numbers(2024) == [1, 2]
    assert _doctor(said, home) == {}


@pytest.mark.parametrize("content", [b"", b'{"year": 2024, "stages": {"count": 1}}'])
def test_a_damaged_record(home: Path, said: Said, content: bytes) -> None:
    before = export(home, COUNTS)
    (home / "stages" / "2024" / "record.json").write_bytes(content)
    assert "record" in _doctor(said, home)["stages of 2024"]["found"]
    assert _run(said, home)[0] == 0
    assert export(home, COUNTS) == before
    assert HistoryStore(home / "history").numbers(2024) == [1, 2]
    assert _doctor(said, home) == {}


def test_the_ids_of_the_keys_are_damaged(home: Path, said: Said) -> None:
    before = export(home, COUNTS)
    (home / "stages" / "keys.json").write_text("{")
    assert "keys.json" in _doctor(said, home)["key"]["found"]
    code, error = _run(said, home)
    assert code == 1
    assert "keys.json is damaged" in error
    (home / "stages" / "keys.json").unlink()
    assert said(["run", "--all", "--jobs=1", "--home", str(home)])[0] == 0
    assert export(home, COUNTS) == before


@pytest.mark.parametrize(("number", "file"), [(1, "statistics.runs.parquet"), (2, "vintage.json")])
def test_a_damaged_vintage(home: Path, said: Said, number: int, file: str) -> None:
    before = export(home, COUNTS)
    _cut(home / "history" / "2024" / f"{number:05d}" / file)
    assert _doctor(said, home)["history of 2024"]["status"] == "fault"
    assert export(home, COUNTS) == before
    # A delivery to count, so that the history is needed.
    assert deliver(home, delivery(home.parent / "c", "DAKL_J2024_c.csv", row(BRAM)), "gemeente-hengelo") == 0
    code, error = _run(said, home)
    assert code == 1
    assert f"vintage {number} of 2024" in error
    assert "is damaged: put its folder back" in error
    assert "backup" in error
    assert export(home, COUNTS) == before
    # As the message advises: remove it and lose that part of the history.
    shutil.rmtree(home / "history" / "2024" / f"{number:05d}")
    assert _run(said, home)[0] == 0
    after = export(home, COUNTS)
    assert after != before
    assert HistoryStore(home / "history").numbers(2024) == ([2, 3] if number == 1 else [1, 2])
    assert said(["run", "--all", "--jobs=1", "--home", str(home)])[0] == 0
    assert export(home, COUNTS) == after


def test_what_a_vintage_was_made_of_is_lost(home: Path, said: Said) -> None:
    """The persons of a vintage exist only between the stages."""
    shutil.rmtree(home / "stages" / "2024")
    assert deliver(home, delivery(home.parent / "c", "DAKL_J2024_c.csv", row(BRAM)), "gemeente-hengelo") == 0
    assert _run(said, home)[0] == 0
    runs = pl.read_csv(export(home, "statistics.runs", year=2024))
    assert "not compared" in runs.filter(vintage=3)["reason"].item()
    changes = pl.read_csv(export(home, "statistics.changes", year=2024))
    assert changes.filter(vintage=3).is_empty()
    assert _doctor(said, home) == {}


@pytest.mark.parametrize(
    ("harm", "file"),
    [(_cut, "history/runs.db"), (lambda path: path.write_bytes(b"no database" * 500), "history/runs/index.db")],
    ids=["cut", "garbage"],
)
def test_a_damaged_history_of_runs(
    counted: Path, tmp_path: Path, said: Said, file: str, harm: Callable[[Path], None]
) -> None:
    home = copied(counted, tmp_path / "home")
    before = _figures(said, home)
    harm(home / "dagster" / file)
    assert _doctor(said, home)["runs"]["status"] == "fault"
    code, error = _run(said, home)
    assert code == 1
    assert str(home / "dagster") in error
    assert "no figures are lost" in error
    assert _figures(said, home) == before
    shutil.rmtree(home / "dagster")
    assert _run(said, home)[0] == 0
    assert _doctor(said, home) == {}


def test_settings_of_dagster_that_cannot_be(home: Path, said: Said) -> None:
    (home / "dagster" / "dagster.yaml").write_text("storage: [")
    runs = _doctor(said, home)["runs"]
    assert "dagster.yaml" in runs["found"]
    # A team that removed it would continue with a new, empty history of runs.
    assert "not in PostgreSQL" in runs["to_do"]
    code, error = _run(said, home)
    assert code == 3
    assert "dagster.yaml" in error


def _entry_in(home: Path, number: int, **values: str) -> None:
    path = home / "deliveries" / f"{number:06d}" / "entry.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_clock_that_was_ahead_for_a_while(home: Path, said: Said) -> None:
    """The newest delivery and the newest vintage lie in the future, and time continues from now."""
    _entry_in(home, 3, recorded_at="2099-01-01T00:00:00Z")
    path = home / "history" / "2024" / "00002" / "vintage.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"counted_at": "2099-01-01T00:00:00Z"}))
    assert "the logging of entry 000003, vintage 2 of 2024" in _doctor(said, home)["clock"]["found"]
    before = _figures(said, home)
    assert _run(said, home)[0] == 0
    assert deliver(home, delivery(home.parent / "c", "DAKL_J2024_c.csv", row(BRAM)), "gemeente-hengelo") == 0
    assert _run(said, home)[0] == 0
    assert _figures(said, home) != before
    ahead, newest = HistoryStore(home / "history").vintages(2024)[1:]
    assert ahead.number < newest.number
    assert ahead.counted_at > newest.counted_at


@pytest.mark.parametrize(
    ("harm", "what"),
    [
        (lambda entry: shutil.rmtree(entry), "gone"),
        (lambda entry: (entry / "entry.json").write_text("{"), "not readable"),
        (lambda entry: (entry / "DAKL_J2024_a.csv").unlink(), "gone"),
        (lambda entry: (entry / "DAKL_J2024_a.csv").write_text("other"), "changed"),
    ],
)
def test_a_damaged_delivery_log(home: Path, said: Said, harm: Callable[[Path], None], what: str) -> None:
    before = _figures(said, home)
    harm(home / "deliveries" / "000002")
    found = _doctor(said, home)["deliveries"]
    assert found["status"] == "fault"
    assert "000002" in found["found"]
    assert what in found["found"]
    assert _figures(said, home) == before
    # It does not hold up a supplier.
    assert deliver(home, delivery(home.parent / "c", "DAKL_J2024_c.csv", row(BRAM)), "gemeente-hengelo") == 0


def test_what_was_left_half_is_told_and_goes(home: Path, said: Said) -> None:
    leftover = home / "deliveries" / ".incoming-half"
    leftover.mkdir()
    (leftover / "DAKL_J2024_x.csv").write_text("half")
    assert "1 left unfinished" in _doctor(said, home)["deliveries"]["found"]
    assert leftover.exists()
    assert deliver(home, delivery(home.parent / "c", "DAKL_J2024_c.csv", row(BRAM)), "gemeente-hengelo") == 0
    assert not leftover.exists()


def test_another_key(home: Path, said: Said) -> None:
    before = export(home, COUNTS)
    own = (home / "pseudonym.key").read_text()
    (home / "pseudonym.key").write_text(OTHER_KEY)
    found = _doctor(said, home)["key"]
    assert found["status"] == "fault"
    assert "2023, 2024" in found["found"]
    (home / "pseudonym.key").write_text(own)
    assert _doctor(said, home) == {}
    (home / "pseudonym.key").chmod(0o644)
    assert _doctor(said, home)["key file"]["status"] == "fault"
    (home / "pseudonym.key").unlink()
    assert "no pseudonym key" in _doctor(said, home)["key"]["found"]
    assert export(home, COUNTS) == before


def test_what_waits_to_be_counted(home: Path, said: Said) -> None:
    assert deliver(home, delivery(home.parent / "c", "DAKL_J2024_c.csv", row(BRAM)), "gemeente-hengelo") == 0
    found = _doctor(said, home)
    assert found.keys() == {"figures of 2024"}
    assert "gemeente-hengelo: nothing → DAKL_J2024_c.csv (000004)" in found["figures of 2024"]["found"]


def test_settings_and_mail_that_cannot_be(home: Path, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "settings.toml").write_text("no_such_setting = 1")
    (home / "coordinators.csv").write_text("nonsense")
    assert {name: each["status"] for name, each in _doctor(said, home).items()} == {
        "settings": "fault",
        "mail": "fault",
    }
    (home / "settings.toml").unlink()
    (home / "coordinators.csv").unlink()
    monkeypatch.setenv("DAKL_SMTP_PORT", "no port")
    assert "DAKL_SMTP_PORT" in _doctor(said, home)["mail"]["found"]


@contextlib.contextmanager
def _mounted(folder: Path, *mounts: list[str]) -> Iterator[Path]:
    """A disk of its own; skipped where mounting is not allowed, except where every test must run."""
    folder.mkdir(exist_ok=True)
    for options in mounts:
        done = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True, check=False)
        if done.returncode and "CI" not in os.environ:
            pytest.skip("mounting a disk needs root")
        assert done.returncode == 0, done.stderr
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("free", [0, 200_000, 3_000_000])
def test_a_full_disk(counted: Path, tmp_path: Path, said: Said, free: int) -> None:
    with _mounted(tmp_path / "disk", ["-t", "tmpfs", "-o", "size=32m", "tmpfs"]) as disk:
        home = copied(counted, disk / "home")
        ballast = disk / "ballast"
        file = delivery(tmp_path / "c", "DAKL_J2024_c.csv", row(BRAM))
        before = export(home, COUNTS, folder=tmp_path)
        _fill(ballast, free)
        at = ["--received-at", "2025-05-01T12:00", "--received-why", "test"]
        arguments = ["deliver", str(file), "--supplier", "gemeente-hengelo", *at]
        code, _, error = said([*arguments, "--home", str(home)])
        assert code in (0, 1)
        is_logged = code == 0
        assert is_logged or "nothing was logged" in error
        code, error = _run(said, home)
        assert code in (0, 1)
        if code:
            assert "No space left" in error or "full" in error or "room on the disk" in error, error
            assert export(home, COUNTS, folder=tmp_path) == before
            assert "disk" in _doctor(said, home)
        assert said(["backup", "--out", str(disk / "b.tar.gz"), "--home", str(home)])[0] in (0, 1)
        ballast.unlink()
        if not is_logged:
            assert said([*arguments, "--home", str(home)])[0] == 0
        assert _run(said, home)[0] == 0
        after = export(home, COUNTS, folder=tmp_path)
        assert after != before
        found = _doctor(said, home)
        assert {name for name in found if name != "disk"} == set()
        assert [path.name for path in home.rglob(".writing*")] == []
        assert said(["run", "--year", "2024", "--force", "--home", str(home)])[0] == 0
        assert export(home, COUNTS, folder=tmp_path) == after, "not the figures of a run that makes every table"


def _fill(ballast: Path, free: int) -> None:
    with ballast.open("wb") as file:
        room = shutil.disk_usage(ballast).free
        with contextlib.suppress(OSError):
            file.write(b"\0" * (room - free))


def test_a_read_only_disk(home: Path, tmp_path: Path, said: Said) -> None:
    before = export(home, COUNTS)
    file = delivery(tmp_path / "c", "DAKL_J2024_c.csv", row(BRAM))
    with _mounted(home, ["--bind", str(home)], ["-o", "remount,bind,ro"]):
        assert _doctor(said, home)["home"]["status"] == "fault"
        assert export(home, COUNTS) == before
        for arguments in (
            ["run", "--year", "2024"],
            ["run", "--year", "2024", "--force"],
            ["deliver", str(file), "--supplier", "x", "--received-at", "2025-05-01T12:00"],
            ["withdraw", "--supplier", "gemeente-almelo", "--year", "2024", "--at", "2025-07-01T12:00"],
        ):
            code, _, error = said([*arguments, "--home", str(home)])
            assert code == 1
            assert "Read-only file system" in error
        code, _, error = said(["backup", "--out", str(tmp_path / "b.tar.gz"), "--home", str(home)])
        assert (code, error) == (0, "dakl: not in the audit log, which cannot be written: Read-only file system\n")
        assert export(home, COUNTS) == before
    assert _run(said, home)[0] == 0

"""``dakl backup`` and ``dakl restore``: everything except the key, consistent under concurrent use, and atomic."""

import hashlib
import io
import json
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.contracts import TABLES, WAREHOUSE_TABLES
from resources.maintenance.archive import MANIFEST
from resources.storage.delivery_store import DeliveryStore
from resources.storage.history_store import HistoryStore
from tests.support.paths import ROOT
from tests.support.small_home import BRAM, copied, counted_home, deliver, delivery, export, row, run

STATISTICS = sorted(name for name in TABLES | WAREHOUSE_TABLES if name.startswith("statistics."))


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which 2023 was counted once and 2024 twice."""
    return counted_home(tmp_path_factory.mktemp("counted"))


@pytest.fixture
def home(counted: Path, tmp_path: Path) -> Path:
    """A copy to change."""
    return copied(counted, tmp_path / "home")


def _back_up(home: Path, out: Path) -> int:
    return main(["backup", "--out", str(out), "--home", str(home)])


def _restore(file: Path, home: Path) -> int:
    return main(["restore", str(file), "--home", str(home)])


def _names(file: Path) -> list[str]:
    with tarfile.open(file) as archive:
        return archive.getnames()


def _digests(home: Path, *places: str) -> dict[str, str]:
    return {
        path.relative_to(home).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for place in places
        for path in (home / place).rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def _rewritten(file: Path, change: Callable[[dict[str, tarfile.TarInfo], dict[str, bytes]], None]) -> Path:
    """The backup with a change; its list is not updated."""
    with tarfile.open(file) as archive:
        members = {member.name: member for member in archive}
        contents = {name: archive.extractfile(member).read() for name, member in members.items()}  # type: ignore[union-attr]
    change(members, contents)
    out = file.with_name("changed.tar.gz")
    with tarfile.open(out, "w:gz") as archive:
        for name, member in members.items():
            member.size = len(contents.get(name, b""))
            archive.addfile(member, io.BytesIO(contents.get(name, b"")))
    return out


def test_a_restored_home_gives_the_same_figures(
    counted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, restored = tmp_path / "b.tar.gz", tmp_path / "new" / "home"
    assert _back_up(counted, file) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    said = capsys.readouterr().out
    assert "It holds BSNs" in said
    assert "not hold the key" in said
    assert _restore(file, restored) == 0
    assert "The figures are ready to use" in capsys.readouterr().out
    assert restored.stat().st_mode & 0o777 == 0o700
    kept = ("deliveries", "history", "registers", "reports")
    assert _digests(restored, *kept) == _digests(counted, *kept)
    before = {name: export(counted, name) for name in STATISTICS}
    assert {name: export(restored, name) for name in STATISTICS} == before
    assert not (restored / "pseudonym.key").exists()
    assert run(restored) == 3
    shutil.copy2(counted / "pseudonym.key", restored)
    assert run(restored, 2023, 2024) == 0
    assert {name: export(restored, name) for name in STATISTICS} == before
    assert HistoryStore(restored / "history").numbers(2024) == [1, 2]
    assert _digests(restored, "stages").keys() <= _digests(counted, "stages").keys()
    capsys.readouterr()
    assert main(["doctor", "--json", "--home", str(restored)]) == 0
    assert {each["status"] for each in json.loads(capsys.readouterr().out)["checks"]} == {"ok"}
    # The same key: the next vintage is compared with the last one before the backup.
    assert deliver(restored, delivery(tmp_path / "c", "DAKL_J2024_c.csv", row(BRAM)), "gemeente-hengelo") == 0
    assert run(restored, 2024) == 0
    assert b"key changed" not in export(restored, "statistics.runs")


def test_no_key_is_in_it_wherever_it_is(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = (home / "pseudonym.key").read_bytes()
    (home / "registers" / "the key of last year.txt").write_bytes(key)
    (home / "secret").mkdir()
    (home / "secret" / "key").write_bytes(b"# not only the key\n" * 50 + key)
    monkeypatch.setenv("DAKL_PSEUDONYM_KEY_FILE", str(home / "secret" / "key"))
    (home / "notes.txt").write_text("of an analyst")
    assert _back_up(home, tmp_path / "b.tar.gz") == 0
    with tarfile.open(tmp_path / "b.tar.gz") as archive:
        contents = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    assert "notes.txt" in contents
    assert [name for name, content in contents.items() if key.strip() in content] == []
    assert [name for name in contents if "warehouse" in name or "registers.persons" in name or "/." in name] == []


@pytest.mark.parametrize("out", ["b.zip", "home/b.tar.gz", "there.tar.gz"])
def test_where_a_backup_does_not_go(home: Path, tmp_path: Path, out: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "there.tar.gz").write_bytes(b"of last week")
    before = sorted(tmp_path.rglob("*"))
    assert _back_up(home, tmp_path / out) in (1, 2)
    assert capsys.readouterr().err.startswith("dakl: ")
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "there.tar.gz").read_bytes() == b"of last week"


def test_a_home_behind_links_is_kept_whole(home: Path, tmp_path: Path) -> None:
    (home / "registers").rename(tmp_path / "other disk")
    (home / "registers").symlink_to(tmp_path / "other disk")
    (tmp_path / "other disk" / "loop").symlink_to(home)
    assert _back_up(home, tmp_path / "b.tar.gz") == 0
    assert "registers/2024/persons.parquet" in _names(tmp_path / "b.tar.gz")


def test_a_damaged_home_has_a_backup_all_the_same(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "dagster" / "history" / "runs.db").write_bytes(b"no database" * 500)
    (home / "history" / "2024" / "00002" / "vintage.json").write_text("{")
    shutil.rmtree(home / "stages" / "2023")
    assert _back_up(home, tmp_path / "b.tar.gz") == 0
    assert "left out, because it is damaged" in capsys.readouterr().out
    assert _restore(tmp_path / "b.tar.gz", tmp_path / "new") == 0
    assert (
        f"Not all figures can be read: vintage 2 of 2024 in {tmp_path}/new/history is damaged"
        in capsys.readouterr().out
    )
    assert len(DeliveryStore(tmp_path / "new" / "deliveries").entries()) == 3


_FOREVER = """
import sys
from pathlib import Path
from tests.support.small_home import ANNA, BRAM, CEES, DORA, deliver, delivery, row, run
home, folder = Path(sys.argv[1]), Path(sys.argv[2])
number = 0
while True:
    number += 1
    rows = [row(ANNA), *([row(BRAM)] if number % 2 else [row(CEES), row(DORA)])]
    assert deliver(home, delivery(folder, "DAKL_J2024_x.csv", *rows), "gemeente-almelo") == 0
    assert run(home, 2024) == 0
    print("counted", flush=True)
"""


def test_a_backup_while_deliveries_and_runs_go_on(home: Path, tmp_path: Path) -> None:
    program = [sys.executable, "-c", _FOREVER, str(home), str(tmp_path / "in")]
    with subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True) as busy:
        assert busy.stdout is not None
        try:
            for number in range(4):
                while "counted" not in busy.stdout.readline():
                    assert busy.poll() is None
                file, restored = tmp_path / f"{number}.tar.gz", tmp_path / f"restored {number}"
                assert _back_up(home, file) == 0
                assert _restore(file, restored) == 0
                _assert_consistent(restored)
        finally:
            busy.kill()


def _assert_consistent(home: Path) -> None:
    """Every figure is from deliveries in the home, and every run of the figures is in the history of runs."""
    store, history = DeliveryStore(home / "deliveries"), HistoryStore(home / "history")
    assert store.integrity_errors() == []
    entries = {entry.delivery_id for entry in store.entries()}
    selected = export(home, "deliveries.selected", year=2024).decode().splitlines()[1:]
    assert {line.split(",")[2] for line in selected} <= entries
    newest = history.newest(2024)
    assert newest is not None
    with sqlite3.connect(home / "dagster" / "history" / "runs.db") as runs:
        assert newest.run_id in {run_id for (run_id,) in runs.execute("select run_id from runs")}
    runs.close()


def _beside(members: dict[str, tarfile.TarInfo], contents: dict[str, bytes]) -> None:
    members["x"] = tarfile.TarInfo("../outside")


def _absolute(members: dict[str, tarfile.TarInfo], contents: dict[str, bytes]) -> None:
    members["x"] = tarfile.TarInfo("/outside")


def _link(members: dict[str, tarfile.TarInfo], contents: dict[str, bytes]) -> None:
    members["x"] = tarfile.TarInfo("link")
    members["x"].type, members["x"].linkname = tarfile.SYMTYPE, "settings.toml"


def _hard_link(members: dict[str, tarfile.TarInfo], contents: dict[str, bytes]) -> None:
    members["x"] = tarfile.TarInfo("link")
    members["x"].type, members["x"].linkname = tarfile.LNKTYPE, "deliveries/000001/entry.json"


def _device(members: dict[str, tarfile.TarInfo], contents: dict[str, bytes]) -> None:
    members["x"] = tarfile.TarInfo("device")
    members["x"].type = tarfile.CHRTYPE


def _a_key(members: dict[str, tarfile.TarInfo], contents: dict[str, bytes]) -> None:
    members["x"], contents["x"] = tarfile.TarInfo("pseudonym.key"), b"0" * 64


def _one_more(members: dict[str, tarfile.TarInfo], contents: dict[str, bytes]) -> None:
    members["x"] = tarfile.TarInfo("deliveries/000004/entry.json")


def _one_less(members: dict[str, tarfile.TarInfo], contents: dict[str, bytes]) -> None:
    del members["deliveries/000001/entry.json"]


def _other_content(members: dict[str, tarfile.TarInfo], contents: dict[str, bytes]) -> None:
    contents["deliveries/000001/entry.json"] += b" "


def _no_list(members: dict[str, tarfile.TarInfo], contents: dict[str, bytes]) -> None:
    del members[MANIFEST]


@pytest.mark.parametrize(
    "change",
    [_beside, _absolute, _link, _hard_link, _device, _a_key, _one_more, _one_less, _other_content, _no_list],
)
def test_what_is_no_whole_backup_is_refused(
    counted: Path,
    tmp_path: Path,
    change: Callable[[dict[str, tarfile.TarInfo], dict[str, bytes]], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _back_up(counted, tmp_path / "b.tar.gz") == 0
    file = _rewritten(tmp_path / "b.tar.gz", change)
    before = sorted(tmp_path.rglob("*"))
    capsys.readouterr()
    assert _restore(file, tmp_path / "new") == 1
    assert "nothing was restored" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_what_is_no_archive_is_refused(
    counted: Path, tmp_path: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "b.tar.gz"
    assert _back_up(counted, file) == 0
    file.write_bytes(file.read_bytes()[:-5000] if content is None else content)
    capsys.readouterr()
    assert _restore(file, tmp_path / "new") == 1
    assert "nothing was restored" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == [file]


def test_where_nothing_is_restored(counted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "b.tar.gz"
    assert _restore(file, tmp_path / "new") == 3
    assert _back_up(counted, file) == 0
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("of somebody")
    for place in (tmp_path / "full", file):
        capsys.readouterr()
        assert _restore(file, place) == 1
        assert "nothing is overwritten" in capsys.readouterr().err
    # Leftovers of a killed process are removed.
    (tmp_path / ".restoring-empty" / "deliveries").mkdir(parents=True)
    (tmp_path / ".restoring-empty" / "half").write_text("half")
    (tmp_path / "empty").mkdir()
    assert _restore(file, tmp_path / "empty") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar.gz", "empty", "full"]

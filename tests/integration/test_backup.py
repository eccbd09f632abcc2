"""``dakl backup`` and ``dakl restore``: everything except the key, consistent under concurrent use, and atomic."""

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.contracts import TABLES, WAREHOUSE_TABLES
from resources.maintenance import restore
from resources.maintenance.archive import MANIFEST, SIGNATURE
from resources.maintenance.home_files import is_left_out
from resources.storage.delivery_store import DeliveryStore
from resources.storage.history_store import HistoryStore
from tests.support.paths import ROOT
from tests.support.small_home import BRAM, copied, counted_home, deliver, delivery, export, row, run

OTHER_KEY = hashlib.sha256(b"another").hexdigest()
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


def _contents(file: Path) -> dict[str, bytes]:
    with tarfile.open(file) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


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
    contents = _contents(file)
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


def test_no_key_is_in_it_wherever_it_is(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key, other = (home / "pseudonym.key").read_bytes(), OTHER_KEY.encode()
    (home / "registers" / "the key of last year.txt").write_bytes(key)
    (tmp_path / "key").write_bytes(other)
    monkeypatch.setenv("DAKL_PSEUDONYM_KEY_FILE", str(tmp_path / "key"))
    entry = home / "deliveries" / "000001"
    (entry / "delivered.csv").write_bytes(b"bsn\n" * 400_000 + key)
    (entry / "also delivered.csv").write_bytes(b"-" * ((1 << 20) - 10) + other)
    (entry / "hard link.csv").hardlink_to(tmp_path / "key")
    (entry / "link.csv").symlink_to(home / "pseudonym.key")
    (home / "notes.txt").write_text("of an analyst")
    capsys.readouterr()
    assert _back_up(home, tmp_path / "b.tar.gz") == 0
    said = capsys.readouterr().out
    for name in ("delivered.csv", "also delivered.csv", "hard link.csv"):
        assert f"left out, because it holds the key: {entry / name}\n" in said
    for path in (home / "notes.txt", entry / "link.csv", home / "registers" / "the key of last year.txt"):
        assert f"left out, because no home has such a file, or it is a link: {path}\n" in said
    contents = _contents(tmp_path / "b.tar.gz")
    assert [name for name, content in contents.items() if key.strip() in content or other in content] == []
    tables = [name for name in contents if name.startswith("stages/")]
    assert tables == ["stages/keys.json"]
    assert not {"notes.txt", "warehouse.duckdb", "pseudonym.key", "dagster/dagster.yaml"} & contents.keys()


def test_everything_that_the_program_keeps_is_known(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new file of a home needs a line in ``home_files``: otherwise a backup would leave it out."""
    (home / "settings.toml").touch()
    (home / "coordinators.csv").touch()
    (home / "reference").mkdir()
    (home / "reference" / "age_class.csv").touch()
    assert _back_up(home, tmp_path / "b.tar.gz") == 0
    assert "left out" not in capsys.readouterr().out
    found = {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}
    is_hidden = {name for name in found if "/." in f"/{name}"}
    assert {name for name in found - is_hidden if not is_left_out(name)} == _contents(tmp_path / "b.tar.gz").keys() - {
        MANIFEST,
        SIGNATURE,
    }


@pytest.mark.parametrize("out", ["b.zip", "home/b.tar.gz", "there.tar.gz"])
def test_where_a_backup_does_not_go(home: Path, tmp_path: Path, out: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "there.tar.gz").write_bytes(b"of last week")
    before = sorted(tmp_path.rglob("*"))
    assert _back_up(home, tmp_path / out) in (1, 2)
    assert capsys.readouterr().err.startswith("dakl: ")
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "there.tar.gz").read_bytes() == b"of last week"


def test_a_home_behind_links_is_kept_whole(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "registers").rename(tmp_path / "other disk")
    (home / "registers").symlink_to(tmp_path / "other disk")
    (tmp_path / "other disk" / "loop").symlink_to(home)
    assert _back_up(home, tmp_path / "b.tar.gz") == 0
    assert f"it is a link: {home}/registers/loop" in capsys.readouterr().out
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
    # Leftovers of a killed process are removed, and the folder is made anew, whoever could enter it.
    (tmp_path / ".restoring-empty" / "deliveries").mkdir(parents=True)
    (tmp_path / ".restoring-empty" / "half").write_text("half")
    (tmp_path / "empty").mkdir()
    assert _restore(file, tmp_path / "empty") == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar.gz", "empty", "full"]


def _listed(contents: dict[str, bytes], files: dict[str, bytes]) -> dict[str, bytes]:
    """The contents of a backup with other files, and a list that fits."""
    listed = json.loads(contents[MANIFEST])
    for name, content in files.items():
        listed["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    return {**contents, **files, MANIFEST: json.dumps(listed).encode()}


def _packed(file: Path, contents: dict[str, bytes]) -> Path:
    with tarfile.open(file, "w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file


MAILS = {"coordinators.csv": b"supplier_id;email\n"}


@pytest.mark.parametrize(
    ("change", "key", "said"),
    [
        ({}, "own", "Its signature was verified"),
        ({}, None, "Its signature was not checked, because there is no key here"),
        ({}, "gone", "Its signature was not checked, because there is no key here"),
        ({}, "other", "not signed with the key"),
        (MAILS, "own", "not signed with the key"),
        (MAILS, None, "Its signature was not checked, because there is no key here"),
        ({SIGNATURE: None}, "own", "not signed with the key"),
        ({SIGNATURE: b"0" * 64}, "own", "not signed with the key"),
        ({SIGNATURE: b"\xff" * 64}, "own", "not signed with the key"),
        ({SIGNATURE: b"0" * 65}, "own", "damaged"),
        ({"evil.py": b""}, "own", "not signed with the key"),
        ({"evil.py": b""}, None, "holds files that no home has (evil.py)"),
        ({"dagster/x.pth": b"", "823609571.py": b""}, None, "holds files that no home has (dagster/x.pth, "),
        ({"dagster/dagster.yaml": b""}, None, "Not restored: dagster/dagster.yaml"),
        ({"pseudonym.key": b"0" * 64}, None, "Not restored: pseudonym.key"),
    ],
)
def test_who_changed_a_backup(
    counted: Path,
    tmp_path: Path,
    change: dict[str, bytes | None],
    key: str | None,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    contents = _contents(_made(counted))
    file, restored = tmp_path / "b.tar.gz", tmp_path / "restored"
    listed = {name: content for name, content in change.items() if content is not None and name != SIGNATURE}
    contents = _listed(contents, listed) if listed else contents
    if SIGNATURE in change:
        del contents[SIGNATURE]
        contents |= {SIGNATURE: change[SIGNATURE] or b""} if change[SIGNATURE] else {}
    _packed(file, contents)
    (tmp_path / "other").write_text(OTHER_KEY)
    keys = {"own": counted / "pseudonym.key", "other": tmp_path / "other", "gone": tmp_path / "gone"}
    if key:
        monkeypatch.setenv("DAKL_PSEUDONYM_KEY_FILE", str(keys[key]))
    capsys.readouterr()
    is_done = said.startswith(("Its", "Not"))
    assert _restore(file, restored) == (0 if is_done else 1)
    out, err = capsys.readouterr()
    assert said in (out if is_done else err)
    assert "823609571" not in out + err
    assert restored.exists() == is_done
    if not is_done and "damaged" not in said:
        assert main(["restore", str(file), "--unverified", "--home", str(restored)]) == 0
    assert not [name for name in ("evil.py", "dagster/x.pth", "dagster/dagster.yaml") if (restored / name).exists()]
    assert not (restored / "pseudonym.key").exists()


def _made(counted: Path) -> Path:
    file = counted.with_name("made.tar.gz")
    if not file.exists():
        assert _back_up(counted, file) == 0
    return file


def test_a_backup_without_a_key_is_not_signed(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "pseudonym.key").unlink()
    assert _back_up(home, tmp_path / "b.tar.gz") == 0
    assert "It is not signed" in capsys.readouterr().out
    assert _restore(tmp_path / "b.tar.gz", tmp_path / "restored") == 0


@pytest.mark.parametrize("signed", [True, False])
def test_only_a_signed_backup_may_become_much_larger(
    counted: Path, tmp_path: Path, signed: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A delivered file of zeros must not stand in the way of a restore."""
    monkeypatch.setattr(restore, "_ALWAYS_ALLOWED", 0)
    monkeypatch.setattr(restore, "_RATIO", 10)
    home = shutil.copytree(counted, tmp_path / "home")
    (home / "deliveries" / "000001" / "zeros.csv").write_bytes(bytes(10_000_000))
    assert _back_up(home, tmp_path / "b.tar.gz") == 0
    if signed:
        monkeypatch.setenv("DAKL_PSEUDONYM_KEY_FILE", str(home / "pseudonym.key"))
    assert _restore(tmp_path / "b.tar.gz", tmp_path / "restored") == (0 if signed else 1)
    assert (tmp_path / "restored").exists() == signed


def test_nothing_is_written_when_there_is_no_room(
    counted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _made(counted)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=1000))
    assert _restore(file, tmp_path / "restored") == 1
    assert "GB left" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_folder_of_somebody_else_is_not_used(
    counted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, temporary = _made(counted), tmp_path / ".restoring-new"
    (tmp_path / "elsewhere").mkdir()
    temporary.symlink_to(tmp_path / "elsewhere")
    assert _restore(file, tmp_path / "new") == 1
    assert "made by somebody else" in capsys.readouterr().err
    temporary.unlink()
    temporary.mkdir()
    os.chown(temporary, 12345, 12345)
    assert _restore(file, tmp_path / "new") == 1
    assert list((tmp_path / "elsewhere").iterdir()) == list(temporary.iterdir()) == []
    # One that this account left behind, and that others could enter, is made anew.
    os.chown(temporary, os.geteuid(), -1)
    temporary.chmod(0o777)
    assert _restore(file, tmp_path / "new") == 0
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_after_a_restore_the_figures_are_compared_once_they_are_counted(
    counted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tables with a row per person are not in a backup: the first run makes them again, and no vintage of its own."""
    for number, first in enumerate(("run", "deliver")):
        restored = tmp_path / str(number)
        assert _restore(_made(counted), restored) == 0
        shutil.copy2(counted / "pseudonym.key", restored)
        if first == "run":
            assert run(restored, 2024) == 0
            assert HistoryStore(restored / "history").numbers(2024) == [1, 2]
        assert deliver(restored, delivery(tmp_path / "c", "DAKL_J2024_c.csv", row(BRAM)), "gemeente-hengelo") == 0
        assert run(restored, 2024) == 0
        runs = export(restored, "statistics.runs", year=2024, folder=tmp_path).decode().splitlines()
        is_compared = "not compared with vintage 2" not in runs[-1]
        assert is_compared == (first == "run")

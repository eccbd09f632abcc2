"""The delivery log is atomic, with many processes, crashes, full disks and manual changes."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.deliveries.log import Actor
from dakl_pipeline.errors import Refused, WrongUsage
from resources.storage.delivery_store import DeliveryStore
from resources.workflows.receive import cancel
from tests.support.log_entries import NOON, log_file, log_withdrawal, logged_deliveries
from tests.support.paths import ROOT
from tests.support.small_home import deliver, delivery, make_home, row

CONTENT = b"header\nrow\n"
DEADLINE = 120


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "DAKL_J2024_x.csv"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "deliveries"


def _start(module: str, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", f"tests.support.{module}", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )


def _logged(root: Path) -> list[str]:
    """The ids in the log, with every entry and file read."""
    store = DeliveryStore(root)
    entries = logged_deliveries(store)
    for entry in entries:
        with store.open_verified(entry) as opened:
            assert opened.read() == CONTENT
    return [entry.delivery_id for entry in entries]


def test_an_entry_is_a_folder_that_a_person_can_read(root: Path, file: Path) -> None:
    entry = log_file(DeliveryStore(root), file)
    assert sorted(path.name for path in (root / "000001").iterdir()) == ["DAKL_J2024_x.csv", "entry.json", "link.json"]
    read = json.loads((root / "000001" / "entry.json").read_text())
    assert (read["supplier_id"], read["reporting_year"], read["recorded_by"]) == ("almelo", 2024, "analist")
    assert read["sha256"] == entry.sha256
    assert DeliveryStore(root).entries() == [entry]
    assert (root / "000001").stat().st_mode & 0o077 == 0


def test_eight_processes_at_once_lose_nothing(root: Path, file: Path) -> None:
    processes = [_start("log_repeatedly", root, file, 5) for _ in range(8)]
    said = [line for process in processes for line in process.communicate(timeout=DEADLINE)[0].split()]
    assert [process.returncode for process in processes] == [0] * 8
    assert sorted(said) == [f"{n:06d}" for n in range(1, 41)] == _logged(root)
    assert sorted(path.name for path in root.iterdir()) == [".head", ".lock", *sorted(said)]


def test_killed_at_every_step_the_log_stays_whole(tmp_path: Path, file: Path) -> None:
    (tmp_path / "crashes").mkdir()
    process = _start("crash_log", tmp_path / "crashes", file)
    steps = [json.loads(line) for line in process.communicate(timeout=DEADLINE)[0].splitlines()]
    assert process.returncode == 0
    assert [step["is_killed"] for step in steps] == [True] * (len(steps) - 1) + [False]
    assert len(steps) > 15
    for step in steps:
        # The entry exists or not; the next delivery continues and removes leftovers. What the audit log knows and was
        # not put in its place is put there by then.
        assert step["entries"] in (1, 2)
        assert all("is not in its place" in fault for fault in step["faults"]), step
        assert step["next"] == step["entries_after"]
        assert step["next"] - step["entries"] in ((1, 2) if step["faults"] else (1,))
        assert step["faults_after"] == []
        assert step["left"] == {"deliveries": [".head", ".lock"], "audit": [".head", ".lock"]}
    assert {step["entries"] for step in steps if step["is_killed"]} == {1, 2}
    assert {step["next"] - step["entries"] for step in steps} == {1, 2}


def test_what_another_process_is_receiving_is_left_alone(root: Path, file: Path) -> None:
    store = DeliveryStore(root)
    with store.staged(file, file.name) as staged:
        log_file(DeliveryStore(root), file)
        assert staged.path.read_bytes() == CONTENT
    assert not list(root.glob(".incoming-*"))


def test_a_file_that_was_not_logged_leaves_nothing(root: Path, file: Path) -> None:
    with pytest.raises(RuntimeError), DeliveryStore(root).staged(file, file.name):
        raise RuntimeError
    assert [path.name for path in root.iterdir()] == [".lock"]


def test_no_space_left(root: Path, tmp_path: Path) -> None:
    """A limit on the size of a file simulates a full disk: the copy cannot be written completely."""
    big = tmp_path / "DAKL_J2024_big.csv"
    big.write_bytes(bytes(4_000_000))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(Refused, match=r"cannot be written .*nothing was logged"):
            log_file(DeliveryStore(root), big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert DeliveryStore(root).entries() == []
    assert [path.name for path in root.iterdir()] == [".lock"]


def test_no_space_left_for_the_entry(root: Path, file: Path) -> None:
    store = DeliveryStore(root)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with store.staged(file, file.name) as staged:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
        try:
            with pytest.raises(Refused, match="nothing was logged"):
                log_withdrawal(store)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert staged.path.exists()
    assert [path.name for path in root.iterdir()] == [".lock"]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({}, "000001"),
        ({"supplier": "enschede"}, None),
        ({"year": 2023}, None),
        ({"year": None}, None),
    ],
    ids=["same supplier and year", "other supplier", "other year", "no year"],
)
@pytest.mark.parametrize("is_new_process", [False, True])
def test_the_same_content_is_recognised(
    other: dict[str, str | int | None], expected: str | None, is_new_process: bool, root: Path, file: Path
) -> None:
    store = DeliveryStore(root)
    assert log_file(store, file).same_content_as is None
    log_withdrawal(store)
    store = DeliveryStore(root) if is_new_process else store
    again = log_file(store, file, **other)  # type: ignore[arg-type]
    assert again.same_content_as == expected
    assert store.entries()[-1] == again


def test_the_first_with_the_same_content_is_named(root: Path, file: Path, tmp_path: Path) -> None:
    changed = tmp_path / "DAKL_J2024_y.csv"
    changed.write_bytes(CONTENT + b"row\n")
    store = DeliveryStore(root)
    said = [log_file(store, path).same_content_as for path in (file, changed, file, file, changed)]
    assert said == [None, None, "000001", "000001", "000002"]


def test_same_content_from_many_processes_names_the_first(root: Path, file: Path) -> None:
    for process in [_start("log_repeatedly", root, file, 3) for _ in range(2)]:
        process.communicate(timeout=DEADLINE)
    first, *others = logged_deliveries(DeliveryStore(root))
    assert first.same_content_as is None
    assert {entry.same_content_as for entry in others} == {first.delivery_id}


def _spoil_entry(root: Path) -> None:
    (root / "000002" / "entry.json").write_text("{")


def _empty_entry(root: Path) -> None:
    (root / "000002" / "entry.json").write_bytes(b"")


def _remove_entry_file(root: Path) -> None:
    (root / "000002" / "entry.json").unlink()


def _remove_folder(root: Path) -> None:
    (root / "000002").rename(root.parent / "elsewhere")


def _exchange(root: Path) -> None:
    (root / "000002" / "entry.json").write_bytes((root / "000003" / "entry.json").read_bytes())


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_spoil_entry, "not readable"),
        (_empty_entry, "not readable"),
        (_remove_entry_file, "not readable"),
        (_remove_folder, "gone"),
        (_exchange, "not readable"),
    ],
)
def test_a_log_that_was_touched_names_the_entry(spoil: Callable[..., Any], said: str, root: Path, file: Path) -> None:
    store = DeliveryStore(root)
    for _ in range(3):
        log_file(store, file)
    spoil(root)
    with pytest.raises(Refused, match=f"000002.*{said}.*restore"):
        DeliveryStore(root).entries()
    # It does not hold up a supplier.
    assert log_file(DeliveryStore(root), file).delivery_id == "000004"


def test_a_file_that_was_touched_is_not_opened(root: Path, file: Path) -> None:
    store = DeliveryStore(root)
    entry = log_file(store, file)
    kept = root / "000001" / entry.stored_name
    kept.write_bytes(CONTENT + b" ")
    with pytest.raises(Refused, match="000001 was changed"), store.open_verified(entry):
        pass
    kept.unlink()
    with pytest.raises(Refused, match="000001 is gone"), store.open_verified(entry):
        pass


def test_other_things_in_the_folder_are_no_entries(root: Path, file: Path) -> None:
    store = DeliveryStore(root)
    log_file(store, file)
    (root / "000001 (copy)").mkdir()
    (root / "notes.txt").write_text("looked at 000001")
    assert [entry.delivery_id for entry in store.entries()] == ["000001"]
    assert log_file(store, file).delivery_id == "000002"


@pytest.mark.parametrize(
    "name", ["entry.json", ".incoming-x", "../x.csv", "/etc/x.csv", "a\nb.csv", "é.csv", "x" * 300]
)
def test_a_name_that_is_not_safe_is_not_used(name: str, root: Path, file: Path) -> None:
    with DeliveryStore(root).staged(file, name) as staged:
        assert staged.path.name == "delivered-file"
        assert staged.path.parent.parent == root


def test_a_file_that_cannot_be_read(root: Path, tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="does not exist"):
        log_file(DeliveryStore(root), tmp_path / "gone.csv")
    assert not root.exists()


def test_of_many_that_cancel_an_entry_at_once_only_one_does(root: Path) -> None:
    store = DeliveryStore(root)
    log_withdrawal(store)

    def cancelled(_: int) -> bool:
        try:
            cancel(store, delivery_id="000001", why="mistyped", recorded_at=NOON, actor=Actor("analyst"))
        except Refused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(cancelled, range(8))) == 1
    assert [entry.kind for entry in store.entries()] == ["withdrawal", "cancellation"]


def test_a_destroyed_file_leaves_its_entry_and_the_reason(root: Path, file: Path) -> None:
    store = DeliveryStore(root)
    entry = log_file(store, file)
    store.destroy_file(entry, at=NOON, actor=Actor("analist"), why="kept too long")
    assert not (root / "000001" / file.name).exists()
    for reader in (store, DeliveryStore(root)):
        assert reader.integrity_errors() == []
        assert reader.entries() == [entry]
        with (
            pytest.raises(Refused, match="file of delivery 000001 was destroyed: kept too long"),
            reader.open_verified(entry),
        ):
            pass
    assert log_file(DeliveryStore(root), file).delivery_id == "000003"


def test_doctor_tells_that_an_entry_is_not_the_one_that_was_logged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = make_home(tmp_path)
    for name in ("DAKL_J2024_a.csv", "DAKL_J2024_b.csv"):
        assert deliver(home, delivery(tmp_path, name, row()), "gemeente-almelo") == 0
    path = home / "deliveries" / "000001" / "entry.json"
    path.write_text(path.read_text().replace('"approved": true', '"approved": false'))
    capsys.readouterr()
    assert main(["doctor", "--json", "--home", str(home)]) == 1
    (found,) = [each for each in json.loads(capsys.readouterr().out)["checks"] if each["check"] == "deliveries"]
    assert found["status"] == "fault"
    assert found["found"].startswith("entry 000001 of the delivery log is not the one that was logged")

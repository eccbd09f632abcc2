"""Atomic writes: the old file or the new one, and no half-written file is left."""

from pathlib import Path

import pytest

from resources.storage import files
from resources.storage.files import write_atomically


def test_a_file_is_replaced_and_leftovers_go(tmp_path: Path) -> None:
    target = tmp_path / "new" / "report.html"
    write_atomically(target, b"one")
    (target.parent / ".writing-killed").write_bytes(b"half")
    write_atomically(target, b"two")
    assert target.read_bytes() == b"two"
    assert [path.name for path in target.parent.iterdir()] == ["report.html"]


def test_what_another_process_is_writing_is_left_alone(tmp_path: Path) -> None:
    descriptor, name = files._locked_file(tmp_path)
    with open(descriptor, "wb"):
        write_atomically(tmp_path / "report.html", b"whole")
        assert Path(name).exists()


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "report.html"
    write_atomically(target, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("resources.storage.files.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(target, b"new")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]

"""Registers as files: one digest, used by both the stage and the sensor."""

import hashlib
import os
from pathlib import Path

import pytest

from dakl_pipeline.contracts.registers import REGISTERS
from resources.storage import register_store
from resources.storage.register_store import RegisterStore

PERSONS = REGISTERS[0]


def test_a_register_is_digested_again_only_when_its_file_is_another_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[Path] = []

    def counting(path: Path) -> str:
        read.append(path)
        return hashlib.sha256(path.read_bytes()).hexdigest()

    monkeypatch.setattr(register_store, "digest_of", counting)
    path = tmp_path / "2024" / f"{PERSONS.name}.parquet"
    path.parent.mkdir()
    path.write_bytes(b"one")
    store = RegisterStore(tmp_path)
    assert store.digest(PERSONS, 2024) == store.digest(PERSONS, 2024) == hashlib.sha256(b"one").hexdigest()
    assert len(read) == 1
    other = path.with_suffix(".new")
    other.write_bytes(b"two")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)
    assert store.digest(PERSONS, 2024) == hashlib.sha256(b"two").hexdigest()
    assert len(read) == 2

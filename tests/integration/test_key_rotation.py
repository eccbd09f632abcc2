"""``dakl key rotate`` and ``dakl key destroy``: other pseudonyms, the same counts, and whole at every moment."""

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dakl_pipeline.cli import keys, main
from dakl_pipeline.contracts.history import CHANGES
from resources.storage.history_store import HistoryStore
from resources.storage.stage_store import StageStore
from resources.workflows import replace_key
from tests.support.small_home import BRAM, DORA, cells, counted_home, coverage, deliver, delivery, export, row, run

YEARS = (2022, 2023, 2024)


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which 2023 was counted, 2024 twice, and 2022 without anybody."""
    home = counted_home(tmp_path_factory.mktemp("counted"))
    assert run(home, 2022) == 0
    return home


@pytest.fixture
def home(counted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to change, in which years are counted in this process."""
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    return shutil.copytree(counted, tmp_path / "home")


def _pseudonyms(home: Path) -> set[str]:
    """Every pseudonym in any table between the stages."""
    found: set[str] = set()
    for path in (home / "stages").rglob("*.parquet"):
        for column in pl.read_parquet(path).select(pl.selectors.contains("pseudonym")).iter_columns():
            found |= set(column.drop_nulls())
    return found


def _counts(home: Path) -> list[object]:
    return [counted(home, year) for year in YEARS for counted in (cells, coverage)]


def _rotate(home: Path) -> int:
    return main(["key", "rotate", "--yes", "--home", str(home)])


def test_a_new_key_gives_other_pseudonyms_and_the_same_counts(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "pseudonym.key").chmod(0o400)
    key, pseudonyms, counts = (home / "pseudonym.key").read_text(), _pseudonyms(home), _counts(home)
    assert len(pseudonyms) > 3
    capsys.readouterr()
    assert _rotate(home) == 0
    told = capsys.readouterr()
    assert [line for line in told.out.splitlines() if line[:2] == "20"] == [
        f"{year}: new pseudonyms, the same figures" for year in YEARS
    ]
    made = (home / "pseudonym.key").read_text()
    assert made != key
    assert re.fullmatch("[0-9a-f]{64}\n", made)
    assert (home / "pseudonym.key").stat().st_mode & 0o777 == 0o400
    assert key.strip() not in told.out + told.err
    assert made.strip() not in told.out + told.err
    assert len(_pseudonyms(home)) == len(pseudonyms)
    assert _pseudonyms(home).isdisjoint(pseudonyms)
    assert _counts(home) == counts
    # Nowhere else in the home either.
    secrets = [key.strip(), *pseudonyms]
    for path in (path for path in home.rglob("*") if path.is_file()):
        content = path.read_bytes()
        assert [secret for secret in secrets if secret.encode() in content] == [], path
    assert main(["doctor", "--home", str(home)]) == 0
    assert run(home, *YEARS) == 0
    assert HistoryStore(home / "history").numbers(2024) == [1, 2, 3]


def test_nobody_is_reported_as_added_or_removed_by_a_new_key(home: Path, tmp_path: Path) -> None:
    """Not even when a delivery waited to be counted: it is counted first, with the old key."""
    assert deliver(home, delivery(tmp_path / "c", "DAKL_J2024_c.csv", row(BRAM)), "gemeente-hengelo") == 0
    assert _rotate(home) == 0
    history = HistoryStore(home / "history")
    *_, delivered, rotated = history.vintages(2024)
    assert "gemeente-hengelo" in delivered.reason
    assert rotated.reason == "key changed"
    assert rotated.key_id != delivered.key_id
    assert history.read(delivered, CHANGES)["persons_added"].sum() > 0
    assert history.read(rotated, CHANGES).is_empty()
    # And what comes next is compared again.
    assert deliver(home, delivery(tmp_path / "d", "DAKL_J2024_d.csv", row(DORA)), "gemeente-borne") == 0
    assert run(home, 2024) == 0
    newest = history.vintages(2024)[-1]
    assert "gemeente-borne" in newest.reason
    assert history.read(newest, CHANGES).filter(supplier_id="gemeente-borne")["persons_added"].sum() > 0


class _Killed(BaseException):
    pass


def _kill(*_: object, **__: object) -> Any:
    raise _Killed


def _half(store: StageStore) -> None:
    next(store.record_file(2024).parent.glob("*.parquet")).unlink()
    raise _Killed


@pytest.mark.parametrize(
    ("place", "name", "accident", "is_new"),
    [
        (replace_key, "replace_key", _kill, False),
        (StageStore, "destroy_tables", _half, False),
        (replace_key, "whole_file", _kill, False),
        (os, "fchown", _kill, False),
        (keys, "_count", None, True),
    ],
    ids=["before", "half of the tables", "before the key", "half of the key", "after the key"],
)
def test_a_crash_leaves_the_old_key_or_the_new_one_and_a_run_repairs_the_rest(
    place: Any,
    name: str,
    accident: Callable[..., Any] | None,
    is_new: bool,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key, pseudonyms, counts = (home / "pseudonym.key").read_text(), _pseudonyms(home), _counts(home)
    real = getattr(place, name)
    calls = iter([real, _kill])
    monkeypatch.setattr(place, name, accident or (lambda *a, **k: next(calls)(*a, **k)))
    with pytest.raises(_Killed):
        keys.rotate(yes=True, home=home)
    monkeypatch.undo()
    assert ((home / "pseudonym.key").read_text() != key) == is_new
    # Never a new key beside old pseudonyms.
    assert _pseudonyms(home) <= (set() if is_new else pseudonyms)
    assert _counts(home) == counts
    assert run(home, *YEARS) == 0
    assert _counts(home) == counts
    assert _pseudonyms(home).isdisjoint(pseudonyms) == is_new
    assert len(_pseudonyms(home)) == len(pseudonyms)
    assert main(["doctor", "--home", str(home)]) == 0


def test_a_year_that_cannot_be_counted_keeps_the_key(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (home / "pseudonym.key").read_text(), _pseudonyms(home)
    (home / "registers" / "2024" / "persons.parquet").unlink()
    assert _rotate(home) == 3
    assert "nothing was changed, the key is the one it was" in capsys.readouterr().err
    assert ((home / "pseudonym.key").read_text(), _pseudonyms(home)) == before


@pytest.mark.parametrize("command", ["rotate", "destroy"])
def test_a_key_of_elsewhere_is_left_to_its_owner(
    command: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key = (home / "pseudonym.key").read_text().strip()
    asked = ["key", command, "--yes", "--home", str(home)]
    monkeypatch.setenv("DAKL_PSEUDONYM_KEY", key)
    assert main(asked) == 1
    error = capsys.readouterr().err
    assert "the key is in DAKL_PSEUDONYM_KEY, which dakl cannot change" in error
    assert "dakl run --all" in error
    assert key not in error
    monkeypatch.delenv("DAKL_PSEUDONYM_KEY")
    file = tmp_path / "etc" / "key"
    file.parent.mkdir()
    shutil.copy2(home / "pseudonym.key", file)
    monkeypatch.setenv("DAKL_PSEUDONYM_KEY_FILE", str(file))
    # As for an account that may not write there; the tests run as root.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != file.parent)
    assert main(asked) == 1
    assert f"this account may not replace {file}" in capsys.readouterr().err
    assert file.read_text().strip() == key
    monkeypatch.undo()
    (home / "pseudonym.key").unlink()
    assert main(asked) == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_key_in_another_file_is_replaced_there(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "key"
    (home / "pseudonym.key").rename(file)
    os.chown(file, 12345, 12345)
    (tmp_path / "link").symlink_to(file)
    before = file.read_text()
    monkeypatch.setenv("DAKL_PSEUDONYM_KEY_FILE", str(tmp_path / "link"))
    assert _rotate(home) == 0
    assert file.read_text() != before
    assert file.stat().st_uid == file.stat().st_gid == 12345
    assert (tmp_path / "link").is_symlink()


def test_a_run_that_waited_uses_the_new_key(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that the rotation locked out makes no old pseudonyms afterwards."""
    pseudonyms, locked = _pseudonyms(home), StageStore.locked
    key = home / "pseudonym.key"

    @contextmanager
    def rotated_meanwhile(store: StageStore, year: int, *, timeout: float) -> Iterator[None]:
        with locked(store, year, timeout=timeout):
            if timeout:
                key.write_text(hashlib.sha256(key.read_bytes()).hexdigest())
                store.destroy_tables()
            yield

    monkeypatch.setattr(StageStore, "locked", rotated_meanwhile)
    assert run(home, 2024) == 0
    assert _pseudonyms(home)
    assert _pseudonyms(home).isdisjoint(pseudonyms)


def test_a_busy_run_is_waited_for_and_then_nothing_changes(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(replace_key, "_TIMEOUT", 0)
    before = (home / "pseudonym.key").read_text(), _pseudonyms(home)
    with StageStore(home / "stages").locked(2022, timeout=0):
        assert main(["key", "destroy", "--yes", "--home", str(home)]) == 1
    assert "another run of 2022 has been busy" in capsys.readouterr().err
    assert ((home / "pseudonym.key").read_text(), _pseudonyms(home)) == before


def test_a_destroyed_key_is_gone_and_the_figures_stay(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    counts = _counts(home)
    assert main(["key", "destroy", "--home", str(home)]) == 2
    assert "this cannot be undone: add --yes" in capsys.readouterr().err
    assert (home / "pseudonym.key").exists()
    assert main(["key", "destroy", "--yes", "--home", str(home)]) == 0
    assert not (home / "pseudonym.key").exists()
    assert _counts(home) == counts
    assert run(home, 2024) == 3
    assert export(home, "statistics.runs")

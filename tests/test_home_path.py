"""A home under any name: a path is never taken for a pattern, a URL or an option."""

import os
import shutil
from pathlib import Path

import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.contracts.registers import REGISTERS
from resources.history_store import HistoryStore
from resources.home import Home
from resources.register_store import RegisterStore
from resources.stage_store import StageStore
from resources.warehouse import Warehouse
from tests.small_world import IN_WINDOW, counted_home, delivery, row, run

# With a neighbour that a library would find instead, or as well, if it took the name for a pattern or a URL.
NAMES = {
    "monitor [vertrouwelijk]": "monitor v",
    "monitor%20dakloosheid": "monitor dakloosheid",
    "klaar?": "klaar1",
    "x?mode=memory": "x",
    "a*b": "aab",
    "**": "any",
    "[!a]": "b",
    "{x,y}": "x",
    "o'brien": "o",
    'a"b': "ab",
    "#1": "1",
    "naïef 2024": "naief",
    "~x": "x",
    " spatie ": "spatie",
    "-rf": "rf",
    "a;b": "a",
    "a&b": "b",
    "$HOME": "HOME",
    "file:x": "x",
    "s3:": "s3",
    "a\\b": "ab",
    "%2F..": "..2F",
    "regel\neinde": "regel",
    "x" * 150: "x",
}


@pytest.mark.parametrize(("name", "neighbour"), NAMES.items(), ids=map(repr, NAMES))
def test_a_home_of_any_name(name: str, neighbour: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    homes, out = tmp_path / "homes", tmp_path / "out" / name
    homes.mkdir()
    out.mkdir(parents=True)
    home = Home(Path(shutil.move(counted_home(tmp_path), homes / name)))
    shutil.copytree(home.registers, homes / neighbour / "registers")
    for path in (homes / neighbour).rglob("*.parquet"):
        path.write_bytes(b"damaged")
    at = ["--home", str(home.root)]

    file = delivery(out, "DAKL_J2024_a.csv", row())
    assert main(["deliver", str(file), "--supplier", "gemeente-almelo", "--received-at", IN_WINDOW[2024], *at]) == 0
    # Everything that a run reads and writes, but for Dagster itself.
    assert all(RegisterStore(home.registers).read(register, 2024).height for register in REGISTERS)
    stages, history = StageStore(home.stages), HistoryStore(home.history)
    home.warehouse.unlink()
    Warehouse(home.warehouse).bring_up_to_date(stages, history)
    assert Warehouse(home.warehouse).years() == [2023, 2024]

    for command in (["figures", "--year", "2024"], ["explain-figure", "--year", "2024", "--region", "NL"]):
        assert main([*command, *at]) == 0
    assert main(["export", "statistics.coverage", "--out", str(out / "c.csv"), *at]) == 0
    assert main(["doctor", *at]) == 0
    assert main(["backup", "--out", str(out / "home.tar.gz"), *at]) == 0
    assert main(["restore", str(out / "home.tar.gz"), "--home", str(out / name)]) == 0
    assert Warehouse(Home(out / name).warehouse).years() == [2023, 2024]
    assert "Traceback" not in capsys.readouterr().err
    assert {path.name for path in homes.iterdir()} == {name, neighbour}, "something was written outside the home"
    assert {path.name for path in tmp_path.iterdir()} == {"homes", "out"}


@pytest.mark.parametrize("name", ["klaar?", "monitor%20[vertrouwelijk] #1"])
def test_a_year_is_counted_in_a_home_of_any_name(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = Path(shutil.move(counted_home(tmp_path), tmp_path / name))
    assert run(home, 2024, force=True) == 0
    assert "2024: 2 unique persons" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (home / "dagster" / "history" / "runs.db").is_file()


@pytest.mark.parametrize("way", ["relative", "link", "slash", "dots"])
def test_a_home_that_is_named_in_another_way(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = counted_home(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(home)
    named = {"relative": "home", "link": "link", "slash": f"{home}{os.sep}", "dots": "./link/../home/."}[way]
    assert main(["figures", "--year", "2024", "--home", named]) == 0
    assert main(["doctor", "--home", named]) == 0

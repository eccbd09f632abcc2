"""Many processes that deliver to one home, and processes that are killed while they deliver."""

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.deliveries.log import Delivery
from resources.storage.delivery_store import DeliveryStore
from tests.support.paths import ROOT
from tests.support.small_home import ANNA, BRAM, deliver, delivery, make_home, row

DEADLINE = 300
# A delivery takes some hundredths of a second: kills hit before, during and after several of them.
LONGEST_SECONDS = 1.0


def a_delivery(folder: Path) -> Path:
    """A file with findings, so that there is something to report and mail."""
    rows = [row(ANNA), row(BRAM, start="2024-02-30" if folder.name == "bad" else "2020-01-01", end=""), row("")]
    return delivery(folder, "DAKL_J2024_Almelo.csv", *rows)


def _start(home: Path, supplier: str, file: Path, times: int) -> "subprocess.Popen[str]":
    program = [sys.executable, "-m", "tests.support.deliver_repeatedly", str(home), supplier, str(file), str(times)]
    return subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def assert_nothing_is_lost(folder: Path, processes: int, times: int) -> None:
    """Deliver from many processes at once: each delivery is logged once, intact, with its supplier."""
    home, file = make_home(folder), a_delivery(folder / "files")
    started = {f"supplier-{n}": _start(home, f"supplier-{n}", file, times) for n in range(processes)}
    acknowledged = {}
    for supplier, process in started.items():
        said = process.communicate(timeout=DEADLINE)[0].splitlines()
        assert process.returncode == 0
        assert [line.split()[0] for line in said] == ["0"] * times
        acknowledged.update({line.split()[1]: supplier for line in said})
    entries = DeliveryStore(home / "deliveries").entries()
    assert {entry.delivery_id: entry.supplier_id for entry in entries} == acknowledged
    assert len(entries) == processes * times
    _assert_whole(home, file)


def assert_kills_do_no_harm(folder: Path, kills: int, seed: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Kill a delivering process repeatedly, at random moments."""
    home, file = make_home(folder), a_delivery(folder / "files")
    draw = random.Random(seed)
    acknowledged: set[str] = set()
    for _ in range(kills):
        process = _start(home, "almelo", file, 1_000_000)
        assert process.stdout is not None
        # A kill should not hit its start, so wait for the first delivery.
        said = [process.stdout.readline()]
        try:
            process.wait(timeout=draw.uniform(0, LONGEST_SECONDS))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        said += process.communicate(timeout=DEADLINE)[0].splitlines(keepends=True)
        assert process.returncode == -signal.SIGKILL
        acknowledged |= {line.split()[1] for line in said if line.endswith("\n")}
        capsys.readouterr()
        assert main(["deliveries", "--json", "--home", str(home)]) == 0
        logged = [entry["delivery_id"] for entry in json.loads(capsys.readouterr().out)]
        assert logged == [f"{n:06d}" for n in range(1, len(logged) + 1)]
        assert acknowledged <= set(logged)
    assert len(acknowledged) >= kills
    assert deliver(home, file, "almelo") == 0
    _assert_whole(home, file)


def _assert_whole(home: Path, file: Path) -> None:
    """Every entry has its unchanged file, its report and its mail; and nothing else is left."""
    store = DeliveryStore(home / "deliveries")
    entries = store.entries()
    content = file.read_bytes()
    for entry in entries:
        assert isinstance(entry, Delivery)
        with store.open_verified(entry) as opened:
            assert opened.read() == content
    assert sorted(path.name for path in (home / "deliveries").iterdir()) == [".head", ".lock", *store.entry_names()]
    assert {path.name for path in (home / "deliveries").glob("*/*")} == {"entry.json", "link.json", file.name}
    made = sorted(path for path in (home / "reports").rglob("*") if path.is_file())
    for entry in entries:
        assert [path.suffix for path in made if path.name.startswith(f"{entry.delivery_id}-mail")] == [".eml"]
    assert [path for path in made if path.name.startswith(".") and path.name != ".lock"] == []

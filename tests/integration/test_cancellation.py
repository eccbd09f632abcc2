"""Mistakes in the log and their correction: times in the future, and cancelled entries."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dakl_pipeline.cli import main
from resources.storage.delivery_store import DeliveryStore
from tests.support.small_home import (
    ANNA,
    BRAM,
    CEES,
    cells,
    counted_home,
    deliver,
    delivery,
    keep_no_events,
    make_home,
    row,
    run,
)

ALMELO = "gemeente-almelo"
WITHDRAWN = "2025-07-01T09:00"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a key and registers."""
    return make_home(tmp_path)


def _deliver(home: Path, name: str = "a", *rows: str, at: str | None = None) -> None:
    file = delivery(home.parent / "files", f"DAKL_J2024_{name}.csv", *(rows or (row(ANNA),)))
    assert deliver(home, file, ALMELO, at=at) == 0


def _withdraw(home: Path, at: str = WITHDRAWN) -> int:
    return main(["withdraw", f"--supplier={ALMELO}", "--year=2024", f"--at={at}", f"--home={home}"])


def _cancel(home: Path, entry: str, why: str = "mistyped") -> int:
    return main(["cancel", entry, f"--why={why}", f"--home={home}"])


def _statuses(home: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, tuple[bool, str]]:
    capsys.readouterr()
    assert main(["deliveries", "--json", f"--home={home}"]) == 0
    rows = json.loads(capsys.readouterr().out)
    return {each["delivery_id"]: (each.get("selected", False), each["reason"]) for each in rows}


def _in_future(home: Path, number: int, **values: str) -> None:
    """An entry logged by an earlier version of the program, or by a clock that was ahead."""
    path = home / "deliveries" / f"{number:06d}" / "entry.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def _clock(home: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    capsys.readouterr()
    main(["doctor", "--json", f"--home={home}"])
    [found] = [each for each in json.loads(capsys.readouterr().out)["checks"] if each["check"] == "clock"]
    return found


@pytest.mark.parametrize("command", ["deliver", "withdraw"])
@pytest.mark.parametrize("ahead", [timedelta(minutes=7), timedelta(hours=1), timedelta(days=365), "2205-05-12T14:30"])
def test_a_time_that_has_yet_to_come_is_refused(
    command: str, ahead: timedelta | str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _deliver(home)
    at = ahead if isinstance(ahead, str) else (datetime.now(UTC) + ahead).isoformat()
    file = delivery(home.parent, "DAKL_J2024_b.csv", row(BRAM))
    arguments = {
        "deliver": ["deliver", str(file), f"--received-at={at}"],
        "withdraw": ["withdraw", "--year=2024", f"--at={at}"],
    }[command]
    capsys.readouterr()
    assert main([*arguments, f"--supplier={ALMELO}", "--accept-late=known", f"--home={home}"]) == 2
    error = capsys.readouterr().err
    assert "is in the future" in error
    if isinstance(ahead, str):
        # Dutch time, and written so that an implausible year is not mistaken for a number of a person.
        assert "the time 12 May 2205, 14:30 is in the future" in error
    assert "nothing was logged" in error
    assert len(DeliveryStore(home / "deliveries").entries()) == 1


def test_clocks_may_differ_a_little(home: Path) -> None:
    file = delivery(home.parent, "DAKL_J2024_a.csv", row(ANNA))
    at = (datetime.now(UTC) + timedelta(minutes=3)).isoformat()
    assert deliver(home, file, ALMELO, at=at, late="known") == 0


def test_what_counts_after_a_cancellation(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file, a later one and a withdrawal; then each is cancelled, the last one first."""
    _deliver(home, "a")
    _deliver(home, "b", row(BRAM))
    assert _withdraw(home) == 0
    assert [is_selected for is_selected, _ in _statuses(home, capsys).values()] == [False] * 3

    assert _cancel(home, "3", "it was another supplier") == 0
    said = capsys.readouterr().out
    assert "000004: withdrawal 000003 of gemeente-almelo for 2024 no longer counts" in said
    assert "For 2024, delivery 000002 of gemeente-almelo counts now" in said
    assert "dakl run --year 2024" in said
    assert _statuses(home, capsys) == {
        "000001": (False, "superseded by 000002"),
        "000002": (True, "most recent approved file of this supplier and year"),
        "000003": (False, "cancelled by 000004: it was another supplier"),
        "000004": (False, "cancels 000003: it was another supplier"),
    }

    assert _cancel(home, "000002") == 0
    assert "For 2024, delivery 000001 of" in capsys.readouterr().out
    assert _cancel(home, "1") == 0
    assert "For 2024, nothing of" in capsys.readouterr().out
    assert not any(is_selected for is_selected, _ in _statuses(home, capsys).values())
    # Nothing is left to withdraw.
    assert _withdraw(home) == 1

    # The same file delivered again does not count as the content of the cancelled one.
    _deliver(home, "a")
    said = capsys.readouterr().out
    assert "dezelfde inhoud" not in said
    assert _statuses(home, capsys)["000007"][0]
    # The previous file was cancelled, so the report compares with none.
    report = json.loads(next((home / "reports/2024" / ALMELO).glob("000007-op-orde.json")).read_text())
    assert report["previous"] is None
    assert report["status"] == "selected"


@pytest.mark.parametrize(
    ("entry", "why", "code", "said"),
    [
        ("000009", "x", 1, "there is no entry 000009 in the delivery log: `dakl deliveries` lists them"),
        ("2", "x", 1, "000002 no longer counts: it was cancelled by 000003"),
        ("3", "x", 1, "000003 is a cancellation, which is final: deliver or withdraw again instead"),
        ("0", "x", 2, "name the entry by its number"),
        ("-1", "x", 2, "dakl --help"),
        ("one", "x", 2, "name the entry by its number"),
        ("../000001", "x", 2, "name the entry by its number"),
        ("1 ", "x", 2, "name the entry by its number"),
        ("١", "x", 2, "name the entry by its number"),
        ("9" * 30, "x", 2, "name the entry by its number"),
        ("1", "", 2, "--why needs a reason"),
        ("1", " \n\t", 2, "--why needs a reason"),
    ],
)
def test_what_cannot_be_cancelled(
    entry: str, why: str, code: int, said: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _deliver(home, "a")
    _deliver(home, "b", row(BRAM))
    assert _cancel(home, "2") == 0
    capsys.readouterr()
    assert _cancel(home, entry, why) == code
    assert said in capsys.readouterr().err
    assert len(DeliveryStore(home / "deliveries").entries()) == 3


def test_a_rejected_file_can_be_cancelled_too(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert deliver(home, delivery(home.parent, "DAKL_J2024_a.csv", row("x")), ALMELO) == 1
    assert _cancel(home, "1", "the wrong supplier") == 0
    assert _statuses(home, capsys)["000001"] == (False, "cancelled by 000002: the wrong supplier")


def test_the_reason_is_kept_whole_without_numbers_and_the_supplier_hears_it(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _deliver(home)
    assert _cancel(home, "1", f"of  {ANNA}\nand not\x1b[2J of Bram") == 0
    entry = DeliveryStore(home / "deliveries").entries()[-1]
    assert entry.kind == "cancellation"
    assert entry.why == "of ######### and not?[2J of Bram"
    assert entry.recorded_by
    assert (entry.cancels, entry.supplier_id, entry.reporting_year) == ("000001", ALMELO, 2024)
    [mail] = (home / "reports/2024" / ALMELO).glob("000002-mail.eml")
    text = mail.read_bytes().decode()
    assert "ongedaan gemaakt" in text
    assert "######### and not" in text
    # A mail that is made again is the same.
    before = mail.read_bytes()
    mail.unlink()
    assert main(["mails", f"--home={home}"]) == 0
    assert mail.read_bytes() == before
    capsys.readouterr()
    _statuses(home, capsys)
    everything = [path for path in home.rglob("*") if path.is_file() and path.parts[-3:-1] != ("deliveries", "000001")]
    assert not any(ANNA.encode() in path.read_bytes() for path in everything if path.suffix != ".parquet")


def test_the_advice_about_an_entry_of_the_future_helps(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It takes precedence over new files; after the doctor's advice the right file counts, without any finding."""
    _deliver(home, "a")
    _in_future(home, 1, received_at="2099-05-12T12:00:00Z")
    _deliver(home, "b", row(BRAM))
    assert _statuses(home, capsys)["000001"][0]
    clock = _clock(home, capsys)
    assert clock["status"] == "warning"
    assert "entry 000001" in clock["found"]
    assert "`dakl cancel 000001 --why TEXT`" in clock["to_do"]
    assert "restore" not in clock["to_do"]
    assert _cancel(home, "000001") == 0
    _deliver(home, "a")
    assert _statuses(home, capsys)["000004"][0]
    assert _clock(home, capsys)["status"] == "ok"


def test_the_advice_about_a_withdrawal_of_the_future_helps(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _deliver(home, "a")
    assert _withdraw(home) == 0
    _in_future(home, 2, received_at="2099-05-12T12:00:00Z")
    assert "`dakl cancel 000002 --why TEXT`" in _clock(home, capsys)["to_do"]
    assert _cancel(home, "2") == 0
    assert _withdraw(home) == 0
    assert _statuses(home, capsys)["000001"] == (False, "withdrawn by the supplier (000004)")
    assert _clock(home, capsys)["status"] == "ok"


@pytest.mark.parametrize("what", ["rejected file", "moment of logging"])
def test_what_rests_on_nothing_is_only_told(what: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if what == "rejected file":
        assert deliver(home, delivery(home.parent, "DAKL_J2024_a.csv", row("x")), ALMELO) == 1
        _in_future(home, 1, received_at="2099-05-12T12:00:00Z", recorded_at="2099-05-12T12:00:00Z")
    else:
        _deliver(home)
        _in_future(home, 1, recorded_at="2099-05-12T12:00:00Z")
    clock = _clock(home, capsys)
    assert "the logging of entry 000001" in clock["found"]
    assert "dakl cancel" not in clock["to_do"]
    assert "nothing needs to be done" in clock["to_do"]


def test_figures_follow_a_cancellation_and_so_does_a_backup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = counted_home(tmp_path)
    keep_no_events(home)
    first = cells(home, 2024)
    assert first["NL", "totaal", "totaal"] == 2
    _deliver(home, "c", row(ANNA), row(BRAM), row(CEES))
    assert run(home, 2024) == 0
    assert cells(home, 2024)["NL", "totaal", "totaal"] == 3
    assert _cancel(home, "000004") == 0
    capsys.readouterr()
    main(["doctor", f"--home={home}"])
    assert "behind" in capsys.readouterr().out
    backup = tmp_path / "backup.tar.gz"
    assert main(["backup", f"--out={backup}", f"--home={home}"]) == 0
    assert main(["restore", str(backup), f"--home={tmp_path / 'restored'}"]) == 0
    shutil.copy(home / "pseudonym.key", tmp_path / "restored")
    for place in (home, tmp_path / "restored"):
        assert run(place, 2024) == 0
        assert cells(place, 2024) == first
    capsys.readouterr()
    assert main(["explain-figure", "--year=2024", "--region=NL", f"--home={home}"]) == 0
    assert "DAKL_J2024_c.csv (000004) → DAKL_J2024_b.csv (000003)" in capsys.readouterr().out

"""The audit log: what is logged, by whom, and which forgeries it finds."""

import json
import os
import pwd
import shutil
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.deliveries.log import Actor
from dakl_pipeline.operation.audit import KeyChanged
from resources.config.account import account_of_process
from resources.config.home import Home
from resources.maintenance.upgrade.convert import convert
from resources.storage.audit_heads import FOLDER_VARIABLE, AuditHeads
from resources.storage.audit_store import AuditStore
from resources.storage.history_store import HistoryStore
from resources.storage.home_format import FORMAT
from resources.storage.links import Head
from tests.attacks import forging
from tests.support.small_home import ANNA, BRAM, IN_WINDOW, copied, counted_home, deliver, delivery, make_home, row, run

Said = Callable[..., tuple[int, Any]]
ANALYST = Actor("analist")


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """Runs a command with ``--json`` and returns its exit code and what it printed."""

    def run_command(home: Path, *arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = main([*arguments, "--json", "--home", str(home)])
        return code, json.loads(capsys.readouterr().out)

    return run_command


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three deliveries, the last one rejected; 2024 was counted twice."""
    home = counted_home(tmp_path_factory.mktemp("counted"))
    bad = delivery(home.parent / "bad", "DAKL_J2024_bad.csv", row(ANNA, kind="9999"))
    assert deliver(home, bad, "gemeente-almelo") == 1
    return home


@pytest.fixture
def home(counted: Path, tmp_path: Path) -> Path:
    """A copy to change, with its own head outside."""
    return copied(counted, tmp_path / "home")


def _problems(said: Said, home: Path) -> list[str]:
    code, found = said(home, "audit", "verify")
    faults = [f"{each['check']}: {each['found']}" for each in found["checks"] if each["status"] == "fault"]
    assert code == (1 if faults else 0)
    assert found["intact"] == (not faults)
    return faults


def _status(said: Said, home: Path, check: str) -> str:
    _, found = said(home, "doctor")
    return next(str(each["status"]) for each in found["checks"] if each["check"] == check)


def test_every_command_that_changes_or_reads_is_logged_before_it_ends(tmp_path: Path, said: Said) -> None:
    home = make_home(tmp_path)
    file = delivery(tmp_path / "in", "DAKL_J2024_a.csv", row(ANNA), row(BRAM))
    assert deliver(home, file, "gemeente-almelo") == 0
    assert run(home, 2024) == 0
    for arguments in (
        ["withdraw", "--supplier", "gemeente-almelo", "--year", "2024", "--at", "2025-07-01", "--accept-late", "late"],
        ["cancel", "2", "--why", "a mistake"],
        ["explain-finding", "--supplier", "gemeente-almelo", "--year", "2024", "--rule", "long_open", "klopt"],
        ["report", "--supplier", "gemeente-almelo", "--year", "2024"],
        ["export", "statistics.coverage", "--out", str(tmp_path / "123456782.csv")],
        ["backup", "--out", str(tmp_path / "b.tar.gz")],
    ):
        assert main([*arguments, "--home", str(home)]) == 0
    _, entries = said(home, "audit", "show")
    actions = [entry["action"] for entry in entries]
    assert [action.get("entry") or action["kind"] for action in actions] == [
        *("start", "key", "delivery", "run", "vintage", "withdrawal", "cancellation", "explanation", "report"),
        *("export", "backup"),
    ]
    assert [entry["sequence"] for entry in entries] == list(range(1, 12))
    assert {entry["who"]["account"] for entry in entries} == {pwd.getpwuid(os.getuid()).pw_name}
    assert actions[9]["file"] == "#########.csv"
    assert _problems(said, home) == []


def test_what_reads_only_counts_is_not_logged(home: Path, said: Said) -> None:
    before = AuditStore(Home(home)).last()
    for arguments in (
        ["figures", "--year", "2024"],
        ["deliveries"],
        ["doctor"],
        ["audit", "verify"],
        ["audit", "show"],
    ):
        main([*arguments, "--home", str(home)])
    assert AuditStore(Home(home)).last() == before
    assert _problems(said, home) == []


def _change_figure(home: Path) -> None:
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute("update statistics.unique_person_counts set persons = persons + 1 where year = 2024")
    (home / ".warehouse.duckdb.sha256").write_text(forging.digest_of(home / "warehouse.duckdb"))


def _change_old_vintage(home: Path) -> None:
    (path,) = (home / "history" / "2024" / "00001").glob("*unique_person_counts_history.parquet")
    pl.read_parquet(path).with_columns(persons=pl.col("persons") + 1).write_parquet(path)


def _add_delivery(home: Path) -> None:
    log = home / "deliveries"
    shutil.copytree(log / "000004", log / "000005")
    entry = log / "000005" / "entry.json"
    entry.write_text(entry.read_text().replace('"sequence": 4', '"sequence": 5'))
    link = log / "000005" / "link.json"
    link.write_text(link.read_text().replace('"sequence": 4', '"sequence": 5'))
    forging.chain_again(log)


def _change_audit_entry(home: Path) -> None:
    path = home / "audit" / "000003" / "entry.json"
    path.write_text(path.read_text().replace('"account"', ' "account"'))


def _rewrite_audit(home: Path) -> None:
    _change_audit_entry(home)
    forging.chain_again(home / "audit")


def _remove_end_of_audit(home: Path) -> None:
    shutil.rmtree(sorted((home / "audit").glob("[0-9]*"))[-1])
    forging.chain_again(home / "audit")


@pytest.mark.parametrize(
    ("forge", "check"),
    [
        (forging.shorten_file, "deliveries: entry 000001"),
        (lambda home: forging.approve_rejected(home, "000004"), "deliveries: entry 000004"),
        (forging.remove_newest_entry, "deliveries: entry 000004"),
        (_add_delivery, "deliveries: entry 000005"),
        (_change_figure, "warehouse: not the figures of the history: statistics.unique_person_counts of 2024"),
        (_change_old_vintage, "history of 2024: not as the audit log recorded it: vintage 1"),
        (lambda home: shutil.rmtree(home / "history" / "2024" / "00002"), "history of 2024: gone: the newest vintage"),
        (_change_audit_entry, "audit: entry 000003"),
        (_rewrite_audit, "audit: entry 000003"),
        (lambda home: forging.rewrite_audit_log(home, forging.shorten_file(home)), "audit: entry"),
        (_remove_end_of_audit, "audit: entry"),
        (lambda home: shutil.rmtree(home / "audit"), "audit: entry 000001 is gone"),
    ],
    ids=[
        "a shortened file",
        "a rejected entry approved",
        "the newest delivery removed",
        "a delivery added",
        "a figure in the warehouse",
        "an old vintage",
        "the newest vintage removed",
        "an audit entry",
        "the audit log chained again",
        "both logs written again",
        "the last audit entry removed",
        "the audit log removed",
    ],
)
def test_every_forgery_is_found(forge: Callable[[Path], object], check: str, home: Path, said: Said) -> None:
    assert _problems(said, home) == []
    forge(home)
    assert any(fault.startswith(check) for fault in _problems(said, home)), _problems(said, home)
    code, found = said(home, "doctor")
    assert code == 1
    assert any(f"{each['check']}: {each['found']}".startswith(check) for each in found["checks"])
    # The next delivery does not hide it.
    assert deliver(home, delivery(home.parent / "d", "DAKL_J2024_d.csv", row(BRAM)), "gemeente-hengelo") == 0
    assert any(fault.startswith(check) for fault in _problems(said, home))


def test_the_number_of_a_removed_entry_is_never_given_out_again(home: Path) -> None:
    forging.remove_newest_entry(home)
    assert deliver(home, delivery(home.parent / "d", "DAKL_J2024_d.csv", row(BRAM)), "gemeente-hengelo") == 0
    assert not (home / "deliveries" / "000004").exists()
    assert (home / "deliveries" / "000005").exists()
    before = AuditStore(Home(home)).last()
    _remove_end_of_audit(home)
    assert AuditStore(Home(home)).log(ANALYST, KeyChanged(change="created")).sequence == before + 1


def test_a_home_without_an_audit_log_takes_over_what_is_there(home: Path, said: Said) -> None:
    # As a home of an earlier version: no audit log, and nothing outside.
    shutil.rmtree(home / "audit")
    AuditHeads(Home(home)).path.unlink()
    assert _problems(said, home) == []
    assert _status(said, home, "audit") == "ok"
    assert main(["report", "--supplier", "gemeente-almelo", "--year", "2024", "--home", str(home)]) == 0
    first = AuditStore(Home(home)).entries()[0].action.model_dump()
    assert (first["kind"], first["heads"]["deliveries"]["sequence"], set(first["vintages"][2024])) == (
        "start",
        4,
        {1, 2},
    )
    assert _problems(said, home) == []
    _change_old_vintage(home)
    forging.shorten_file(home)
    assert {fault.partition(":")[0] for fault in _problems(said, home)} >= {"history of 2024", "deliveries"}


def test_a_home_made_again_in_the_same_place_starts_anew_and_says_so(tmp_path: Path, said: Said) -> None:
    home = make_home(tmp_path)
    shutil.rmtree(home)
    make_home(tmp_path)
    assert _problems(said, home) == []
    _, found = said(home, "audit", "verify")
    assert any("a former home in this place had 2 entries" in each["found"] for each in found["checks"])


def test_without_its_head_outside_there_is_a_warning_until_the_next_entry(home: Path, said: Said) -> None:
    AuditStore(Home(home)).log(ANALYST, KeyChanged(change="created"))
    AuditHeads(Home(home)).path.unlink()
    assert _status(said, home, "audit") == "warning"
    _remove_end_of_audit(home)
    assert _problems(said, home) == []
    AuditStore(Home(home)).log(ANALYST, KeyChanged(change="created"))
    assert _status(said, home, "audit") == "ok"


def test_a_head_in_the_home_itself_is_no_head_outside(home: Path, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(home / "heads"))
    AuditStore(Home(home)).record_outside()
    assert _status(said, home, "audit") == "warning"
    assert _status(said, home, "environment") == "ok"


def test_heads_that_cannot_be_written_stop_nothing(home: Path, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, "/proc/none")
    assert deliver(home, delivery(home.parent / "d", "DAKL_J2024_d.csv", row(BRAM)), "gemeente-hengelo") == 0
    assert _status(said, home, "audit") == "warning"
    assert _problems(said, home) == []


def _add_to_audit(home: Path, **action: object) -> None:
    """Add an entry to the audit log by hand, with everything in the home that belongs to it."""
    log, last = home / "audit", AuditStore(Home(home)).last()
    shutil.copytree(log / f"{last:06d}", log / f"{last + 1:06d}")
    entry = json.loads((log / f"{last:06d}" / "entry.json").read_text())
    changed = {**entry, "sequence": last + 1, "action": action or entry["action"]}
    (log / f"{last + 1:06d}" / "entry.json").write_text(json.dumps(changed))
    link = log / f"{last + 1:06d}" / "link.json"
    link.write_text(link.read_text().replace(f'"sequence": {last},', f'"sequence": {last + 1},', 1))
    forging.chain_again(log)


def _add_restore(home: Path) -> None:
    """Explain removed entries by a restore that never was."""
    shutil.rmtree(sorted((home / "audit").glob("[0-9]*"))[-1])
    _add_to_audit(home, kind="restore", file="b.tar.gz", made_at="2026-01-01T00:00:00Z", lost_from=1)


def _add_vintage(home: Path) -> None:
    """Vouch for a changed vintage."""
    _change_old_vintage(home)
    digest = HistoryStore(home / "history").digests()[2024][1]
    _add_to_audit(home, kind="vintage", year=2024, number=1, sha256=digest, run_id="x")


def _add_start(home: Path) -> None:
    """Take over a forged delivery log."""
    digest = forging.shorten_file(home)["000004"]
    _add_to_audit(home, kind="start", heads={"deliveries": {"sequence": 4, "sha256": digest}}, vintages={})


@pytest.mark.parametrize("forge", [_add_to_audit, _add_restore, _add_vintage, _add_start])
def test_an_entry_that_somebody_adds_to_the_audit_log_is_found(
    forge: Callable[[Path], None], home: Path, said: Said
) -> None:
    forge(home)
    assert any(fault.startswith("audit: ") for fault in _problems(said, home))
    # The next entry, with its own line outside, does not vouch for it.
    AuditStore(Home(home)).log(ANALYST, KeyChanged(change="created"))
    assert any(fault.startswith("audit: ") for fault in _problems(said, home))


def test_a_later_entry_does_not_vouch_for_a_forged_delivery(home: Path, said: Said) -> None:
    for name, digest in forging.shorten_file(home).items():
        head = {"sequence": int(name), "sha256": digest}
        _add_to_audit(home, kind="logged", log="deliveries", entry="delivery", head=head)
    assert any(fault.startswith("deliveries: entry 000001") for fault in _problems(said, home))


def test_an_upgrade_does_not_start_the_heads_outside_again(home: Path, said: Said) -> None:
    _rewrite_audit(home)
    before = AuditHeads(Home(home)).path.read_text()
    AuditStore(Home(home)).record_outside()
    assert AuditHeads(Home(home)).path.read_text() == before
    assert any(fault.startswith("audit: entry 000003") for fault in _problems(said, home))


def test_a_line_that_a_crash_cut_short_does_not_spoil_the_next(tmp_path: Path) -> None:
    heads = AuditHeads(Home(tmp_path / "torn"))
    now = datetime.now(UTC)
    heads.record(Head(sequence=1, digest="1" * 64), now)
    with heads.path.open("ab") as file:
        file.write(b"2026-01-01T00:00:00+00:00 2 22")
    assert heads.last() == Head(sequence=1, digest="1" * 64)
    heads.record(Head(sequence=2, digest="3" * 64), now)
    assert heads.digests() == {1: "1" * 64, 2: "3" * 64}
    assert heads.path.stat().st_mode & 0o777 == 0o600


def test_a_restored_home_goes_on_and_names_what_it_lost(
    home: Path, said: Said, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = home.parent / "b.tar.gz"
    assert main(["backup", "--out", str(backup), "--home", str(home)]) == 0
    last = AuditStore(Home(home)).last()
    assert deliver(home, delivery(home.parent / "d", "DAKL_J2024_d.csv", row(BRAM)), "gemeente-hengelo") == 0
    shutil.rmtree(home)
    assert main(["restore", str(backup), "--home", str(home)]) == 0
    assert "1 entry of the audit log came after this backup and are lost" in capsys.readouterr().out
    assert AuditStore(Home(home)).last() == last + 2
    assert _problems(said, home) == []
    _, found = said(home, "audit", "verify")
    assert any(f"entries {last + 1} to {last + 1} were lost" in each["found"] for each in found["checks"])
    # A forgery is still found, and so is a removed entry before the gap.
    forging.remove_newest_entry(home)
    assert _problems(said, home)


def test_a_backup_of_another_home_starts_its_own_heads(home: Path, said: Said, tmp_path: Path) -> None:
    backup, other = tmp_path / "b.tar.gz", tmp_path / "other" / "home"
    assert main(["backup", "--out", str(backup), "--home", str(home)]) == 0
    make_home(other.parent)
    shutil.rmtree(other)
    assert main(["restore", str(backup), "--home", str(other)]) == 0
    assert _problems(said, other) == []
    assert _status(said, other, "audit") == "ok"
    _rewrite_audit(other)
    assert _problems(said, other)


def test_a_backup_holds_nothing_that_its_audit_log_does_not_know(home: Path, said: Said, tmp_path: Path) -> None:
    """What is delivered while a backup is planned is for the next one."""
    from resources.maintenance import backup as module

    def delivers_meanwhile(*arguments: Any) -> Any:
        patch.undo()
        assert deliver(home, delivery(tmp_path / "d", "DAKL_J2024_d.csv", row(BRAM)), "gemeente-hengelo") == 0
        assert run(home, 2024) == 0
        return chosen(*arguments)

    chosen, out = module._choose, tmp_path / "b.tar.gz"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_choose", delivers_meanwhile)
        assert main(["backup", "--out", str(out), "--home", str(home)]) == 0
    assert main(["restore", str(out), "--home", str(tmp_path / "new")]) == 0
    assert len(list((tmp_path / "new" / "deliveries").glob("[0-9]*"))) == 4
    assert _problems(said, tmp_path / "new") == []


@pytest.mark.parametrize("is_lost", ["whole", "some entries"])
def test_a_backup_holds_everything_that_is_there_when_the_audit_log_is_damaged(
    is_lost: str, home: Path, tmp_path: Path
) -> None:
    out = tmp_path / "b.tar.gz"
    if is_lost == "whole":
        shutil.rmtree(home / "audit")
    else:
        for entry in sorted((home / "audit").glob("[0-9]*"))[1:]:
            (entry / "entry.json").write_text("{")
    assert main(["backup", "--out", str(out), "--home", str(home)]) == 0
    with tarfile.open(out) as archive:
        kept = set(archive.getnames())
    there = {
        path.relative_to(home).as_posix()
        for folder in ("deliveries", "history")
        for path in (home / folder).rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    assert there
    assert there <= kept


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_logs_belongs_to_the_account_of_the_home(home: Path, said: Said) -> None:
    """As a restore, an upgrade or a backup by root does."""
    for path in (home, *home.rglob("*")):
        os.chown(path, 12345, 12345)
    assert main(["export", "statistics.coverage", "--out", str(home.parent / "c.csv"), "--home", str(home)]) == 0
    heads = AuditStore(Home(home)).heads.path
    assert {path.stat().st_uid for path in (heads, home / "audit", *(home / "audit").rglob("*"))} == {12345}


def test_an_upgrade_vouches_only_for_vintages_that_were_as_recorded(home: Path, said: Said) -> None:
    _change_old_vintage(home)
    before = _problems(said, home)
    assert before
    convert(Home(home), FORMAT, AuditStore(Home(home)), ANALYST)
    assert [fault for fault in _problems(said, home) if fault.startswith("history of 2024")] == [
        fault for fault in before if fault.startswith("history of 2024")
    ]


@pytest.mark.parametrize(
    ("uid", "shell", "variables", "expected"),
    [
        (1000, "/bin/bash", {}, Actor("anna")),
        (1000, "/bin/bash", {"LOGNAME": "boss", "USER": "boss"}, Actor("anna")),
        (1000, "/bin/bash", {"SUDO_USER": "boss", "SUDO_UID": "1001"}, Actor("anna", sudo_claim="bram")),
        (0, "/bin/bash", {"SUDO_USER": "boss", "SUDO_UID": "1001"}, Actor("root", sudo_account="bram")),
        (999, "/usr/sbin/nologin", {"SUDO_UID": "1001"}, Actor("dakl", sudo_account="bram")),
        (999, "/bin/sh", {"SUDO_UID": "1001"}, Actor("dakl", sudo_claim="bram")),
        (4242, "", {}, Actor("user 4242")),
        (4242, "", {"SUDO_UID": "77"}, Actor("user 4242", sudo_claim="user 77")),
        (1000, "/bin/bash", {"SUDO_USER": "123456782\x1b"}, Actor("anna", sudo_claim="#########?")),
        (0, "/bin/bash", {"SUDO_UID": "9" * 30, "SUDO_USER": "x"}, Actor("root", sudo_account="x")),
    ],
)
def test_the_account_is_that_of_the_user_id(
    uid: int, shell: str, variables: dict[str, str], expected: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {0: "root", 999: "dakl", 1000: "anna", 1001: "bram"}

    def of(number: int) -> pwd.struct_passwd:
        return pwd.struct_passwd((names[number], "x", number, number, "", "/", shell))

    for name in ("SUDO_UID", "SUDO_USER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, "getuid", lambda: uid)
    monkeypatch.setattr(pwd, "getpwuid", of)
    assert account_of_process() == expected


def test_a_delivery_is_logged_by_the_real_account(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Said) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    home = make_home(tmp_path)
    assert deliver(home, delivery(tmp_path / "in", "DAKL_J2024_a.csv", row(ANNA)), "gemeente-almelo") == 0
    _, (entry,) = said(home, "deliveries")
    assert entry["recorded_by"] == pwd.getpwuid(os.getuid()).pw_name


@pytest.mark.parametrize(
    ("why", "status"), [([], "warning"), (["--received-why", "the mail server was down"], "ok")], ids=["no", "given"]
)
def test_another_time_of_receipt_than_the_clocks_needs_a_reason(
    why: list[str], status: str, tmp_path: Path, said: Said, capsys: pytest.CaptureFixture[str]
) -> None:
    home = make_home(tmp_path)
    file = delivery(tmp_path / "in", "DAKL_J2024_a.csv", row(ANNA))
    arguments = ["deliver", str(file), "--supplier", "gemeente-almelo", "--received-at", IN_WINDOW[2024], *why]
    assert main([*arguments, "--home", str(home)]) == 0
    assert ("zonder reden" in capsys.readouterr().out) == (not why)
    _, (row_,) = said(home, "deliveries")
    assert (row_["at_another_time"], row_["received_why"]) == (True, why[1] if why else None)
    action = AuditStore(Home(home)).entries()[-1].action.model_dump()
    assert (action["received_at"] is not None, action["received_why"]) == (True, why[1] if why else None)
    assert _status(said, home, "times of receipt") == status
    # Once cancelled it does not count, and nothing waits for an answer.
    assert main(["cancel", "1", "--why", "wrong time", "--home", str(home)]) == 0
    assert _status(said, home, "times of receipt") == "ok"


def test_a_reason_without_another_time_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = make_home(tmp_path)
    file = delivery(tmp_path / "in", "DAKL_J2024_a.csv", row(ANNA))
    arguments = ["deliver", str(file), "--supplier", "gemeente-almelo", "--received-why", "x"]
    assert main([*arguments, "--home", str(home)]) == 2
    assert "--received-at" in capsys.readouterr().err


def test_the_file_of_another_supplier_is_reported_to_the_analyst_only(
    tmp_path: Path, said: Said, capsys: pytest.CaptureFixture[str]
) -> None:
    home = make_home(tmp_path)
    file = delivery(tmp_path / "in", "DAKL_J2024_a.csv", row(ANNA), row(BRAM))
    assert deliver(home, file, "gemeente-almelo") == 0
    # Not selected any more, so no comparison with files that count finds it.
    assert deliver(home, delivery(tmp_path / "b", "DAKL_J2024_b.csv", row(ANNA)), "gemeente-almelo") == 0
    capsys.readouterr()
    assert deliver(home, file, "gemeente-hengelo") == 0
    assert "dezelfde inhoud als aanlevering 000001 van een andere leverancier" in capsys.readouterr().out
    _, rows = said(home, "deliveries")
    assert [each["content_of_other"] for each in rows] == [None, None, "000001"]
    assert _status(said, home, "content") == "warning"
    for path in (home / "reports").rglob("*hengelo*/**/*"):
        if path.is_file():
            assert b"000001" not in path.read_bytes(), path
    assert main(["cancel", "3", "--why", "wrong supplier", "--home", str(home)]) == 0
    assert _status(said, home, "content") == "ok"


def test_show_names_who_did_what_in_a_line(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["audit", "show", "--home", str(home)]) == 0
    out = capsys.readouterr().out
    assert "delivery 000004 of gemeente-almelo for 2024 (rejected), received at" in out
    assert "vintage 2 of 2024" in out
    assert "key created" in out
    assert main(["audit", "verify", "--home", str(home)]) == 0
    assert capsys.readouterr().out.endswith("intact\n")

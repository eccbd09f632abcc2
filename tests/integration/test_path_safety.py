"""Names and kinds of files that a supplier can deliver: nothing leaves the home, nothing hangs, nothing is lost."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.privacy.redaction import mask_unprintable
from resources.storage.delivery_store import DeliveryStore
from tests.support.fuzzing import assert_no_number, deadline
from tests.support.log_entries import logged_deliveries
from tests.support.small_home import ANNA, IN_WINDOW, delivery, make_home, row

NAME = "DAKL_J2024_Almelo.csv"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_home(tmp_path / "homes")


def _deliver(home: Path, file: Path | str, supplier: str = "almelo") -> int:
    options = ["--supplier", supplier, "--received-at", IN_WINDOW[2024], "--home", str(home)]
    with deadline():
        return main(["deliver", *options, "--", str(file)])


def _tree(folder: Path) -> dict[str, bytes | None]:
    """Everything below a folder, with the content of files."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() and not path.is_symlink() else None
        for path in folder.rglob("*")
    }


ODD_NAMES = [
    b"entry.json",
    b".incoming-x",
    b".lock",
    b"000001",
    b"..csv",
    b" ",
    b"-",
    b"--home",
    b"a\nb.csv",
    b"DAKL_J2024_\x1b[31m.csv",
    b"DAKL_J2024_\xff.csv",
    "DAKL_J2024_é.csv".encode(),
    "DAKL_J2024_\u202e.csv".encode(),
    b"DAKL_J2024_" + b"a" * 230 + b".csv",
    b"x" * 255,
    b"{year}%s$HOME`id`.csv",
    b"<script>alert(1)<script>.csv",
    ANNA.encode() + b".csv",
    b"DAKL_J2024_" + ANNA.encode() + b".csv",
    b"CON",
]


@pytest.mark.parametrize("name", ODD_NAMES, ids=lambda name: repr(name)[2:40])
def test_a_file_with_an_odd_name_is_rejected_and_kept(
    name: bytes, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = delivery(tmp_path, NAME, row()).read_bytes()
    file = tmp_path / os.fsdecode(name)
    file.write_bytes(content)
    before = _tree(tmp_path)
    capsys.readouterr()
    assert _deliver(home, file) == 1
    shown = capsys.readouterr()
    assert "AFGEKEURD" in shown.out
    assert shown.err == ""
    store = DeliveryStore(home / "deliveries")
    (entry,) = logged_deliveries(store)
    assert not entry.approved
    assert entry.file_name.isprintable()
    assert_no_number(entry.file_name)
    with store.open_verified(entry) as kept:
        assert kept.read() == content
    # One folder in the log, with the entry and the file; apart from that, only report, mail and audit log are new.
    assert len(list((home / "deliveries" / "000001").iterdir())) == 3
    new = set(_tree(tmp_path)) - set(before)
    assert all(
        path.startswith(tuple(f"homes/home/{name}" for name in ("deliveries", "reports", "audit"))) for path in new
    )
    assert not any(ANNA in path for path in new)
    assert main(["deliveries", "--json", "--home", str(home)]) == 0
    text = capsys.readouterr().out
    assert json.loads(text)[0]["approved"] is False
    assert ANNA not in text
    assert main(["check", "--", str(file)]) == 1


@pytest.mark.parametrize(
    "path", ["../{name}", "sub/../../{name}", "{folder}/../{name}", "./././{name}"], ids=lambda path: path
)
def test_a_path_says_nothing_about_where_a_file_is_kept(
    path: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "here"
    (folder / "sub").mkdir(parents=True)
    for place in (tmp_path, folder):
        delivery(place, NAME, row())
    monkeypatch.chdir(folder)
    assert _deliver(home, path.format(name=NAME, folder=folder)) == 0
    assert sorted(p.name for p in (home / "deliveries" / "000001").iterdir()) == [NAME, "entry.json", "link.json"]


@pytest.mark.parametrize(
    "supplier",
    [
        "",
        "..",
        "../x",
        "/etc",
        "a/b",
        "a\\b",
        "a b",
        "A",
        "é",
        "a\n",
        "a\x00b",
        "-a",
        ".a",
        "a" * 65,
        "a_b",
        "２",
        f"a{ANNA}",
        "%2e%2e",
        "~",
    ],
    ids=repr,
)
@pytest.mark.parametrize("command", ["deliver", "withdraw", "report"])
def test_a_supplier_id_cannot_leave_the_home(
    command: str, supplier: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = delivery(tmp_path, NAME, row())
    before = _tree(tmp_path)
    capsys.readouterr()
    arguments = {"deliver": [str(file)], "withdraw": ["--year", "2024"], "report": ["--year", "2024"]}[command]
    assert main([command, *arguments, f"--supplier={supplier}", "--home", str(home)]) == 2
    assert_no_number(capsys.readouterr().err)
    assert _tree(tmp_path) == before


def _directory(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _dangling(path: Path) -> None:
    path.symlink_to(path.parent / "gone.csv")


def _loop(path: Path) -> None:
    path.symlink_to(path)


def _endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _link_to_pipe(path: Path) -> None:
    os.mkfifo(path.parent / "pipe")
    path.symlink_to(path.parent / "pipe")


@pytest.mark.parametrize("make", [_directory, _pipe, _dangling, _loop, _endless, _link_to_pipe])
@pytest.mark.parametrize("command", ["check", "deliver"])
def test_what_is_no_file_is_refused_at_once(
    command: str, make: Callable[..., Any], home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / NAME
    make(path)
    capsys.readouterr()
    with deadline():
        code = main(["check", str(path)]) if command == "check" else _deliver(home, path)
    assert code == 2
    assert "not a file" in capsys.readouterr().err
    assert not (home / "deliveries").exists()


@pytest.mark.parametrize("command", ["check", "deliver"])
def test_a_link_is_refused_whatever_it_leads_to(
    command: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    link = tmp_path / NAME
    link.symlink_to(delivery(tmp_path / "elsewhere", "export.csv", row()))
    capsys.readouterr()
    assert (main(["check", str(link)]) if command == "check" else _deliver(home, link)) == 2
    assert "is not a file but a link" in capsys.readouterr().err
    assert not (home / "deliveries").exists()


@pytest.mark.parametrize("command", ["check", "deliver"])
def test_a_folder_on_the_way_may_be_a_link(command: str, home: Path, tmp_path: Path) -> None:
    delivery(tmp_path / "elsewhere", NAME, row())
    (tmp_path / "inbox").symlink_to(tmp_path / "elsewhere")
    file = tmp_path / "inbox" / NAME
    assert (main(["check", str(file)]) if command == "check" else _deliver(home, file)) == 0


def _hard_link(own: Path, file: Path) -> None:
    file.hardlink_to(own)


def _by_a_linked_folder(own: Path, file: Path) -> None:
    (file.parent / "inbox").symlink_to(own.parent)


def _copy(own: Path, file: Path) -> None:
    file.write_bytes(own.read_bytes())


def _far_below(own: Path, file: Path) -> None:
    """Across the border of two pieces in which a file is read."""
    file.write_bytes(b";" * ((1 << 20) - 10) + own.read_bytes())


@pytest.mark.parametrize(
    ("own", "offer", "why"),
    [
        ("pseudonym.key", _hard_link, "belongs to the home"),
        ("pseudonym.key", _by_a_linked_folder, "belongs to the home"),
        ("pseudonym.key", _copy, "looks like a secret key"),
        ("pseudonym.key", _far_below, "looks like a secret key"),
        ("registers/2024/persons.parquet", _hard_link, "belongs to the home"),
        ("registers/2024/persons.parquet", _by_a_linked_folder, "belongs to the home"),
        ("home.json", _by_a_linked_folder, "belongs to the home"),
    ],
)
def test_nothing_of_the_home_is_ever_a_delivery(
    own: str,
    offer: Callable[[Path, Path], None],
    why: str,
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "in").mkdir()
    file = tmp_path / "in" / NAME
    offer(home / own, file)
    capsys.readouterr()
    assert _deliver(home, file if file.exists() else tmp_path / "in" / "inbox" / Path(own).name) == 1
    error = capsys.readouterr().err
    assert why in error
    assert (home / "pseudonym.key").read_text().strip() not in error
    assert not [path for path in (home / "deliveries").glob("*") if path.name != ".lock"]


def test_a_key_outside_the_home_is_no_delivery_either(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (home / "pseudonym.key").rename(secrets / "key")
    monkeypatch.setenv("DAKL_PSEUDONYM_KEY_FILE", str(secrets / "key"))
    (tmp_path / NAME).hardlink_to(secrets / "key")
    assert _deliver(home, tmp_path / NAME) == _deliver(home, secrets / "key") == 1
    assert "belongs to the home" in capsys.readouterr().err


@pytest.mark.parametrize("path", ["/proc/self/environ", "/proc/self/status", "/sys/kernel/notes", "/dev/null"])
@pytest.mark.parametrize("command", ["check", "deliver"])
def test_what_the_system_makes_up_is_no_file(
    command: str, path: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert (main(["check", path]) if command == "check" else _deliver(home, path)) == 2
    assert "not a file" in capsys.readouterr().err
    assert not (home / "deliveries").exists()


def test_a_file_that_is_too_large_is_refused_before_anything_is_kept(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / NAME
    with file.open("wb") as sparse:
        sparse.truncate(1_000_000_000)
    assert _deliver(home, file) == 1
    assert "is larger than 256 MB" in capsys.readouterr().err
    assert not (home / "deliveries").exists()
    monkeypatch.setenv("DAKL_DELIVERY_LIMIT", "1000")
    good = delivery(tmp_path, NAME, row())
    assert _deliver(home, good) == 0
    assert _deliver(home, delivery(tmp_path, NAME, *[row()] * 20)) == 1
    assert sorted(path.name for path in (home / "deliveries").glob("0*")) == ["000001"]


def test_a_file_that_takes_too_long_to_read_is_refused(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAKL_DELIVERY_TIMEOUT", "1e-9")
    assert _deliver(home, delivery(tmp_path, NAME, row())) == 1
    assert "could not be read within" in capsys.readouterr().err
    assert not list((home / "deliveries").glob("0*"))


def test_a_kept_file_that_became_a_link_is_not_read(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _deliver(home, delivery(tmp_path, NAME, row())) == 0
    kept = home / "deliveries" / "000001" / NAME
    kept.rename(tmp_path / "moved.csv")
    kept.symlink_to(tmp_path / "moved.csv")
    capsys.readouterr()
    assert main(["run", "--year", "2024", "--home", str(home)]) == 1
    assert "the file of delivery 000001 is gone" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["check", "deliver"])
def test_a_file_that_may_not_be_read(
    command: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = delivery(tmp_path, NAME, row())
    really = os.open

    # An administrator may read everything: the refusal is acted.
    def refuse(path: Any, *arguments: Any, **options: Any) -> int:
        if path == file:
            raise PermissionError(13, "Permission denied", str(path))
        return really(path, *arguments, **options)

    monkeypatch.setattr(os, "open", refuse)
    capsys.readouterr()
    code = main(["check", str(file)]) if command == "check" else _deliver(home, file)
    assert code == 2
    error = capsys.readouterr().err
    assert "cannot be read" in error
    assert len(error.splitlines()) == 1
    assert not (home / "deliveries").exists()


def test_a_file_that_changes_while_it_is_read_is_judged_as_it_is_kept(home: Path, tmp_path: Path) -> None:
    good = delivery(tmp_path, NAME, *[row()] * 20_000)
    content = good.read_bytes()
    stop = threading.Event()

    def rewrite() -> None:
        # The same file repeatedly: complete, truncated and with other bytes.
        while not stop.is_set():
            for changed in (content[: len(content) // 2], content.replace(b"0141", b"x141"), content):
                good.write_bytes(changed)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        codes = [_deliver(home, good) for _ in range(5)]
    finally:
        stop.set()
        writer.join()
    store = DeliveryStore(home / "deliveries")
    entries = logged_deliveries(store)
    assert [entry.approved for entry in entries] == [code == 0 for code in codes]
    for entry in entries:
        # The kept file has the digest and the verdict of the log.
        with store.open_verified(entry):
            pass
        kept = home / "deliveries" / entry.delivery_id / NAME
        assert (main(["check", str(kept)]) == 0) == entry.approved


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (NAME, NAME),
        ("a\nb\tc\r", "a?b?c?"),
        ("\x1b[31m", "?[31m"),
        (os.fsdecode(b"\xff.csv"), "?.csv"),
        ("\u202egnp.csv", "?gnp.csv"),
        ("é café", "é café"),
    ],
)
def test_what_is_not_printable_is_masked(text: str, shown: str) -> None:
    assert mask_unprintable(text) == shown


def test_an_odd_name_that_does_not_exist_is_shown_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "gone\x1b[2J\n" + ANNA]) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert "\x1b" not in error
    assert_no_number(error)


FILES_OF_A_HOME = {
    "settings.toml": ["figures", "--year", "2024"],
    "home.json": ["deliveries"],
    "reference/centrumregio.csv": ["figures", "--year", "2024"],
    "coordinators.csv": ["mails"],
    "registers/2024/persons.parquet": ["run", "--year", "2024"],
}


@pytest.mark.parametrize("name", FILES_OF_A_HOME)
def test_a_file_of_the_home_that_is_a_link_is_not_read(
    name: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = home / name
    file.parent.mkdir(exist_ok=True)
    if file.exists():
        file.rename(tmp_path / "moved")
    else:
        (tmp_path / "moved").write_text("")
    file.symlink_to(tmp_path / "moved")
    capsys.readouterr()
    assert main([*FILES_OF_A_HOME[name], "--home", str(home)]) == 1
    assert f"{file} is a link" in capsys.readouterr().err
    assert main(["doctor", "--home", str(home)]) == 1
    assert "is a link" in capsys.readouterr().out


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("whose", ["link", "folder"])
@pytest.mark.parametrize("name", ["deliveries", "registers", "stages", "history", "audit", "reports", "mails"])
def test_a_folder_of_the_home_that_is_a_link_of_another_account_is_refused(
    name: str, whose: str, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = tmp_path / "other disk"
    disk.mkdir()
    if (home / name).exists():
        (home / name).rename(tmp_path / "moved")
    (home / name).symlink_to(disk)
    assert main(["deliveries", "--home", str(home)]) == 0
    os.chown(home / name if whose == "link" else disk, 12345, 12345, follow_symlinks=False)
    capsys.readouterr()
    assert main(["deliveries", "--home", str(home)]) == 1
    assert f"{home / name} is a link that another account made" in capsys.readouterr().err

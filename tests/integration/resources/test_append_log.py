"""The append-only log: every change is detected, except the logged destruction of a payload.

Crashes, full disks and many processes are tested with the delivery log, which is such a log.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter

from dakl_pipeline.errors import Refused
from resources.storage.append_log import AppendLog
from resources.storage.files import digest_of
from resources.storage.links import Head, chain, restore_head
from resources.storage.log_reader import Tombstone

NOON = datetime(2025, 5, 12, 12, tzinfo=UTC)
PAYLOAD = "address.txt"


class Note(BaseModel):
    sequence: int
    text: str


def _log(root: Path) -> AppendLog[Note]:
    return AppendLog(root, TypeAdapter(Note), name="log of notes", payload="address of note")


def _note(log: AppendLog[Note], text: str, payload: bytes | None = None) -> Note:
    with log.staging() as folder:
        if payload is None:
            return log.append(lambda sequence: Note(sequence=sequence, text=text))
        (folder / PAYLOAD).write_bytes(payload)
        digests = {PAYLOAD: hashlib.sha256(payload).hexdigest()}
        return log.append(lambda sequence: Note(sequence=sequence, text=text), staged=folder, payloads=digests)


def _destroy(log: AppendLog[Note], sequence: int) -> Tombstone:
    return log.destroy(sequence, PAYLOAD, recorded_at=NOON, recorded_by="analist", why="asked for")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A log of four entries, the second with a payload."""
    log = _log(tmp_path / "log")
    for text, payload in (("a", None), ("b", b"anna@example.org"), ("c", None), ("d", None)):
        _note(log, text, payload)
    return tmp_path / "log"


def test_an_entry_in_the_place_of_another_is_never_read(root: Path) -> None:
    shutil.copyfile(root / "000001" / "entry.json", root / "000002" / "entry.json")
    log = _log(root)
    assert [[note.sequence for note in log.readable_entries()] for _ in range(2)] == [[1, 3, 4]] * 2
    with pytest.raises(Refused, match="entry 000002"):
        log.entries()


def test_an_entry_that_changes_after_it_was_read_is_read_again(root: Path) -> None:
    log = _log(root)
    assert [note.text for note in log.entries()] == list("abcd")
    path = root / "000003" / "entry.json"
    path.write_text(path.read_text().replace('"c"', '"x"') + "\n")
    assert [note.text for note in log.entries()] == list("abxd")
    path.unlink()
    with pytest.raises(Refused, match="entry 000003"):
        log.entries()


def test_each_link_holds_the_digest_of_the_one_before(root: Path) -> None:
    links = [(root / name / "link.json").read_bytes() for name in _log(root).names()]
    said = [json.loads(link)["previous"] for link in links]
    assert said == ["0" * 64, *(hashlib.sha256(link).hexdigest() for link in links[:-1])]
    assert (root / ".head").read_text() == f"4 {hashlib.sha256(links[-1]).hexdigest()}\n"
    assert _log(root).verify() == []


def _rewrite(root: Path, name: str, *, with_link: bool, head: bool = False) -> None:
    """Change an entry, and optionally make its own link fit."""
    content = json.dumps({"sequence": int(name), "text": "changed"}).encode()
    (root / name / "entry.json").write_bytes(content)
    if with_link:
        link = json.loads((root / name / "link.json").read_text())
        link["entry"] = hashlib.sha256(content).hexdigest()
        (root / name / "link.json").write_text(json.dumps(link))
    if head:
        (root / ".head").unlink()


def _exchange(root: Path, one: str, other: str) -> None:
    (root / one).rename(root / "aside")
    (root / other).rename(root / one)
    (root / "aside").rename(root / other)


@pytest.mark.parametrize(
    ("tamper", "first"),
    [
        (lambda root: _rewrite(root, "000002", with_link=False), "entry 000002 of the log of notes is not the one"),
        (lambda root: _rewrite(root, "000002", with_link=True), "entry 000002 of the log of notes is not the one"),
        (lambda root: _rewrite(root, "000001", with_link=True), "entry 000001 of the log of notes is not the one"),
        (lambda root: _rewrite(root, "000004", with_link=True), "entry 000004 of the log of notes is not the one"),
        (lambda root: _rewrite(root, "000003", with_link=True, head=True), "entry 000003 of the log of notes is not"),
        (lambda root: shutil.rmtree(root / "000004"), "entry 000004 is gone from the log of notes"),
        (lambda root: shutil.rmtree(root / "000003"), "entry 000003 is gone from the log of notes"),
        (lambda root: shutil.rmtree(root / "000001"), "entry 000001 is gone from the log of notes"),
        (lambda root: (root / "000003" / "link.json").unlink(), "entry 000003 of the log of notes is not readable"),
        (lambda root: (root / "000003" / "entry.json").write_text("{}"), "entry 000003 of the log of notes is not re"),
        (lambda root: _exchange(root, "000003", "000004"), "entry 000003 of the log of notes is not readable"),
        (lambda root: (root / "000002" / PAYLOAD).write_text("x"), "the address of note 000002 was changed"),
        (lambda root: (root / "000002" / PAYLOAD).unlink(), "the address of note 000002 is gone"),
    ],
    ids=[
        "an entry",
        "an entry with its link",
        "the first entry with its link",
        "the last entry with its link",
        "an entry with its link, and no head",
        "the last entry removed",
        "a middle entry removed",
        "the first entry removed",
        "a link removed",
        "an entry emptied",
        "two entries exchanged",
        "a payload exchanged",
        "a payload removed",
    ],
)
def test_the_first_entry_at_fault_is_named(tamper: Callable[[Path], None], first: str, root: Path) -> None:
    tamper(root)
    assert _log(root).verify()[0].startswith(first)
    # The log still accepts entries, and the fault stays visible.
    _note(_log(root), "e")
    assert _log(root).verify()[0].startswith(first)
    assert "000005" in _log(root).names()


def test_a_destroyed_payload_leaves_a_chain_that_verifies(root: Path) -> None:
    tombstone = _destroy(_log(root), 2)
    assert not (root / "000002" / PAYLOAD).exists()
    assert (tombstone.sequence, tombstone.destroys, tombstone.why) == (5, 2, "asked for")
    assert _log(root).verify() == []
    assert [entry.text for entry in _log(root).entries()] == ["a", "b", "c", "d"]
    assert _log(root).tombstone_of(2, PAYLOAD) == tombstone
    assert b"anna" not in b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())


def test_destroyed_twice_it_is_logged_once_and_a_crash_between_shows(root: Path) -> None:
    first = _destroy(_log(root), 2)
    # As after a crash between the tombstone and the file.
    (root / "000002" / PAYLOAD).write_bytes(b"anna@example.org")
    assert _log(root).verify() == [
        "the address of note 000002 is there, though entry 000005 says that it was destroyed: destroy it again"
    ]
    assert _destroy(_log(root), 2) == first
    assert _log(root).verify() == []


def test_only_a_payload_can_be_destroyed(root: Path) -> None:
    for name in ("entry.json", "link.json", "../000001/entry.json"):
        with pytest.raises(Refused, match="nothing was destroyed"):
            _log(root).destroy(2, name, recorded_at=NOON, recorded_by="analist", why="x")
    assert _log(root).verify() == []


def test_a_head_that_is_behind_is_no_fault_and_one_that_is_gone_comes_back(root: Path) -> None:
    head = (root / ".head").read_text()
    _note(_log(root), "e")
    (root / ".head").write_text(head)
    assert _log(root).verify() == []
    (root / ".head").unlink()
    _note(_log(root), "f")
    assert _log(root).verify() == []


def test_entries_from_before_the_chain_get_their_links(root: Path) -> None:
    expected = {path: path.read_bytes() for path in root.rglob("*.json")}
    for path in [*root.rglob("link.json"), root / ".head"]:
        path.unlink()
    digests = {PAYLOAD: hashlib.sha256(b"anna@example.org").hexdigest()}
    assert chain(root, lambda folder: digests if (folder / PAYLOAD).exists() else {}) == 4
    assert {path: path.read_bytes() for path in root.rglob("*.json")} == expected
    assert _log(root).verify() == []


_APPEND = st.tuples(st.just("append"), st.none() | st.binary(max_size=8))
_DESTROY = st.tuples(st.just("destroy"), st.integers(0, 9))


@settings(max_examples=40, deadline=None)
@given(
    steps=st.lists(_APPEND | _DESTROY, max_size=12),
    is_new_process=st.booleans(),
    at=st.integers(0, 99),
    what=st.sampled_from(["entry.json", "link.json", ""]),
)
def test_whatever_was_logged_verifies_and_any_change_of_it_does_not(
    steps: list[tuple[str, bytes | int | None]], is_new_process: bool, at: int, what: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "log"
        log = _log(root)
        notes: dict[int, bytes | None] = {}
        logged, destroyed = 0, set()
        for kind, value in steps:
            log = _log(root) if is_new_process else log
            if kind == "append":
                assert not isinstance(value, int)
                logged += 1
                assert _note(log, "x", value).sequence == logged
                notes[logged] = value
            else:
                with_payload = [number for number, payload in notes.items() if payload is not None]
                if with_payload:
                    assert isinstance(value, int)
                    number = with_payload[value % len(with_payload)]
                    logged += number not in destroyed
                    destroyed.add(number)
                    _destroy(log, number)
        assert log.verify() == _log(root).verify() == []
        assert [note.sequence for note in log.entries()] == sorted(notes)
        assert log.names() == [f"{number:06d}" for number in range(1, logged + 1)]
        for number, payload in notes.items():
            path = root / f"{number:06d}" / PAYLOAD
            assert path.exists() == (payload is not None and number not in destroyed)
        if logged:
            name = f"{at % logged + 1:06d}"
            if what:
                path = root / name / what
                path.write_bytes(path.read_bytes().replace(b'"sequence"', b' "sequence"', 1))
            else:
                shutil.rmtree(root / name)
            assert name in _log(root).verify()[0]


@pytest.mark.parametrize("name", ["000000", "0000002", "00"])
def test_a_folder_that_only_looks_like_an_entry_is_named_and_stops_nobody(name: str, root: Path) -> None:
    shutil.copytree(root / "000002", root / name)
    assert [entry.text for entry in _log(root).entries()] == ["a", "b", "c", "d"]
    (line,) = _log(root).verify()
    assert f"{name} is not an entry" in line
    assert _note(_log(root), "e").sequence == 5


@pytest.mark.parametrize("content", [None, "", "garbage", "x y z"])
def test_without_its_head_a_log_may_have_lost_its_end_and_says_so(content: str | None, root: Path) -> None:
    (root / ".head").unlink()
    if content is not None:
        (root / ".head").write_text(content)
    shutil.rmtree(root / "000004")
    (line,) = _log(root).verify()
    assert "may be lost" in line


def test_a_log_from_a_backup_gets_its_head_back(root: Path) -> None:
    head = (root / ".head").read_bytes()
    (root / ".head").unlink()
    restore_head(root)
    assert (root / ".head").read_bytes() == head
    assert _log(root).verify() == []
    restore_head(root.with_name("none"))


class _Witness:
    """Remembers links outside the log."""

    def __init__(self) -> None:
        self.heads: list[Head] = []

    def last(self) -> Head | None:
        return self.heads[-1] if self.heads else None

    def digests(self) -> dict[int, str]:
        return {head.sequence: head.digest for head in self.heads}


def _killed_after(moment: str, witness: _Witness, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Log an entry in a process that ends before or after the witness is told."""

    def record_outside(note: Note, head: Head) -> None:
        if moment == "told":
            witness.heads.append(head)
        raise _Killed

    def remains(self: AppendLog[Note], folder: Path) -> None:
        """A killed process removes nothing."""

    log: AppendLog[Note] = AppendLog(root, TypeAdapter(Note), name="log of notes", witness=witness)
    with monkeypatch.context() as patch:
        patch.setattr(AppendLog, "_discard", remains)
        with pytest.raises(_Killed):
            log.append(lambda sequence: Note(sequence=sequence, text="b"), record=record_outside)


class _Killed(BaseException):
    pass


@pytest.mark.parametrize(("moment", "texts"), [("not told", ["a", "c"]), ("told", ["a", "b", "c"])])
def test_an_entry_that_the_witness_knows_is_put_in_its_place_after_a_crash_and_no_other(
    moment: str, texts: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, witness = tmp_path / "log", _Witness()

    def log() -> AppendLog[Note]:
        return AppendLog(root, TypeAdapter(Note), name="log of notes", witness=witness)

    def add(text: str) -> int:
        record_outside = lambda note, head: witness.heads.append(head)  # noqa: E731
        return log().append(lambda sequence: Note(sequence=sequence, text=text), record=record_outside).sequence

    add("a")
    _killed_after(moment, witness, root, monkeypatch)
    assert [note.text for note in log().entries()] == ["a"]
    assert [("is not in its place" in line) for line in log().verify()] == [True] * (moment == "told")
    assert add("c") == len(texts)
    assert [note.text for note in log().entries()] == texts
    assert log().verify() == []
    assert not list(root.glob(".incoming-*"))


def test_an_entry_that_another_process_is_logging_is_no_fault(tmp_path: Path) -> None:
    root, witness, seen = tmp_path / "log", _Witness(), list[list[str]]()
    log: AppendLog[Note] = AppendLog(root, TypeAdapter(Note), name="log of notes", witness=witness)

    def record_outside(note: Note, head: Head) -> None:
        witness.heads.append(head)
        seen.append(log.verify())

    log.append(lambda sequence: Note(sequence=sequence, text="a"), record=record_outside)
    assert seen == [[]]


def test_a_log_that_was_written_again_is_not_the_one_that_the_witness_knows(root: Path) -> None:
    log: AppendLog[Note] = AppendLog(root, TypeAdapter(Note), name="log of notes", witness=(witness := _Witness()))
    for name in log.names():
        witness.heads.append(Head(sequence=int(name), digest=digest_of(root / name / "link.json")))
    assert log.verify() == []
    for name in ("000003", "000004"):
        _rewrite(root, name, with_link=True)
        link = json.loads((root / name / "link.json").read_text())
        link["previous"] = digest_of(root / f"{int(name) - 1:06d}" / "link.json")
        (root / name / "link.json").write_text(json.dumps(link))
    (root / ".head").write_text(f"4 {digest_of(root / '000004' / 'link.json')}\n")
    assert _log(root).verify() == []
    assert [line[:12] for line in log.verify()] == ["entry 000003", "entry 000004"]
    # The next entry follows what the witness knows, so the fault stays.
    shutil.rmtree(root / "000004")
    (root / ".head").unlink()
    assert log.append(lambda sequence: Note(sequence=sequence, text="e")).sequence == 5
    assert [line[:12] for line in log.verify()] == ["entry 000003", "entry 000004"]

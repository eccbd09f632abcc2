"""Mutated deliveries, and the assertions on the check of each of them."""

import io
import random
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from dakl_pipeline.cli import main
from dakl_pipeline.errors import Refused
from dakl_pipeline.intake.check import Verdict
from dakl_pipeline.intake.registrations import read_registrations
from dakl_pipeline.reference.code_lists import placeholder_numbers
from tests.oracle.delivered_file import Row, read_delivered_file
from tests.support.delivery_files import (
    CANARIES,
    GOOD_ROWS,
    HEADER,
    METHODOLOGY,
    V_CANARY,
    basic,
    check,
    lines,
)
from tests.unit.intake.test_eleven_test import passes

# A mutated file has a few kilobytes: this is long enough even for a very busy machine.
DEADLINE_SECONDS = 60
Mutation = Callable[[random.Random, bytes], bytes]

_SEEDS = (
    lines(*GOOD_ROWS),
    lines(*GOOD_ROWS * 3, end="\r\n"),
    b"\xef\xbb\xbf" + lines(*GOOD_ROWS),
    lines(*(f'"{row}"'.replace(";", '";"') for row in GOOD_ROWS)),
    lines(*(basic(row) for row in GOOD_ROWS), header=basic(HEADER)),
)
_NAMES = (
    "DAKL_J2024_Almelo.csv",
    "DAKL_J2023_Almelo.csv",
    "DAKL_J2022_x y.z-1_a.csv",
    "DAKL_J2030_Almelo.csv",
    f"DAKL_J2024_{CANARIES[0]}.csv",
    f"DAKL_J2024_{V_CANARY[:4]}-{V_CANARY[4:]}.csv",
    f"{CANARIES[1]}.csv",
    "Kopie van DAKL_J2024_Almelo (1).csv",
)
_VALUES = (
    *CANARIES,
    *(canary.lstrip("0") for canary in CANARIES),
    V_CANARY,
    f"{CANARIES[0][:3]} {CANARIES[0][3:6]} {CANARIES[0][6:]}",
    f"{CANARIES[0]}{CANARIES[1]}",
    f"={CANARIES[0]}",
    f"-{CANARIES[0]}",
    f"{CANARIES[0]}.0",
    "999999999",
    "000000000",
    "",
    " ",
    "NULL",
    "nan",
    "inf",
    "true",
    "0201",
    "201",
    "2.01",
    "0141",
    "01",
    "1",
    "2024-31-12",
    "2023-31-12",
    "2024-02-30",
    "2024-02-29",
    "2024-01-05",
    "9999-12-31",
    "0000-00-00",
    "0001-01-01",
    "05-01-2024",
    "2024-01-05T00:00:00",
    "+2024-1-05",
    "１２３４５６７８２",
    "é",
    "\u2028",
    "\x85",
    "\x0b",
    "\x1c",
    "\u202e",
    "\ufeff",
    "#",
    '"',
    '""',
    "'",
    "\\",
    "{column}",
    "%s",
)


def _place(rng: random.Random, data: bytes) -> int:
    return rng.randrange(len(data) + 1)


def _flip(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 20)) if data else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _overwrite(rng: random.Random, data: bytes) -> bytes:
    place = _place(rng, data)
    return data[:place] + rng.randbytes(rng.randrange(1, 30)) + data[place + rng.randrange(30) :]


def _cut(rng: random.Random, data: bytes) -> bytes:
    start, end = sorted((_place(rng, data), _place(rng, data)))
    return rng.choice((data[:end], data[start:], data[:start] + data[end:]))


def _join(rng: random.Random, data: bytes) -> bytes:
    other = rng.choice(_SEEDS)
    place = rng.choice((len(data), _place(rng, data)))
    return data[:place] + other[rng.choice((0, _place(rng, other))) :] + data[place:]


def _lines(change: Callable[[random.Random, list[bytes]], None]) -> Mutation:
    def mutate(rng: random.Random, data: bytes) -> bytes:
        parts = data.split(b"\n")
        change(rng, parts)
        return b"\n".join(parts)

    return mutate


def _repeat_line(rng: random.Random, parts: list[bytes]) -> None:
    parts[rng.randrange(len(parts)) : 0] = [rng.choice(parts)] * rng.choice((1, 2, 50))


def _drop_line(rng: random.Random, parts: list[bytes]) -> None:
    del parts[rng.randrange(len(parts))]


def _shuffle_lines(rng: random.Random, parts: list[bytes]) -> None:
    rng.shuffle(parts)


def _blank_lines(rng: random.Random, parts: list[bytes]) -> None:
    parts[rng.randrange(len(parts)) : 0] = [rng.choice((b"", b" ", b";;;;;;;;", b"#", b"\r"))] * rng.choice((1, 3, 99))


def _fields(rng: random.Random, parts: list[bytes]) -> None:
    place = rng.randrange(len(parts))
    values = parts[place].split(b";")
    other = rng.randrange(len(values))
    match rng.randrange(5):
        case 0:
            rng.shuffle(values)
        case 1:
            values.insert(other, rng.choice(values))
        case 2:
            del values[other]
        case _:
            values[other] = rng.choice(_VALUES).encode()
    parts[place] = b";".join(values)


def _insert(*pieces: bytes) -> Mutation:
    def mutate(rng: random.Random, data: bytes) -> bytes:
        for _ in range(rng.choice((1, 1, 2, 9))):
            place = _place(rng, data)
            data = data[:place] + rng.choice(pieces) + data[place:]
        return data

    return mutate


def _encode(rng: random.Random, data: bytes) -> bytes:
    text = data.decode("utf-8", "replace")
    match rng.randrange(6):
        case 0:
            return text.encode(rng.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7")))
        case 1:
            return text.replace("0", "\u20ac", rng.randrange(1, 9)).encode("cp1252", "replace")
        case 2:
            return text.replace("1", "é", rng.randrange(1, 9)).encode("latin-1", "replace")
        case 3:
            return text.replace("2", "é\U0001f3e0", rng.randrange(1, 9)).encode()
        case 4:
            # Half of the file in another encoding, as when two exports are joined.
            place = _place(rng, data)
            return data[:place] + data[place:].decode("latin-1").encode("utf-16-le")
        case _:
            return text.encode("cp037", "replace")


def _separators(rng: random.Random, data: bytes) -> bytes:
    return data.replace(b";", rng.choice((b",", b"\t", b"|", b" ", b";;", b"; ", b"")), rng.choice((-1, 1, 12)))


def _line_ends(rng: random.Random, data: bytes) -> bytes:
    return data.replace(b"\n", rng.choice((b"\r", b"\r\n", b"\n\r", b"\r\r\n", b"\x0b", b"")), rng.choice((-1, 1, 3)))


def _huge_field(rng: random.Random, data: bytes) -> bytes:
    place = _place(rng, data)
    piece = rng.choice((CANARIES[0].encode(), b"x", b";", b'"', b"\x00", b"2024-01-05;", "é".encode()))
    return data[:place] + piece * rng.choice((100, 1_200, 12_000)) + data[place:]


MUTATIONS: tuple[Mutation, ...] = (
    _flip,
    _overwrite,
    _cut,
    _join,
    _lines(_repeat_line),
    _lines(_drop_line),
    _lines(_shuffle_lines),
    _lines(_blank_lines),
    _lines(_fields),
    _lines(_fields),
    _insert(b"\x00", b"\x00" * 40),
    _insert(b'"', b'""', b"'", b'";"'),
    _insert(b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x1a", b"\xa0", b"\x7f"),
    _insert(b"\r", b"\n", b"\r\n", b"\n\n"),
    _insert(*(value.encode() for value in _VALUES)),
    _encode,
    _separators,
    _line_ends,
    _huge_field,
)


def mutated(seed: int) -> tuple[str, bytes]:
    """The name and bytes of the file of a seed."""
    rng = random.Random(seed)
    data = rng.choice(_SEEDS)
    for _ in range(rng.choice((1, 1, 2, 3, 5))):
        data = rng.choice(MUTATIONS)(rng, data)
    return (rng.choice(_NAMES) if rng.random() < 0.2 else _NAMES[0]), data


@contextmanager
def deadline(seconds: int = DEADLINE_SECONDS) -> Iterator[None]:
    """Fail when the block takes longer, so that a hanging check does not hang the tests."""

    def stop(signal_number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"not ready after {seconds} seconds")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def assert_no_number(text: str) -> None:
    """No canary in a text, even with separators or without leading zeros, and nothing that looks like one."""
    assert not re.search("[0-9]{8,}", text), "a long number is shown"
    digits = re.sub(r"(?<=[0-9])[ ._/-](?=[0-9])", "", text)
    for canary in (*CANARIES, V_CANARY):
        assert canary.lstrip("0") not in digits, "a canary is shown"


def _assert_the_same(verdict: Verdict, other: Verdict, what: str) -> None:
    assert other == verdict, what


def assert_checked_well(seed: int, folder: Path) -> Verdict:
    """Check the file of a seed in several ways: the same verdict each time, the right one, and no number in it.

    The right verdict is that of the independent reader of ``tests/oracle``, which decides on approval and reads the
    rows of an approved file.
    """
    name, data = mutated(seed)
    with deadline():
        verdict = check(data, name)
        for found in verdict.findings:
            assert_no_number(found.message)
        for diagnosis in verdict.diagnoses:
            assert_no_number(diagnosis.told())
        _assert_the_same(verdict, check(data, name, block_bytes=1 + seed % 997), "another size of blocks")
        path = folder / name
        path.write_bytes(data)
        # The reader of the oracle takes a lone CR before a line end as part of it.
        expected = None if re.search(rb"\r(?!\n|\Z)", data) else read_delivered_file(path)
        path.unlink()
        # It has no limit of length and no rule on numbers in names.
        faults = [f for f in verdict.findings if f.severity == "error"]
        if not faults or not {f.rule for f in faults} <= {"line_too_long", "file_name_number"}:
            assert verdict.approved == (expected is not None)
        if verdict.approved:
            assert verdict.reporting_year is not None
            frame = read_registrations(io.BytesIO(data), verdict.reporting_year, methodology=METHODOLOGY)
            columns = ("gemeente_code", "bsn", "shelter_type_code", "start_date", "end_date", "v_number")
            rows = frame.select(columns).rows()
            assert [Row(g, b or "", t, s, e, v or "") for g, b, t, s, e, v in rows] == _without_missing(expected or [])
        elif verdict.reporting_year is not None and any(f.row for f in faults):
            with pytest.raises(Refused) as refused:
                read_registrations(io.BytesIO(data), verdict.reporting_year, methodology=METHODOLOGY)
            assert_no_number(str(refused.value))
    return verdict


def _without_missing(rows: list[Row]) -> list[Row]:
    missing = {*METHODOLOGY.missing_bsn_values, *(n for n in placeholder_numbers("bsn") if passes(int(n)))}
    return [Row(**{**vars(row), "bsn": "" if row.bsn in missing else row.bsn}) for row in rows]


def assert_the_command_survives(seed: int, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Call ``dakl check`` on the file of a seed: a verdict, no traceback, no number, and an unchanged file."""
    name, data = mutated(seed)
    path = folder / name
    path.write_bytes(data)
    for arguments in (["check", str(path)], ["check", str(path), "--json"]):
        with deadline():
            assert main([*arguments, "--home", str(folder / "none")]) in (0, 1)
        shown = capsys.readouterr()
        assert shown.err == ""
        assert "unexpected" not in shown.out
        assert_no_number(shown.out)
    assert path.read_bytes() == data
    path.unlink()

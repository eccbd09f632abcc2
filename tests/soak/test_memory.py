"""The memory that ``dakl check`` takes for files of any size and kind."""

import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.files import HEADER, NAME, write_clean_file
from tests.support.paths import ROOT
from tests.support.small_home import row

pytestmark = pytest.mark.soak

MB = 2**20
LIMIT_MB = 500
# A row of the clean file is 68 bytes.
ROWS_OF_200_MB = 3_000_000
ROWS_OF_2_GB = 31_000_000


def _repeated(piece: bytes, size: int, *, header: str = HEADER) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        block = piece * (MB // len(piece) + 1)
        with path.open("wb") as file:
            file.write(header.encode())
            for _ in range(size // len(block)):
                file.write(block)

    return write


def _random(path: Path) -> None:
    rng = random.Random(1)
    with path.open("wb") as file:
        file.write(HEADER.encode())
        for _ in range(200):
            file.write(rng.randbytes(MB))


CASES: dict[str, tuple[Callable[[Path], None], bool]] = {
    "200 MB clean": (lambda path: write_clean_file(path, ROWS_OF_200_MB), True),
    "2 GB clean": (lambda path: write_clean_file(path, ROWS_OF_2_GB), True),
    "2 GB of one registration": (_repeated(f"{row()}\n".encode(), 2048 * MB), True),
    "2 GB on one line": (_repeated(b"2024-01-01;", 2048 * MB), False),
    "2 GB of blank lines": (_repeated(b"\n", 2048 * MB), False),
    "2 GB of NULs": (_repeated(b"\x00", 2048 * MB, header=""), False),
    "200 MB with a fault on every line": (_repeated(row("x").encode() + b"\n", 200 * MB), False),
    "200 MB of short lines": (_repeated(b"xx\n", 200 * MB), False),
    # A block holds the most lines when they have this length.
    "200 MB of lines of 34 bytes": (_repeated(b";;;;;;;;" + 25 * b"x" + b"\n", 200 * MB), False),
    "200 MB of separators": (_repeated(b";;;;;;;;\n", 200 * MB), False),
    "200 MB of odd quotes": (_repeated(row('"1234""56782"').encode() + b"\n", 200 * MB), False),
    "200 MB of unclosed quotes": (_repeated(b'"' + row().encode() + b"\n", 200 * MB), False),
    "200 MB with an accent on every line": (_repeated(row("é").encode() + b"\n", 200 * MB), False),
    "200 MB below an unknown header": (_repeated("é\n".encode(), 200 * MB, header="naam\n"), False),
    "200 MB of random bytes": (_random, False),
}


@pytest.mark.parametrize("name", CASES)
def test_memory_is_bounded(name: str, tmp_path: Path) -> None:
    write, is_approved = CASES[name]
    path = tmp_path / NAME
    write(path)
    size = path.stat().st_size // MB
    program = [
        sys.executable,
        "-m",
        "dakl_pipeline.cli",
        "check",
        str(path),
        "--json",
        "--home",
        str(tmp_path / "none"),
    ]
    out = tmp_path / "out.json"
    measured = [sys.executable, str(ROOT / "benchmarks" / "measured.py"), str(out), *program]
    told = json.loads(subprocess.run(measured, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    path.unlink()
    print(f"{name}: file {size} MB, peak {told['peak_mb']:.0f} MB, {told['processor']:.0f} s of processor")
    verdict = json.loads(out.read_text())
    assert verdict["approved"] == is_approved
    assert told["code"] == (0 if is_approved else 1)
    assert len(verdict["findings"]) < 50_000
    assert told["peak_mb"] < LIMIT_MB

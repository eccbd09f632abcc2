"""``dakl backup --recipient`` and ``dakl restore --identity``: only who has the identity reads it.

The format is that of age, so that ``age --decrypt`` reads it too.
"""

import io
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO, cast

import pyrage
import pytest
from pyrage.x25519 import Identity

from dakl_pipeline.cli import main
from resources.maintenance import encryption
from tests.support.paths import ROOT
from tests.support.small_home import ANNA, counted_home


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which 2023 was counted once and 2024 twice."""
    return counted_home(tmp_path_factory.mktemp("counted"))


@pytest.fixture(scope="module")
def identity() -> Identity:
    return Identity.generate()


@pytest.fixture(scope="module")
def other() -> Identity:
    return Identity.generate()


def _back_up(home: Path, out: Path, *arguments: str) -> int:
    return main(["backup", "--out", str(out), *arguments, "--home", str(home)])


def _identity_file(folder: Path, *identities: Identity) -> Path:
    path = folder / "identity.txt"
    path.write_text("# created: 2026-11-30\n\n" + "".join(f"{identity}\n" for identity in identities))
    return path


@pytest.fixture(scope="module")
def encrypted(counted: Path, identity: Identity, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("encrypted") / "b.tar.gz.age"
    assert _back_up(counted, file, "--recipient", str(identity.to_public())) == 0
    return file


def test_a_backup_for_recipients_is_restored_by_each_of_them(
    counted: Path,
    tmp_path: Path,
    identity: Identity,
    other: Identity,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DAKL_BACKUP_RECIPIENTS", f"{identity.to_public()}, {other.to_public()}")
    file = tmp_path / "b.tar.gz.age"
    assert _back_up(counted, file) == 0
    said = capsys.readouterr().out
    assert "Only 2 recipients can read it" in said
    assert "in the clear" not in said
    assert file.stat().st_mode & 0o777 == 0o600
    content = file.read_bytes()
    assert content.startswith(b"age-encryption.org/v1")
    assert ANNA.encode() not in content
    monkeypatch.setenv("DAKL_PSEUDONYM_KEY_FILE", str(counted / "pseudonym.key"))
    for one in (identity, other):
        restored = tmp_path / str(one.to_public())
        asked = ["--identity", str(_identity_file(tmp_path, one)), "--home", str(restored)]
        assert main(["restore", str(file), *asked]) == 0
        assert "Its signature was verified" in capsys.readouterr().out
        for path in ("deliveries/000001/DAKL_J2023_a.csv", "registers/2024/persons.parquet"):
            assert (restored / path).read_bytes() == (counted / path).read_bytes()
    # Anybody with an implementation of age can decrypt it, without this program; what it gives is a plain backup.
    plain = tmp_path / "decrypted.age"
    plain.write_bytes(pyrage.decrypt(content, [identity]))
    assert main(["restore", str(plain), "--home", str(tmp_path / "plain")]) == 0


def test_who_is_no_recipient_reads_nothing(
    encrypted: Path, tmp_path: Path, identity: Identity, other: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    restored = tmp_path / "restored"
    asked = ["restore", str(encrypted), "--home", str(restored)]
    assert main(asked) == 3
    assert "is encrypted: name the file of an identity of age with --identity" in capsys.readouterr().err
    assert main([*asked, "--identity", str(_identity_file(tmp_path, other))]) == 1
    assert "none of the identities can decrypt this backup" in capsys.readouterr().err
    assert main([*asked, "--identity", str(_identity_file(tmp_path, other, identity))]) == 0


@pytest.mark.parametrize("content", [None, "", "# nothing\n", "AGE-SECRET-KEY-1ABCDEF\n", "naïef\n"])
def test_an_identity_that_is_none_is_never_repeated(
    encrypted: Path, tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "identity.txt").write_text(content)
    asked = ["--identity", str(tmp_path / "identity.txt"), "--home", str(tmp_path / "restored")]
    assert main(["restore", str(encrypted), *asked]) == 3
    error = capsys.readouterr().err
    assert "cannot be read as a file with identities of age" in error
    assert "ABCDEF" not in error


@pytest.mark.parametrize("damage", ["cut", "changed", "longer", "empty"])
def test_a_damaged_envelope_is_refused(
    encrypted: Path, tmp_path: Path, identity: Identity, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    content = encrypted.read_bytes()
    middle = len(content) // 2
    changed = {
        "cut": content[:-1000],
        "changed": content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        "longer": content + b"x",
        "empty": b"",
    }
    file = tmp_path / "b.tar.gz.age"
    file.write_bytes(changed[damage])
    asked = ["--identity", str(_identity_file(tmp_path, identity)), "--home", str(tmp_path / "restored")]
    before = sorted(tmp_path.iterdir())
    assert main(["restore", str(file), *asked]) == 1
    assert "nothing was restored" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("out", "arguments", "variable", "said"),
    [
        ("b.tar.gz.age", [], "", "name who can decrypt it"),
        ("b.tar.gz", ["--recipient", "{}"], "", "let --out end in .tar.gz.age"),
        ("b.tar.gz", [], "{}", "add --unencrypted"),
        ("b.tar.gz", ["--unencrypted"], "{}", None),
        ("b.tar.gz.age", ["--unencrypted"], "{}", "name who can decrypt it"),
        ("b.tar.gz.age", ["--unencrypted", "--recipient", "{}"], "", "choose one"),
        ("b.tar.gz.age", ["--recipient", "AGE-SECRET-KEY-1ABCDEF"], "", "is not a public key of age"),
        ("b.tar.gz.age", [], "AGE-SECRET-KEY-1ABCDEF", "is not a public key of age"),
        ("b.zip", ["--recipient", "{}"], "", ".tar.gz.age"),
    ],
)
def test_whether_a_backup_is_encrypted_is_never_a_surprise(
    counted: Path,
    tmp_path: Path,
    identity: Identity,
    out: str,
    arguments: list[str],
    variable: str,
    said: str | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    public = str(identity.to_public())
    monkeypatch.setenv("DAKL_BACKUP_RECIPIENTS", variable.format(public))
    code = _back_up(counted, tmp_path / out, *(each.format(public) for each in arguments))
    told = capsys.readouterr()
    assert "ABCDEF" not in told.out + told.err
    if said is None:
        assert code == 0
        assert "It holds BSNs in the clear" in told.out
    else:
        assert code == 2
        assert said in told.err
        assert list(tmp_path.iterdir()) == []


class _Full(io.BytesIO):
    def write(self, content: object) -> int:
        raise OSError(28, os.strerror(28))


def test_a_full_disk_says_so(identity: Identity) -> None:
    """Not that encryption failed, and it does not hang."""

    def encrypt_much() -> None:
        with encryption.encrypting(cast(BinaryIO, _Full()), [identity.to_public()]) as sink:
            for _ in range(100):
                sink.write(bytes(1 << 20))

    with pytest.raises(OSError, match="No space left"):
        encrypt_much()


def test_a_reader_that_stops_ends_the_work(identity: Identity) -> None:
    content = io.BytesIO(pyrage.encrypt(bytes(10 << 20), [identity.to_public()]))
    with encryption.decrypting(io.BufferedReader(cast(io.RawIOBase, content)), [identity], refusal="damaged") as plain:
        assert plain.read(10) == bytes(10)


_LARGE = """
import resource, sys
from dakl_pipeline.cli import main
code = main(sys.argv[1:])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_memory_does_not_grow_with_the_backup(counted: Path, tmp_path: Path, identity: Identity) -> None:
    home = shutil.copytree(counted, tmp_path / "home")

    def peak(*arguments: str) -> int:
        program = [sys.executable, "-c", _LARGE, *arguments]
        said = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
        assert said[-2] == "0"
        return int(said[-1])

    def both(number: int) -> int:
        file, to = str(tmp_path / f"{number}.tar.gz.age"), str(identity.to_public())
        back = peak("backup", "--out", file, "--recipient", to, "--home", str(home))
        asked = ["--identity", str(_identity_file(tmp_path, identity)), "--home", str(tmp_path / f"restored {number}")]
        return max(back, peak("restore", file, *asked))

    small = both(1)
    with (home / "deliveries" / "000001" / "large.csv").open("wb") as large:
        for _ in range(200):
            large.write(os.urandom(1 << 20))
    assert both(2) < small + 60

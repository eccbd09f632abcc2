"""An archive of plain files is read, and anything else in it is refused, whoever made it."""

import io
import tarfile
from collections.abc import Callable

import pytest

from resources.maintenance.plain_tar import NotPlain, plain_files


def _archive(*members: tarfile.TarInfo, content: bytes = b"content") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for member in members:
            member.size = len(content) if member.isreg() else 0
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def _member(name: str = "a", kind: bytes = tarfile.REGTYPE, headers: dict[str, str] | None = None) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.pax_headers = kind, headers or {}
    return member


class _InPieces(io.BytesIO):
    """An archive of which nobody may ask a large part at once."""

    def read(self, size: int | None = -1) -> bytes:
        assert size is not None
        assert 0 <= size <= 1 << 20
        return super().read(size)


def _read(content: bytes) -> list[tuple[str, bytes]]:
    return [(file.name, file.read_whole()) for file in plain_files(_InPieces(content))]


@pytest.mark.parametrize("name", ["a", "folder/a b.csv", "x" * 200, "folder/" + "é" * 100])
@pytest.mark.parametrize("content", [b"", b"content", b"0" * 512, b"0" * 1025])
def test_plain_files_are_read(name: str, content: bytes) -> None:
    assert _read(_archive(_member(name), _member("b"), content=content)) == [(name, content), ("b", content)]


def test_a_file_that_is_not_read_is_skipped() -> None:
    content = _archive(_member("a"), _member("b"))
    assert [file.name for file in plain_files(io.BytesIO(content))] == ["a", "b"]


def _raw(kind: bytes, size: int, content: bytes = b"", name: str = "a") -> bytes:
    member = tarfile.TarInfo(name)
    member.type, member.size = kind, size
    return member.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % 512)


def _changed(at: int, to: bytes) -> bytes:
    content = bytearray(_archive(_member()))
    content[at : at + len(to)] = to
    return bytes(content)


_AFTER_HEADER = _raw(tarfile.REGTYPE, 0) + bytes(1024)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(_archive(_member(kind=kind)), id=f"type {kind!r}")
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE)
    ]
    + [
        pytest.param(_archive(_member(kind=tarfile.DIRTYPE)), id="a folder"),
        pytest.param(_raw(tarfile.GNUTYPE_SPARSE, 0) + bytes(1024), id="a sparse file"),
        pytest.param(_archive(_member(headers={"GNU.sparse.realsize": "99999999999"})), id="a sparse file of pax"),
        pytest.param(_archive(_member(headers={"linkpath": "/etc/passwd"})), id="another header"),
        pytest.param(_raw(tarfile.GNUTYPE_LONGNAME, 3, b"../") + _AFTER_HEADER, id="a long name of GNU"),
        pytest.param(_raw(tarfile.XGLTYPE, 11, b"11 path=xx\n") + _AFTER_HEADER, id="a header for all files"),
        pytest.param(_raw(tarfile.XHDTYPE, 11, b"11 path=xx\n") * 2 + _AFTER_HEADER, id="a header for a header"),
        pytest.param(_raw(tarfile.XHDTYPE, 1 << 33) + _AFTER_HEADER, id="a header that fills the memory"),
        pytest.param(_raw(tarfile.XHDTYPE, 12, b"12 size=-99\n") + _AFTER_HEADER, id="a negative size"),
        pytest.param(_raw(tarfile.XHDTYPE, 11, b"99 path=xx\n") + _AFTER_HEADER, id="a wrong length"),
        pytest.param(_raw(tarfile.XHDTYPE, 11, b"xx path=xx\n") + _AFTER_HEADER, id="no length"),
        pytest.param(_raw(tarfile.XHDTYPE, 11, b"0 path=xxx\n") + _AFTER_HEADER, id="length zero"),
        pytest.param(_archive(_member())[:600], id="too short"),
        pytest.param(_archive(_member())[:1024], id="no end"),
        pytest.param(b"", id="nothing"),
        pytest.param(_changed(0, b"b"), id="a wrong checksum"),
        pytest.param(_changed(124, b"\xff" * 12), id="a size below zero"),
    ],
)
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(NotPlain):
        _read(content)


def test_reading_stops_at_the_end_of_a_file() -> None:
    file = next(plain_files(io.BytesIO(_archive(_member(), content=b"abc"))))
    read: Callable[[int], bytes] = file.read
    assert [read(2), read(2), read(2)] == [b"ab", b"c", b""]

"""Reading a tar archive of plain files and nothing else, whoever made it.

The library that writes the archive also reads it, but takes links, devices, sparse files and headers that change the
meaning of others, and reads a header of any size into memory. Here each of these is refused.
"""

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

_BLOCK = 512
_CHUNK = 1 << 20
# A name and a size, written out.
_LONGEST_HEADER = 4096
_PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE)


class NotPlain(Exception):
    """The archive is damaged, or holds something else than plain files."""


class Readable(Protocol):
    """A stream that is read from begin to end."""

    def read(self, size: int = -1, /) -> bytes:
        """Read at most ``size`` bytes; nothing at the end."""
        ...


@dataclass
class PlainFile:
    """A file of an archive, read in order.

    Attributes:
        name: Its name.
        size: Its size in bytes.
    """

    name: str
    size: int
    _stream: Readable
    _left: int

    def read(self, size: int) -> bytes:
        """Read at most ``size`` bytes; nothing at the end.

        Raises:
            NotPlain: If the archive ends too early.
        """
        if not self._left:
            return b""
        chunk = self._stream.read(min(size, self._left))
        if not chunk:
            raise NotPlain
        self._left -= len(chunk)
        return chunk

    def read_whole(self) -> bytes:
        """Read all of it, for a file whose size was looked at.

        Raises:
            NotPlain: If the archive ends too early.
        """
        return b"".join(iter(lambda: self.read(_CHUNK), b""))


def plain_files(stream: Readable) -> Iterator[PlainFile]:
    """The files of an archive. Each must be read before the next; what is left of it is skipped.

    Args:
        stream: The archive, unpacked.

    Raises:
        NotPlain: If it is damaged, or holds something else than plain files.
    """
    while True:
        block = _exactly(stream, _BLOCK)
        if not any(block):
            return
        header, longer = _header(block), dict[str, str]()
        if header.type == tarfile.XHDTYPE:
            longer = _longer(stream, header.size)
            header = _header(_exactly(stream, _BLOCK))
        if header.type not in _PLAIN:
            raise NotPlain
        size = int(longer.get("size", header.size))
        file = PlainFile(longer.get("path", header.name), size, stream, size)
        yield file
        while file.read(_CHUNK):
            pass
        _exactly(stream, -size % _BLOCK)


def _header(block: bytes) -> tarfile.TarInfo:
    try:
        header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        raise NotPlain from None
    if header.size < 0:
        raise NotPlain
    return header


def _longer(stream: Readable, size: int) -> dict[str, str]:
    """The name and size of the next file where they do not fit its header: lines of ``<length> <key>=<value>``."""
    if size > _LONGEST_HEADER:
        raise NotPlain
    content = _exactly(stream, size)
    _exactly(stream, -size % _BLOCK)
    found = {}
    try:
        while content:
            length = int(content.partition(b" ")[0])
            record = content[:length].decode()
            key, _, value = record.partition(" ")[2].partition("=")
            if key not in ("path", "size") or not value.endswith("\n") or len(record.encode()) != length:
                raise NotPlain
            found[key] = value.removesuffix("\n")
            content = content[length:]
        if not found.get("size", "0").isdecimal():
            raise NotPlain
    except ValueError:
        raise NotPlain from None
    return found


def _exactly(stream: Readable, size: int) -> bytes:
    content = stream.read(size) if size else b""
    if len(content) != size:
        raise NotPlain
    return content

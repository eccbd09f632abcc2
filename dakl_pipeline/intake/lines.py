"""Reads a delivered file as blocks of whole lines, in bounded memory, whatever its bytes are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from dakl_pipeline.reference.code_lists import file_kinds
from dakl_pipeline.reference.delivered_files import FileKind

# Longer lines are not kept (a good line has about 100 characters).
MAX_LINE_LENGTH = 10_000
# Small enough to keep a file of any size in little memory, large enough for vectorised work.
BLOCK_BYTES = 16 * 2**20
PIECE_BYTES = 2**20
_HEAD_BYTES = 4_096
_MAX_BLANK_LINES = 2**20

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# A line of only these bytes is empty: a spreadsheet leaves the separators of a cleared row. The last two bytes are a
# no-break space, in UTF-8 or in Latin-1.
_NOTHING = b'\n; \t"\xc2\xa0'


@dataclass(frozen=True, slots=True)
class Block:
    r"""Consecutive lines of the file.

    Attributes:
        first_row: line number of the first line (the first line of the file = 1).
        data: the lines, each ended by ``\n`` (CRLF already replaced); empty for a line that is too long.
        rows: number of lines.
        is_too_long: whether the block stands for one line of more than ``MAX_LINE_LENGTH`` bytes, not kept.
    """

    first_row: int
    data: bytes
    rows: int
    is_too_long: bool = False

    def pieces(self) -> Iterator["Block"]:
        """Yield the lines in blocks of at most ``PIECE_BYTES``, for work that takes far more memory than the data."""
        row, start = self.first_row, 0
        while start < len(self.data):
            # A line is far shorter than a piece, so every piece has a line end.
            end = self.data.rfind(b"\n", start, start + PIECE_BYTES) + 1
            data = self.data[start:end]
            rows = data.count(b"\n")
            yield Block(row, data, rows)
            row, start = row + rows, end


@dataclass(frozen=True, slots=True)
class NotText:
    """A file that cannot be read as lines: the rule it breaks and, if known, the kind of file."""

    rule_id: str
    kind: FileKind | None = None


def open_text(source: BinaryIO, block_bytes: int = BLOCK_BYTES) -> Iterator[Block] | NotText:
    """Inspect the start of a file and return its lines, without a UTF-8 byte order mark (assumption A1).

    Blank lines at the very end of the file are skipped, including lines of only separators, spaces and quotes (D18).
    Other blank lines are kept.

    Args:
        source: a binary stream at its start; it need not be seekable and is not closed.
        block_bytes: approximate number of bytes in a block.

    Returns:
        The blocks in order, read lazily; or the reason why the file is not a text file with lines.
    """
    head = _read_exactly(source, _HEAD_BYTES)
    start = head.removeprefix(_BYTE_ORDER_MARK).lstrip().lower()
    for kind in file_kinds():
        if kind.signature and start.startswith(kind.signature.lower()) and (kind.inside or b"") in head:
            return NotText("not_csv", kind)
    if _looks_like_utf16(head):
        return NotText("utf16")
    if b"\r" in head and b"\n" not in head and head[head.index(b"\r") + 1 :]:
        return NotText("line_ends")
    return _blocks(source, head.removeprefix(_BYTE_ORDER_MARK), block_bytes)


def _read_exactly(source: BinaryIO, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (part := source.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _looks_like_utf16(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    # Without a byte order mark: in UTF-16, every other byte of ASCII text is zero.
    even, odd = head[0::2], head[1::2]
    return len(head) >= 4 and any(
        2 * half.count(0) > len(half) and not other.count(0) for half, other in ((even, odd), (odd, even))
    )


def _blocks(source: BinaryIO, head: bytes, block_bytes: int) -> Iterator[Block]:
    """Split the stream at line ends; empty lines are held back until another line follows."""
    row, blank = 1, 0
    for data, is_too_long in _whole_lines(source, head, block_bytes):
        lines = _without_empty_end(data)
        if not lines and not is_too_long:
            blank += data.count(b"\n")
            continue
        while blank:
            rows = min(blank, _MAX_BLANK_LINES)
            yield Block(row, b"\n" * rows, rows)
            row, blank = row + rows, blank - rows
        if is_too_long:
            yield Block(row, b"", 1, is_too_long=True)
            row += 1
            continue
        rows = lines.count(b"\n")
        yield Block(row, lines, rows)
        row, blank = row + rows, data.count(b"\n", len(lines))


def _without_empty_end(data: bytes) -> bytes:
    """Return the lines up to and including the last non-empty one."""
    last = data.rfind(b"\n", 0, -1) + 1
    # Most blocks end in a non-empty line and are returned without a copy.
    if data[last:].strip(_NOTHING):
        return data
    return data[: data.find(b"\n", len(data.rstrip(_NOTHING))) + 1] if data.strip(_NOTHING) else b""


def _whole_lines(source: BinaryIO, head: bytes, block_bytes: int) -> Iterator[tuple[bytes, bool]]:
    r"""Yield parts of the file that end in ``\n``; a line that is too long comes alone, as ``(b"", True)``."""
    rest, is_skipping = b"", False
    # Head and first read together, so that a small file is one block.
    chunk = head + source.read(block_bytes)
    while chunk:
        if is_skipping:
            _, line_end, chunk = chunk.partition(b"\n")
            is_skipping = not line_end
        data = rest + chunk if not is_skipping else b""
        cut = data.rfind(b"\n") + 1
        yield from _split_at_long_lines(_with_newlines(data[:cut]))
        rest = data[cut:]
        # One byte more, for a CR that may turn out to belong to the line end.
        if len(rest) > MAX_LINE_LENGTH + 1:
            yield b"", True
            rest, is_skipping = b"", True
        chunk = source.read(block_bytes)
    if rest:
        yield from _split_at_long_lines(_with_newlines(rest + b"\n"))


def _with_newlines(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n") if b"\r" in data else data


def _split_at_long_lines(data: bytes) -> Iterator[tuple[bytes, bool]]:
    start = position = 0
    while position < len(data):
        # Jump to the last line end within the maximum length; without one, the line here is too long.
        line_end = data.rfind(b"\n", position, position + MAX_LINE_LENGTH + 1)
        if line_end >= 0:
            position = line_end + 1
            continue
        if start < position:
            yield data[start:position], False
        yield b"", True
        start = position = data.index(b"\n", position) + 1
    if start < len(data):
        yield data[start:], False

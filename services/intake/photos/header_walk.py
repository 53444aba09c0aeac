"""Counts a picture's parts and cuts out its header before a decoder reads it: the cost is bounded by the file's size.

Pillow reads segments and chunks one by one in Python, and the bytes between JPEG's segments one by one as well: some
40 µs each. A megabyte of empty ones took 3 s, 16 MB of fill bytes 20 s. Here each is one step, fill is passed over by
one search, and both are counted.
"""

import re
import struct
from collections.abc import Callable

PARTS_MAX = 2_000
"""Segments or chunks of a picture; photos have up to some hundreds."""
BYTES_FOR_A_PART = 4096
"""So many bytes of a picture allow for one part more: encoders write pixels in chunks of 8 KiB."""
FILL_MAX = 64 * 1024
"""Bytes between a JPEG's segments, all together."""

_PNG_START = 8
_MARKER = re.compile(rb"[^\xff]*+(?:\xff++\0[^\xff]*+)*+\xff++([^\xff\0])")
"""A JPEG's next marker, behind whatever is no marker."""
_SIZED = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of a frame's header (SOF), which says the size (ITU-T T.81, table B.1)."""
_ALONE = frozenset({0x01, *range(0xD0, 0xDA)})
"""Markers that no length follows: TEM, RST, SOI, EOI."""
_SCAN = 0xDA
_SCAN_HERE = b"\xff\xda\x00\x02"


class NoHeader(ValueError):
    """The picture has no header that can be read, or one of more parts than any picture needs."""


def header(content: bytes, media: str) -> bytes:
    """A picture that says what ``content`` says of itself. That of a JPEG or PNG has no pixels; others are whole.

    Raises ``NoHeader``.
    """
    try:
        if media == "image/jpeg":
            return _of_jpeg(content)
        if media == "image/png":
            return _of_png(content)
        _count_parts(content, *((12, _webp_chunk) if media == "image/webp" else (0, _heic_box)))
        return content
    except struct.error as ended:
        raise NoHeader("it ends too early") from ended


def _of_jpeg(content: bytes) -> bytes:
    """Up to the first scan: start, the frame's header, and where its scan would be."""
    at, fill = 2, FILL_MAX
    frames: list[bytes] = []
    for _ in range(_most(content)):
        found = _MARKER.match(content, at, at + fill)
        if found is None:
            raise NoHeader("no segment follows")
        begins, marker = found.end(), found[1][0]
        fill -= begins - at - 2
        if marker == _SCAN:
            return b"\xff\xd8" + _only(frames) + _SCAN_HERE
        at = begins
        if marker not in _ALONE:
            (length,) = struct.unpack_from(">H", content, begins)
            at += max(2, length)
        if marker in _SIZED:
            frames.append(content[begins - 2 : at])
    raise NoHeader("more segments than any picture has")


def _of_png(content: bytes) -> bytes:
    """Signature, the first chunk of its kind that says the size, and the beginning of its pixels.

    The chunks behind the pixels are counted too: a decoder reads them as well.
    """
    at, pixels = _PNG_START, b""
    sizes: list[bytes] = []
    for _ in range(_most(content)):
        if at + 8 > len(content):
            break  # it ends without its last chunk: whether pixels are missing is seen when it is decoded
        length, kind = struct.unpack_from(">I4s", content, at)
        if kind == b"IHDR":
            sizes.append(content[at : at + 12 + length])
        elif kind == b"IDAT" and not pixels:
            pixels = content[at : at + 8]
        elif kind == b"IEND":
            break
        at += 12 + length
    else:
        raise NoHeader("more chunks than any picture has")
    return content[:_PNG_START] + _only(sizes) + pixels


def _count_parts(content: bytes, at: int, size: Callable[[bytes, int], int]) -> None:
    """Those side by side, which a decoder reads one by one too; ``size`` is 0 of the last."""
    for _ in range(_most(content)):
        step = size(content, at) if at + 8 <= len(content) else 0
        if step <= 0:
            return
        at += step
    raise NoHeader("more parts than any picture has")


def _webp_chunk(content: bytes, at: int) -> int:
    (length,) = struct.unpack_from("<I", content, at + 4)
    return int(8 + length + length % 2)


def _heic_box(content: bytes, at: int) -> int:
    (length,) = struct.unpack_from(">I", content, at)
    if length == 1:
        (length,) = struct.unpack_from(">Q", content, at + 8)
    return int(length)


def _most(content: bytes) -> int:
    return PARTS_MAX + len(content) // BYTES_FOR_A_PART


def _only(found: list[bytes]) -> bytes:
    if len(found) != 1:
        raise NoHeader("it says its size never, or twice")
    return found[0]

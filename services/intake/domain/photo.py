"""What a photo may be."""

import re
import struct
from dataclasses import dataclass

BYTES_MAX = 10 * 1024 * 1024
PIXELS_MAX = 40_000_000
SIDE_MAX = 20_000

_JPEG = b"\xff\xd8\xff"
_PNG = b"\x89PNG\r\n\x1a\n"
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"})
_CODED_SIZE = re.compile(rb"ispe\0{4}(.{8})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's facts, from its header alone."""

    media: str
    width: int
    height: int


def media_of(content: bytes) -> str | None:
    """The media type by magic bytes; None for what is not taken, whatever its name says."""
    if content.startswith(_JPEG):
        return "image/jpeg"
    if content.startswith(_PNG):
        return "image/png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        return "image/heic"
    return None


def coded_sizes(content: bytes) -> list[tuple[int, int]]:
    """Width and height of everything that a HEIC file says it must decode; what is shown of it may be less."""
    return [struct.unpack(">II", size) for size in _CODED_SIZE.findall(content)]


def too_large(width: int, height: int) -> bool:
    return width > SIDE_MAX or height > SIDE_MAX or width * height > PIXELS_MAX

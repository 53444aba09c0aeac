"""Which photos are taken, and the hash by which copies of a photo are recognized."""

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from shared.kernel.pictures import PICTURE_BYTES_MAX

BYTES_MAX = PICTURE_BYTES_MAX
PIXELS_MAX = 52_000_000
"""Telephones of 2026 make pictures of 48 to 50.3 million pixels (8,192 by 6,144), as JPEG of up to 15 MB."""
SIDE_MAX = 20_000
CODED_MAX = 1_000
"""Sizes that one HEIC file says; telephones write two to five."""

LOOKS_SIZE = (9, 8)
"""Width and height, in pixels, of the grey picture that a photo's hash is made of."""
CLEAR_STEP = 4
"""Levels of grey (of 256): a difference between neighbours that is not made by noise or compression."""
CLEAR_STEPS_MIN = 16
"""Of 64 differences, so many must be clear, or the photo gets no hash. Walls and skies have none, a lone lamp in the
night at most 15 (decision 0012)."""
BITS_MIN = 8
"""So many differences must go up and so many down: with fewer, the picture is one shade running through."""

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


@dataclass(frozen=True, slots=True)
class CleanedPhoto:
    """A photo as it is shown, two JPEGs, and its hash, if there is enough in the picture."""

    full: bytes
    thumb: bytes
    looks: str | None = None


def looks_of(greys: Sequence[int]) -> str | None:
    """The difference hash of 8 rows of 9 greys (0 to 255), in 16 hex digits; None where there is too little to see.

    One bit for each pair of neighbours in a row, beginning at the top left: set where it gets brighter to the right.
    Copies have most bits in common, whatever their size, brightness or compression.
    Source: N. Krawetz, "Kind of Like That", 2013 (dHash).
    """
    width, height = LOOKS_SIZE
    rows = [greys[start : start + width] for start in range(0, width * height, width)]
    steps = [right - left for row in rows for left, right in pairwise(row)]
    bits = sum(1 << (len(steps) - 1 - i) for i, step in enumerate(steps) if step > 0)
    clear = sum(abs(step) >= CLEAR_STEP for step in steps)
    if clear < CLEAR_STEPS_MIN or not BITS_MIN <= bits.bit_count() <= len(steps) - BITS_MIN:
        return None
    return f"{bits:016x}"


def media_of(content: bytes) -> str | None:
    """The media type by the first bytes of the file; None for types that are not taken."""
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
    """Width and height of everything that a HEIC file says it must decode; what is shown of it may be less.

    One more than ``CODED_MAX`` where there are more."""
    return [struct.unpack(">II", found[1]) for found in islice(_CODED_SIZE.finditer(content), CODED_MAX + 1)]


def too_large(width: int, height: int) -> bool:
    return width > SIDE_MAX or height > SIDE_MAX or width * height > PIXELS_MAX

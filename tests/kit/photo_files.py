"""Files of photos as telephones send them, and what intake makes of them."""

import io
import struct
import zlib

import pytest
from PIL import Image

from services.intake.photos.pictures import clean, read_header
from shared.kernel.errors import Refusal

RED, BLUE = (220, 20, 20), (20, 20, 220)


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 32), *, exif: Image.Exif | None = None) -> bytes:
    """Left half red, right half blue."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    out = io.BytesIO()
    image.save(out, kind, **({"exif": exif} if exif is not None else {}))
    return out.getvalue()


def cleaned(content: bytes, media: str) -> tuple[bytes, bytes]:
    """Full and thumb, as intake shows them."""
    made = clean(content, media)
    return made.full, made.thumb


def exif_with(orientation: int = 1) -> Image.Exif:
    """What a telephone writes: where it was, who made it."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretMaker"
    exif[0x013B] = "SecretArtist"
    exif.get_ifd(0x8825).update({1: "N", 2: (33.0, 46.0, 27.0), 3: "E", 4: (120.0, 15.0, 36.0)})
    return exif


def png_header(width: int, height: int) -> bytes:
    """A PNG that says its size and holds almost nothing."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\x00" * 100)) + chunk(b"IEND", b"")


def header_refusal(content: bytes) -> tuple[int, str]:
    """Status and kind of the refusal of a file whose header is read."""
    with pytest.raises(Refusal) as refusal:
        read_header(content)
    return refusal.value.status, refusal.value.kind


def phone_photo(colour: str = "red", size: tuple[int, int] = (640, 480)) -> bytes:
    """A picture with a place, a serial number and words in its EXIF."""
    exif = Image.Exif()
    exif[0x010E] = "secret words"
    exif[0xA431] = "SERIAL-123"
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", exif=exif)
    return out.getvalue()

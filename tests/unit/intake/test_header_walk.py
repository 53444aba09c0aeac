"""A picture's parts are counted before a decoder sees it; what telephones and programs write is taken."""

import io
import struct
import zlib

import pytest
from PIL import Image

from services.intake.photos.header_walk import FILL_MAX, PARTS_MAX, NoHeader, header
from services.intake.photos.pictures import read_header
from tests.kit.photo_files import cleaned, exif_with, header_refusal, picture


def segment(marker: int, content: bytes) -> bytes:
    """Of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def chunk(name: bytes, content: bytes = b"") -> bytes:
    """Of a PNG."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def test_a_photo_with_hundreds_of_segments_is_taken() -> None:
    """EXIF with a thumbnail, a colour profile in many parts, extended XMP, a depth map's index, comments."""
    whole = picture(exif=exif_with(), size=(640, 480))
    profile = b"".join(segment(0xE2, b"ICC_PROFILE\0" + bytes((n, 255)) + b"p" * 60_000) for n in range(1, 121))
    xmp = b"".join(segment(0xE1, b"http://ns.adobe.com/xmp/extension/\0" + b"x" * 60_000) for _ in range(100))
    rest = segment(0xE2, b"MPF\0" + bytes(80)) + segment(0xFE, b"a comment") * 300
    content = whole[:2] + profile + xmp + rest + whole[2:]
    assert (read_header(content).width, read_header(content).height) == (640, 480)
    assert cleaned(content, "image/jpeg")


@pytest.mark.parametrize("progressive", [False, True])
def test_fill_between_segments_is_passed_over(progressive: bool) -> None:
    out = io.BytesIO()
    Image.new("RGB", (90, 60), "green").save(out, "JPEG", progressive=progressive)
    whole = out.getvalue()
    for fill in (b"\xff" * 7, b"\xff" * (FILL_MAX - 9), segment(0xFE, b"")):
        content = whole[:2] + fill + whole[2:]
        assert (read_header(content).width, read_header(content).height) == (90, 60)
    assert header_refusal(whole[:2] + b"\xff" * (FILL_MAX + 9) + whole[2:]) == (422, "unreadable")


def test_a_png_in_many_chunks_of_pixels_is_taken() -> None:
    """Encoders write 8 KiB of pixels at a time: a picture of 16 MB has two thousand such chunks."""
    whole = picture("PNG")
    ihdr, pixels = whole[:33], zlib.compress(bytes(32 * (1 + 64 * 3)), 0)
    body = b"".join(chunk(b"IDAT", pixels[n : n + 1]) for n in range(min(PARTS_MAX - 10, len(pixels) - 1)))
    content = ihdr + body + chunk(b"IDAT", pixels[PARTS_MAX - 10 :]) + chunk(b"IEND")
    assert read_header(content).width == 64
    assert cleaned(content, "image/png")
    large = ihdr + chunk(b"IDAT", bytes(8192)) * 2047 + chunk(b"tEXt") * 100 + chunk(b"IEND")
    assert len(large) > 16 * 10**6
    assert read_header(large).width == 64


def test_chunks_behind_the_pixels_are_counted_too() -> None:
    whole = picture("PNG")
    assert header_refusal(whole[:-12] + chunk(b"tEXt") * (PARTS_MAX + 100) + whole[-12:]) == (422, "unreadable")


def test_what_a_decoder_is_shown_of_a_jpeg_or_png_is_small() -> None:
    for kind, media in (("JPEG", "image/jpeg"), ("PNG", "image/png")):
        content = picture(kind, size=(2000, 2000), exif=exif_with())
        assert len(header(content, media)) < 100


@pytest.mark.parametrize("cut", range(3, 700, 29))
def test_a_picture_that_ends_in_its_header_is_refused(cut: int) -> None:
    whole = picture()
    content = whole[: min(cut, whole.index(b"\xff\xda") - 1)]
    with pytest.raises(NoHeader):
        header(content, "image/jpeg")


def test_a_picture_that_says_its_size_twice_is_refused() -> None:
    jpeg, png = picture(), picture("PNG")
    frame = jpeg.index(b"\xff\xc0")
    (length,) = struct.unpack_from(">H", jpeg, frame + 2)
    assert header_refusal(jpeg[:frame] + jpeg[frame : frame + 2 + length] + jpeg[frame:]) == (422, "unreadable")
    assert header_refusal(png[:33] + png[8:33] + png[33:]) == (422, "unreadable")

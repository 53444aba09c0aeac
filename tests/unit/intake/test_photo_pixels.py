"""Photos are shown as their sender saw them: on white, upright, in sRGB, whatever is written beside the pixels."""

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pillow_heif import register_heif_opener

from services.intake.domain.photo import PIXELS_MAX
from services.intake.photos.pictures import FULL_SIDE, clean, read_header

MEDIA = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "HEIF": "image/heic"}
WHITE = (255, 255, 255)
SIZE = (64, 64)
D50 = (0.9642, 1.0, 0.8249)
DISPLAY_P3 = ((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407))
"""X, Y, Z of red, green and blue, adapted to D50: ICC profile of SMPTE EG 432-1 with white D65."""


def encoded(image: Image.Image, kind: str, **more: Any) -> bytes:
    register_heif_opener()
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


def shown(content: bytes, kind: str, at: tuple[int, int] = (32, 32)) -> Any:
    """The pixel of what is shown."""
    with Image.open(io.BytesIO(clean(content, MEDIA[kind]).full)) as image:
        assert image.mode == "RGB"
        return image.getpixel(at)


def near(found: tuple[int, int, int], wanted: tuple[int, int, int], by: int = 3) -> bool:
    return all(abs(a - b) <= by for a, b in zip(found, wanted, strict=True))


def profile(primaries: tuple[tuple[float, float, float], ...]) -> bytes:
    """An ICC profile (v2.1, matrix and curves) with those primaries and the curve of sRGB."""

    def fixed(*numbers: float) -> bytes:
        return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)

    def linear(level: float) -> float:
        return level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4

    curve = [round(linear(i / 1023) * 65535) for i in range(1024)]
    description = b"desc\0\0\0\0" + struct.pack(">I", 8) + b"Wide P3\0" + bytes(78)
    tags = {b"desc": description, b"cprt": b"text\0\0\0\0free\0\0\0\0"}
    tags[b"wtpt"] = b"XYZ \0\0\0\0" + fixed(*D50)
    for name, primary in zip((b"r", b"g", b"b"), primaries, strict=True):
        tags[name + b"XYZ"] = b"XYZ \0\0\0\0" + fixed(*primary)
        tags[name + b"TRC"] = b"curv\0\0\0\0" + struct.pack(">I1024H", 1024, *curve)
    table, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        table += name + struct.pack(">II", at + len(body), len(content))
        body += content
    size = at + len(body)
    head = struct.pack(">I4sI4s4s4s", size, b"none", 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + fixed(*D50) + bytes(48)
    return head + struct.pack(">I", len(tags)) + table + body


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "HEIF"])
def test_what_the_sender_rubbed_out_stays_unseen(kind: str) -> None:
    """Alpha 0 over pixels: the pixels are still in the file."""
    image = Image.new("RGBA", SIZE, (30, 120, 60, 255))
    image.paste((200, 30, 30, 0), (16, 16, 48, 48))
    content = encoded(image, kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {}))
    assert near(shown(content, kind), WHITE)
    assert near(shown(content, kind, (4, 4)), (30, 120, 60), by=8)


def test_a_sketch_on_transparent_ground_is_a_sketch_on_white() -> None:
    sketch = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    sketch.paste((0, 0, 0, 255), (0, 28, 64, 36))
    content = encoded(sketch, "PNG")
    assert shown(content, "PNG", (32, 8)) == WHITE
    assert near(shown(content, "PNG"), (0, 0, 0), by=12)


@pytest.mark.parametrize(
    ("mode", "colour", "more"),
    [
        ("LA", (10, 0), {}),
        ("P", 3, {"transparency": 3}),
        ("RGB", (1, 2, 3), {"transparency": (1, 2, 3)}),
        ("L", 7, {"transparency": 7}),
        ("1", 0, {"transparency": 0}),
    ],
)
def test_every_kind_of_transparency_is_laid_on_white(mode: str, colour: Any, more: dict[str, Any]) -> None:
    image = Image.new(mode, SIZE, colour)
    if mode == "P":
        image.putpalette([200, 30, 30] * 4)
    assert shown(encoded(image, "PNG", **more), "PNG") == WHITE


def test_faint_colours_are_faint_on_white() -> None:
    content = encoded(Image.new("RGBA", SIZE, (255, 0, 0, 51)), "PNG")
    assert near(shown(content, "PNG"), (255, 204, 204))


def test_sixteen_bits_of_grey_are_scaled_not_cut_to_white() -> None:
    greys = Image.fromarray(np.full(SIZE, 40_000, np.uint16))
    assert near(shown(encoded(greys, "PNG"), "PNG"), (156, 156, 156))
    assert shown(encoded(greys, "PNG", transparency=40_000), "PNG") == WHITE


def test_a_clear_colour_of_sixteen_bits_is_clear() -> None:
    """Of colours in sixteen bits Pillow keeps the upper eight, and of the clear colour all."""
    clear, rows = (0x1234, 0x5678, 0x9ABC), SIZE[1]
    line = b"\0" + struct.pack(">3H", *clear) * SIZE[0]
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", *SIZE, 16, 2, 0, 0, 0)),
        (b"tRNS", struct.pack(">3H", *clear)),
        (b"IDAT", zlib.compress(line * rows)),
        (b"IEND", b""),
    )
    made = (struct.pack(">I", len(c)) + name + c + struct.pack(">I", zlib.crc32(name + c)) for name, c in chunks)
    assert shown(b"\x89PNG\r\n\x1a\n" + b"".join(made), "PNG") == WHITE


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIF"])
def test_colours_of_a_wide_profile_are_shown_in_srgb(kind: str) -> None:
    """Any iPhone's: red 200, 40, 40 of sRGB stands in the file as 184, 55, 49 of Display P3."""
    more = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
    content = encoded(Image.new("RGB", SIZE, (184, 55, 49)), kind, icc_profile=profile(DISPLAY_P3), **more)
    assert near(shown(content, kind), (200, 40, 40), by=5)


@pytest.mark.parametrize("said", [b"no profile at all", profile(DISPLAY_P3)[:300], b"\0" * 128])
def test_a_profile_that_is_none_is_let_be(said: bytes) -> None:
    content = encoded(Image.new("RGB", SIZE, (184, 55, 49)), "PNG", icc_profile=said)
    assert near(shown(content, "PNG"), (184, 55, 49))


def test_a_profile_of_another_colour_space_is_let_be() -> None:
    content = encoded(Image.new("L", SIZE, 90), "PNG", icc_profile=profile(DISPLAY_P3))
    assert near(shown(content, "PNG"), (90, 90, 90))


WRONG_TYPES: dict[str, tuple[int, int, Any]] = {
    "XResolution as ASCII": (0x011A, 2, "72"),
    "Software as FLOAT": (0x0131, 11, 1.5),
    "DateTime as RATIONAL": (0x0132, 5, (1, 2)),
    "YResolution as UNDEFINED": (0x011B, 7, b"\1\2"),
    "ImageWidth as ASCII": (0x0100, 2, "wide"),
}


def exif_entry(tag: int, kind: int, value: Any, at: int) -> tuple[bytes, bytes]:
    """One entry of an IFD and what it points to, little endian."""
    if kind == 2:
        raw, count = value.encode() + b"\0", len(value) + 1
    elif kind == 7:
        raw, count = value, len(value)
    elif kind == 11:
        raw, count = struct.pack("<f", value), 1
    elif kind == 5:
        raw, count = struct.pack("<II", *value), 1
    else:
        raw, count = struct.pack("<H", value), 1
    if len(raw) <= 4:
        return struct.pack("<HHI", tag, kind, count) + raw.ljust(4, b"\0"), b""
    return struct.pack("<HHII", tag, kind, count, at), raw


def with_exif(*entries: tuple[int, int, Any]) -> bytes:
    """A JPEG of 64 by 32, its left half red, with those entries of EXIF."""
    table, beyond, at = b"", b"", 8 + 2 + 12 * len(entries) + 4
    for entry in sorted(entries):
        row, raw = exif_entry(*entry, at + len(beyond))
        table, beyond = table + row, beyond + raw
    tiff = b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + table + bytes(4) + beyond
    image = Image.new("RGB", (64, 32), (220, 20, 20))
    image.paste((20, 20, 220), (32, 0, 64, 32))
    return encoded(image, "JPEG", exif=b"Exif\0\0" + tiff)


@pytest.mark.parametrize("wrong", WRONG_TYPES)
def test_exif_with_a_wrong_type_is_no_fault_and_the_picture_stands_upright(wrong: str) -> None:
    content = with_exif((0x0112, 3, 6), WRONG_TYPES[wrong])
    with Image.open(io.BytesIO(clean(content, "image/jpeg").full)) as image:
        assert image.size == (32, 64)
        top = image.convert("RGB").getpixel((16, 8))
    assert isinstance(top, tuple) and top[0] > 150, "turned by a quarter to the right: left is up"


@pytest.mark.parametrize("orientation", [(0x0112, 2, "up"), (0x0112, 3, 77), (0x0112, 7, b"\6"), (0x0112, 5, (6, 0))])
def test_an_orientation_that_says_nothing_leaves_the_picture_as_it_is(orientation: tuple[int, int, Any]) -> None:
    with Image.open(io.BytesIO(clean(with_exif(orientation), "image/jpeg").full)) as image:
        assert image.size == (64, 32)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("cut", [1, 2])
def test_a_jpeg_that_lacks_its_end_marker_is_shown(cut: int, progressive: bool) -> None:
    whole = encoded(Image.effect_noise((640, 480), 60).convert("RGB"), "JPEG", progressive=progressive)
    assert clean(whole[:-cut], "image/jpeg").full == clean(whole, "image/jpeg").full


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("cut", [20, 200, 2000])
def test_a_jpeg_that_lacks_pixels_is_unreadable(cut: int, progressive: bool) -> None:
    whole = encoded(Image.effect_noise((640, 480), 60).convert("RGB"), "JPEG", progressive=progressive)
    with pytest.raises(ValueError, match="unreadable"):
        clean(whole[:-cut], "image/jpeg")


def test_a_png_that_lacks_its_end_marker_is_shown() -> None:
    whole = encoded(Image.effect_noise((64, 64), 60), "PNG")
    assert clean(whole[:-12], "image/png").full == clean(whole, "image/png").full


@pytest.mark.parametrize("size", [(8192, 6144), (8064, 6048), (8160, 6120)])
def test_pictures_of_todays_telephones_are_taken(size: tuple[int, int]) -> None:
    """48 to 50.3 million pixels."""
    assert size[0] * size[1] <= PIXELS_MAX
    content = encoded(Image.new("RGB", size, (90, 120, 60)), "JPEG")
    found = read_header(content)
    assert (found.width, found.height) == size
    with Image.open(io.BytesIO(clean(content, "image/jpeg").full)) as image:
        assert max(image.size) == FULL_SIDE

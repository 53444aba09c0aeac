"""Pictures made to harm: looked at by their header, decoded in a confined process, shown as pixels and nothing else."""

import io
import random
import resource
import struct
import time
import zlib
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PIL import Image, PngImagePlugin, TiffImagePlugin
from pillow_heif import register_heif_opener

from services.intake.domain.photo import BYTES_MAX, CODED_MAX, media_of
from services.intake.http.photo_routes import PhotoRoutes
from services.intake.photos.pictures import Cleaner, clean, read_header
from shared.kernel.errors import Refusal, too_many
from shared.runtime.confined_process import MEMORY_MAX
from tests.kit.photo_files import cleaned, exif_with, picture, png_header

MARK = b"S3CR3T-0F-THE-PH0NE"
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>" + MARK + b"</x:xmpmeta>"
MEDIA = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "HEIF": "image/heic"}
SEED = 20260302


@pytest.fixture(scope="module")
async def cleaner() -> AsyncIterator[Cleaner]:
    cleaner = Cleaner()
    yield cleaner
    cleaner.close()


def telling(kind: str) -> bytes:
    """A picture with everything in it that a telephone or a program may have written."""
    register_heif_opener()
    image = Image.new("RGB", (320, 240), "green")
    exif = exif_with()
    exif[0x9286] = MARK
    exif.get_ifd(TiffImagePlugin.EXIFIFD)[0x927C] = MARK  # the maker's note
    more: dict[str, object] = {"exif": exif, "icc_profile": MARK * 10, "xmp": XMP}
    if kind == "JPEG":
        more["comment"] = MARK
    if kind == "PNG":
        text = PngImagePlugin.PngInfo()
        text.add_text("Comment", MARK.decode())
        text.add_itxt("XML:com.adobe.xmp", XMP.decode())
        text.add_text("Long", MARK.decode() * 10, zip=True)
        more = {"exif": exif, "icc_profile": MARK * 10, "pnginfo": text}
    out = io.BytesIO()
    image.save(out, kind, **more)
    return out.getvalue()


@pytest.mark.parametrize("kind", MEDIA)
def test_nothing_that_was_written_into_a_picture_is_shown(kind: str) -> None:
    """B20: place, serial number, maker's note, XMP, colour profile, comment, thumbnail."""
    content = telling(kind)
    assert MARK in content
    for made in cleaned(content, MEDIA[kind]):
        assert MARK not in made
        assert not any(word in made for word in (b"Exif", b"ICC_PROFILE", b"adobe", b"http://", b"Secret"))
        with Image.open(io.BytesIO(made)) as image:
            assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_the_thumbnail_of_what_was_cropped_away_is_gone() -> None:
    """B20: a telephone keeps the uncropped picture inside."""
    small = picture(size=(160, 120))
    exif = exif_with()
    with_thumbnail = exif.tobytes() + small
    app1 = b"\xff\xe1" + struct.pack(">H", len(with_thumbnail) + 2) + with_thumbnail
    whole = picture(size=(64, 64))
    content = whole[:2] + app1 + whole[2:]
    assert content.count(b"\xff\xd8\xff") == 2
    for made in cleaned(content, "image/jpeg"):
        assert made.count(b"\xff\xd8\xff") == 1
        assert small[-64:] not in made


@pytest.mark.parametrize("kind", MEDIA)
@pytest.mark.parametrize("tail", [b"PK\x03\x04" + MARK, b"<html><script>" + MARK, b"%PDF-1.7 " + MARK])
def test_a_picture_that_is_something_else_as_well_is_shown_as_a_picture_alone(kind: str, tail: bytes) -> None:
    """B17."""
    register_heif_opener()
    try:
        made = cleaned(picture(kind) + tail, MEDIA[kind])
    except ValueError:
        return  # HEIC's reader may take the tail for a broken box
    assert not any(MARK in one for one in made)


@pytest.mark.parametrize(
    "start", [b"\xff\xd8\xff\xe0<html>", b"\x89PNG\r\n\x1a\n<svg onload='x'/>", b"RIFFxxxxWEBP<?php"]
)
def test_what_only_begins_like_a_picture_is_refused(start: bytes) -> None:
    """B16."""
    with pytest.raises(Refusal) as refused:
        read_header(start + b" " * 200)
    assert refused.value.status == 422


def chunk(name: bytes, content: bytes = b"") -> bytes:
    """Of a PNG."""
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def animated_png(frames: int) -> bytes:
    """A PNG that says it has so many frames."""
    still = picture("PNG")
    return still[:33] + chunk(b"acTL", struct.pack(">II", frames, 0)) + still[33:]


async def test_of_many_frames_the_first_is_shown(cleaner: Cleaner) -> None:
    """B18: 100,000 frames cost no more than one."""
    content = animated_png(100_000)
    assert read_header(content).width == 64
    made = await cleaner.clean(content, "image/png")
    assert made is not None
    with Image.open(io.BytesIO(made.full)) as image:
        assert getattr(image, "n_frames", 1) == 1
    frames = [Image.new("RGB", (64, 32), (n, 0, 0)) for n in range(40)]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:])
    made = await cleaner.clean(out.getvalue(), "image/webp")
    assert made is not None


def test_a_heic_with_a_size_beyond_all_measure_is_refused_by_its_header() -> None:
    """B18: the size is a box of its own (ispe)."""
    register_heif_opener()
    content = picture("HEIF")
    at = content.index(b"ispe") + 8
    for side in (60_000, 2**31 - 1):
        with pytest.raises(Refusal) as refused:
            read_header(content[:at] + struct.pack(">II", side, side) + content[at + 8 :])
        assert refused.value.status in (413, 422)


async def test_the_decoding_process_is_confined(cleaner: Cleaner) -> None:
    """B18, B19: a limit on memory, no core files; it is not ours."""
    await cleaner.clean(picture(), "image/jpeg")
    (pid,) = cleaner.process.pids()
    assert resource.prlimit(pid, resource.RLIMIT_AS) == (MEMORY_MAX, MEMORY_MAX)
    assert resource.prlimit(pid, resource.RLIMIT_CORE) == (0, 0)
    assert resource.getrlimit(resource.RLIMIT_AS)[0] in (resource.RLIM_INFINITY, -1)


def broken(kind: str, count: int) -> list[bytes]:
    """Pictures with bytes changed, cut out, doubled; the same ones every time."""
    register_heif_opener()
    chance, made = random.Random(SEED), []
    whole = telling(kind)
    for _ in range(count):
        content = bytearray(whole)
        for _ in range(chance.randrange(1, 20)):
            at = chance.randrange(12, len(content))
            match chance.randrange(4):
                case 0:
                    content[at] = chance.randrange(256)
                case 1:
                    del content[at : at + chance.randrange(1, 200)]
                case 2:
                    content[at:at] = content[at : at + 50]
                case _:
                    content[at : at + 4] = struct.pack(">I", chance.choice((0, 2**31 - 1, 2**32 - 1, 65_535)))
            if len(content) < 40:
                break
        made.append(bytes(content))
    return made


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", MEDIA)
async def test_a_broken_picture_is_cleaned_or_refused_and_the_next_good_one_is_shown(
    cleaner: Cleaner, kind: str
) -> None:
    """B19: truncated, broken tables, corrupt boxes; whatever the decoder does, intake lives."""
    for content in broken(kind, 60):
        try:
            seen = read_header(content)
        except Refusal as refusal:
            assert refusal.status in (413, 415, 422)
            continue
        made = await cleaner.clean(content, seen.media)
        shown = () if made is None else (made.full, made.thumb)
        assert all(media_of(one) == "image/jpeg" and MARK not in one for one in shown)
    outcomes = [await cleaner.clean(picture(kind), MEDIA[kind]) for _ in range(2)]
    assert outcomes[-1] is not None


async def test_a_bomb_past_the_header_ends_in_its_own_process(cleaner: Cleaner) -> None:
    """B18: 144 million pixels that got past the door would stop at the decoder's own limits."""
    assert await cleaner.clean(png_header(12_000, 12_000), "image/png") is None
    assert await cleaner.clean(picture(), "image/jpeg") is not None


def stuffed(kind: str, part: bytes) -> bytes:
    """A good picture, as large as is taken, with as many of ``part`` in it as fit, where its header is."""
    whole = picture(kind)
    parts = part * ((BYTES_MAX - len(whole)) // len(part))
    if kind == "WEBP":
        return b"RIFF" + struct.pack("<I", BYTES_MAX - 8) + whole[8:12] + parts + whole[12:]
    at = {"JPEG": 2, "PNG": 33, "HEIF": len(whole)}[kind]
    return whole[:at] + parts + whole[at:]


STUFFED = {
    "empty segments": ("JPEG", b"\xff\xe1\0\2"),
    "comments": ("JPEG", b"\xff\xfe\0\2"),
    "markers alone": ("JPEG", b"\xff\xd0"),
    "fill": ("JPEG", b"\xff"),
    "stuffing": ("JPEG", b"\xff\0"),
    "between segments": ("JPEG", b"\xff\0a"),
    "empty chunks": ("PNG", chunk(b"tEXt")),
    "empty pixels": ("PNG", chunk(b"IDAT")),
    "RIFF chunks": ("WEBP", b"ABCD\0\0\0\0"),
    "boxes": ("HEIF", b"\0\0\0\x08free"),
    "sizes": ("HEIF", b"\0\0\0\x14ispe\0\0\0\0\0\0\0\1\0\0\0\1"),
}


@pytest.mark.parametrize("name", STUFFED)
def test_a_picture_of_millions_of_parts_is_refused_before_they_are_read(name: str) -> None:
    """B90: 16 MB of fill bytes held intake for 20 s, 1 MB of empty chunks for 3."""
    content = stuffed(*STUFFED[name])
    began = time.process_time()
    with pytest.raises(Refusal) as refused:
        read_header(content)
    assert time.process_time() - began < 0.5
    assert refused.value.status in (415, 422)
    began = time.process_time()
    with pytest.raises(ValueError, match="unreadable"):
        clean(content, MEDIA[STUFFED[name][0]])
    assert time.process_time() - began < 0.5, "one that an earlier version took"


def test_one_box_that_says_a_thousand_sizes_is_refused() -> None:
    """B90."""
    sizes = b"ispe" + struct.pack(">III", 0, 1, 1)
    box = struct.pack(">I4s", 8 + len(sizes) * (CODED_MAX + 1), b"free") + sizes * (CODED_MAX + 1)
    with pytest.raises(Refusal) as refused:
        read_header(picture("HEIF") + box)
    assert refused.value.status == 422


@pytest.mark.parametrize("content", [b"<svg/>", b"\xff\xd8\xff" + b"\xff" * 1000], ids=["no picture", "fill"])
async def test_what_is_refused_costs_the_quota_of_photos_too(content: bytes) -> None:
    """B91: whoever sent what cannot be read could go on for ever."""
    charged: list[int] = []

    def charge(_: object, size: int) -> None:
        charged.append(size)
        if len(charged) > 1:
            raise too_many("This key asks for too much at once; nothing was done.", 1)

    nobody = cast(Any, None)
    api = PhotoRoutes(nobody, nobody, nobody, cast(Any, SimpleNamespace(charge_photo=charge)), nobody)
    sent = SimpleNamespace(headers={"content-type": "image/jpeg"})
    call = SimpleNamespace(principal=SimpleNamespace(kind="rider_app"), raw=content, request=sent)
    statuses = []
    for _ in range(2):
        with pytest.raises(Refusal) as refused:
            await api.photo(cast(Any, call))
        statuses.append(refused.value.status)
    assert charged == [len(content)] * 2
    assert statuses[0] in (415, 422)
    assert statuses[1] == 429


def many_scans(times: int) -> bytes:
    """A progressive JPEG of 49 million pixels whose last scan, of some hundred bytes, comes again and again."""
    out = io.BytesIO()
    Image.new("L", (7000, 7000), 128).save(out, "JPEG", progressive=True)
    whole = out.getvalue()
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * times + whole[-2:]


async def test_a_picture_that_takes_a_processor_for_seconds_is_refused_and_the_next_is_shown() -> None:
    """B92: a megabyte of scans would be minutes, and everybody's next photo waits."""
    cleaner = Cleaner(cpu_seconds=1)
    try:
        assert await cleaner.clean(picture(), "image/jpeg") is not None
        content = many_scans(2000)
        assert len(content) < 2_000_000
        assert read_header(content).width == 7000
        began = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        assert await cleaner.clean(content, "image/jpeg") is None
        assert cleaner.process.pids() == [], "its process was ended"
        assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - began < 6
        assert await cleaner.clean(picture(), "image/jpeg") is not None
    finally:
        cleaner.close()

"""Photos: taken by what they are, looked at without decoding, shown as pixels and nothing else."""

import io
import os
import signal
from collections.abc import AsyncIterator

import pytest
from PIL import Image

from services.intake.domain.photo import PIXELS_MAX, SIDE_MAX, media_of
from services.intake.photos.pictures import FULL_SIDE, THUMB_SIDE, Cleaner, clean, read_header
from tests.kit.photo_files import cleaned, exif_with, header_refusal, picture, png_header


@pytest.mark.parametrize(
    ("kind", "media"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp"), ("HEIF", "image/heic")],
)
def test_a_picture_is_known_by_its_bytes_looked_at_and_cleaned(kind: str, media: str) -> None:
    from pillow_heif import register_heif_opener

    register_heif_opener()
    content = picture(kind)
    assert media_of(content) == media
    seen = read_header(content)
    assert (seen.media, seen.width, seen.height) == (media, 64, 32)
    full, thumb = cleaned(content, media)
    assert media_of(full) == media_of(thumb) == "image/jpeg"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8",
        b"<html><script>alert(1)</script></html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.7",
        b"%!PS-Adobe-3.0 EPSF-3.0",
        b"SIMPLE  =                    T",
        b"PK\x03\x04" + bytes(40),
        b"GIF89a" + bytes(40),
        b"BM" + bytes(40),
        b"II*\x00" + bytes(40),
        b"\x00\x00\x00\x18ftypmp42" + bytes(40),
        b"RIFF\x00\x00\x00\x00WAVE" + bytes(40),
    ],
)
def test_what_is_no_picture_that_we_take_is_415_whatever_it_says_it_is(content: bytes) -> None:
    assert header_refusal(content) == (415, "unsupported-media")


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff" + bytes(64),
        b"\x89PNG\r\n\x1a\n" + bytes(64),
        b"RIFF\x10\x00\x00\x00WEBP" + bytes(64),
        b"\x00\x00\x00\x18ftypheic" + bytes(64),
    ],
)
def test_a_header_that_cannot_be_read_is_422(content: bytes) -> None:
    assert header_refusal(content) == (422, "unreadable")


@pytest.mark.parametrize(
    ("width", "height", "status"),
    [
        (12_000, 12_000, (413,)),
        (SIDE_MAX + 1, 1, (413,)),
        (1, SIDE_MAX + 1, (413,)),
        (65_535, 65_535, (413, 422)),
        (2**31 - 1, 2**31 - 1, (413, 422)),
        (0, 10, (422,)),
    ],
)
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_bomb_is_refused_by_its_header_alone(width: int, height: int, status: tuple[int, ...]) -> None:
    content = png_header(width, height)
    assert len(content) < 20_000
    assert header_refusal(content)[0] in status


def test_the_largest_that_is_taken_is_taken() -> None:
    side = int(PIXELS_MAX**0.5)
    assert read_header(png_header(side, side)).width == side


def test_where_it_was_taken_and_by_what_is_gone() -> None:
    content = picture(exif=exif_with())
    assert b"SecretMaker" in content
    for made in cleaned(content, "image/jpeg"):
        assert not any(word in made for word in (b"Secret", b"Exif", b"GPS"))
        with Image.open(io.BytesIO(made)) as image:
            assert dict(image.getexif()) == {}
            assert not {"exif", "xmp", "icc_profile", "comment"} & set(image.info)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_other_formats_lose_it_too(kind: str) -> None:
    content = picture(kind, exif=exif_with())
    assert b"SecretMaker" in content
    assert not any(b"Secret" in made for made in cleaned(content, f"image/{kind.lower()}"))


@pytest.mark.parametrize("trailer", [b"<script>alert(1)</script>", b"PK\x03\x04evil.zip", b"%PDF-1.7"])
def test_what_hangs_behind_a_picture_is_gone(trailer: bytes) -> None:
    for made in cleaned(picture() + trailer, "image/jpeg"):
        assert trailer not in made
        assert made.endswith(b"\xff\xd9")


@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [(1, (64, 32), (8, 16)), (3, (64, 32), (56, 16)), (6, (32, 64), (16, 8)), (8, (32, 64), (16, 56))],
)
def test_it_is_shown_upright(orientation: int, size: tuple[int, int], red_at: tuple[int, int]) -> None:
    full, _ = cleaned(picture(exif=exif_with(orientation)), "image/jpeg")
    with Image.open(io.BytesIO(full)) as image:
        assert image.size == size
        pixel = image.convert("RGB").getpixel(red_at)
    assert isinstance(pixel, tuple)
    assert pixel[0] > 150 > pixel[2]


def test_it_is_shown_no_larger_than_it_need_be() -> None:
    full, thumb = cleaned(picture(size=(4100, 1000)), "image/jpeg")
    sizes = []
    for made in (full, thumb):
        with Image.open(io.BytesIO(made)) as image:
            sizes.append(max(image.size))
    assert sizes == [FULL_SIDE, THUMB_SIDE]


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_truncated_picture_is_unreadable(part: float) -> None:
    content = picture(size=(640, 480))
    with pytest.raises(ValueError, match="unreadable"):
        clean(content[: int(len(content) * part)], "image/jpeg")


def test_a_picture_is_read_as_what_it_is_and_as_nothing_else() -> None:
    with pytest.raises(ValueError, match="unreadable"):
        clean(picture("PNG"), "image/jpeg")


@pytest.fixture(scope="module")
async def cleaner() -> AsyncIterator[Cleaner]:
    cleaner = Cleaner()
    yield cleaner
    cleaner.close()


async def test_cleaning_happens_in_a_process_of_its_own_and_survives_bad_pictures(cleaner: Cleaner) -> None:
    assert await cleaner.clean(picture()[:200], "image/jpeg") is None
    made = await cleaner.clean(picture(), "image/jpeg")
    assert made is not None
    assert media_of(made.full) == "image/jpeg"


async def test_a_process_that_died_is_replaced(cleaner: Cleaner) -> None:
    await cleaner.clean(picture(), "image/jpeg")
    for pid in cleaner.process.pids():
        os.kill(pid, signal.SIGKILL)
    outcomes = [await cleaner.clean(picture(), "image/jpeg") for _ in range(3)]
    assert outcomes[-1] is not None

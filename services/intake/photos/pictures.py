"""Reading and cleaning pictures with Pillow. Decoding runs in a process of its own, since a file from a stranger may
crash the decoder.

Cleaning copies the pixels and nothing else: no EXIF (place, serial number, embedded thumbnail), no trailing bytes.
"""

import io
import math
import resource

from PIL import Image
from pillow_heif import register_heif_opener

from services.intake.domain.photo import (
    CODED_MAX,
    LOOKS_SIZE,
    PIXELS_MAX,
    CleanedPhoto,
    Picture,
    coded_sizes,
    looks_of,
    media_of,
    too_large,
)
from services.intake.photos.header_walk import header
from services.intake.photos.pixels import as_seen
from shared.kernel.errors import Refusal
from shared.runtime.confined_process import ConfinedProcess, ProcessEndedError

FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/heic": "HEIF"}
FULL_SIDE = 2048
THUMB_SIDE = 320
SECONDS_MAX = 20.0
CPU_SECONDS_MAX = 6
"""Of one photo. Whoever sends many that are made to be slow takes turns with others, and each turn is this long."""
JPEG_END = b"\xff\xd9"
NO_PIXELS = bytes(range(1, 241)) * 4
"""Bytes without a marker: a decoder that has all pixels skips them, one that has not takes them for pixels."""


def read_header(content: bytes) -> Picture:
    """A picture's facts from its header, decoding nothing. Raises ``Refusal``: 415 type, 413 size, 422 unreadable."""
    media = media_of(content)
    if media is None:
        raise Refusal(415, "unsupported-media", "Send a JPEG, PNG, WebP or HEIC picture.")
    register_heif_opener()
    try:
        with Image.open(io.BytesIO(header(content, media)), formats=[FORMATS[media]]) as image:
            width, height = image.size
    except Exception as wrong:  # decoders that strangers feed raise whatever they like: HEIC's an EOFError
        raise Refusal(422, "unreadable", "The picture's header cannot be read.") from wrong
    coded = coded_sizes(content) if media == "image/heic" else []
    if any(too_large(*size) for size in [(width, height), *coded]):
        raise Refusal(413, "too-large", f"At most {PIXELS_MAX // 1_000_000} million pixels.")
    if width < 1 or height < 1:
        raise Refusal(422, "unreadable", "The picture has no pixels.")
    if len(coded) > CODED_MAX:
        raise Refusal(422, "unreadable", "The picture has more parts than any picture needs.")
    return Picture(media, width, height)


def clean(content: bytes, media: str) -> CleanedPhoto:
    """Full (longest side 2048) and thumb (320), JPEG, upright, pixels only. Raises ``ValueError`` when unreadable.

    The hash is made of the thumb, so that it depends little on the size that was sent.
    """
    try:
        header(content, media)  # photos of earlier versions were taken without
        upright = _decoded(content, media)
        full = _jpeg(upright, 85)
        upright.thumbnail((THUMB_SIDE, THUMB_SIDE))
        return CleanedPhoto(full, _jpeg(upright, 75), _looks(upright))
    except Exception as wrong:
        raise ValueError(f"unreadable: {type(wrong).__name__}") from None


def _decoded(content: bytes, media: str) -> Image.Image:
    """The picture as it is shown. A JPEG without its end marker is taken if all of its pixels are there."""
    try:
        return _opened(content, media)
    except OSError:
        if media != "image/jpeg":
            raise
        ended, lengthened = (_opened(content + tail, media) for tail in (JPEG_END, NO_PIXELS + JPEG_END))
        if ended.tobytes() != lengthened.tobytes():
            raise  # the added bytes became pixels, so some of its own are missing
        return ended


def _opened(content: bytes, media: str) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=[FORMATS[media]]) as image:
        if image.mode in ("L", "RGB"):
            image.draft(image.mode, (FULL_SIDE, FULL_SIDE))
        return as_seen(image, FULL_SIDE)


def _looks(image: Image.Image) -> str | None:
    return looks_of(image.convert("L").resize(LOOKS_SIZE, Image.Resampling.BICUBIC).tobytes())


def _jpeg(image: Image.Image, quality: int) -> bytes:
    pixels = Image.frombytes("RGB", image.size, image.tobytes())
    out = io.BytesIO()
    pixels.save(out, "JPEG", quality=quality, optimize=False)
    return out.getvalue()


def _clean_in_time(content: bytes, media: str, seconds: int) -> CleanedPhoto:
    """As ``clean``; the kernel ends the process that takes ``seconds`` of a processor's time, wherever it is."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))
    register_heif_opener()
    return clean(content, media)


class Cleaner:
    """Cleans in a process of its own."""

    def __init__(self, cpu_seconds: int = CPU_SECONDS_MAX) -> None:
        self.process = ConfinedProcess(SECONDS_MAX)
        self._cpu_seconds = cpu_seconds

    async def clean(self, content: bytes, media: str) -> CleanedPhoto | None:
        """As ``clean``, or None when the picture is unreadable (it crashed or outlasted its process too)."""
        try:
            return await self.process.run(_clean_in_time, content, media, self._cpu_seconds)
        except (ValueError, ProcessEndedError):
            return None

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self.process.close()

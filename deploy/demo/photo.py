"""A picture as a phone takes it: a JPEG with a position in its EXIF, which nobody else is to see."""

import io

from PIL import Image, ImageDraw

SIZE = (1280, 960)
GPS = 0x8825
"""The EXIF tag of the position."""


def jpeg(background: tuple[int, int, int], drop: tuple[int, int, int]) -> bytes:
    """A picture of two colours, with a GPS position in its EXIF."""
    picture = Image.new("RGB", SIZE, background)
    draw = ImageDraw.Draw(picture)
    for x in range(80, SIZE[0], 160):
        draw.line([(x, 120), (x - 60, SIZE[1] - 120)], fill=drop, width=24)
    exif = picture.getexif()
    exif[GPS] = {1: "N", 2: (33.0, 45.0, 44.0), 3: "E", 4: (120.0, 14.0, 54.0)}
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=80, exif=exif)
    return file.getvalue()


def tells_where(content: bytes) -> bool:
    """Whether the picture's EXIF holds a position."""
    return bool(Image.open(io.BytesIO(content)).getexif().get_ifd(GPS))

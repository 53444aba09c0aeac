"""Pictures for tests, drawn from a seed: streets with much in them, and what has little; and copies of them."""

import io
import random
from collections.abc import Callable
from typing import Any

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from services.intake.photos.pictures import clean

SIZE = (800, 600)


def street(seed: int) -> Image.Image:
    """A sky, a ground, houses, and things that lie about."""
    chance = random.Random(seed)
    image = Image.new("RGB", SIZE, _colour(chance, 80, 255))
    draw = ImageDraw.Draw(image)
    ground = chance.randint(150, 380)
    draw.rectangle((0, ground, *SIZE), fill=_colour(chance, 30, 170))
    for _ in range(chance.randint(3, 9)):
        left, top = chance.randint(-80, SIZE[0]), chance.randint(20, ground)
        low = ground + chance.randint(0, 60)
        draw.rectangle((left, top, left + chance.randint(40, 260), low), fill=_colour(chance, 20, 230))
    for _ in range(chance.randint(4, 12)):
        x, y, wide, high = (chance.randint(*span) for span in ((0, 800), (ground, 600), (10, 160), (10, 100)))
        shape = chance.choice((draw.ellipse, draw.rectangle))
        shape((x - wide, y - high, x + wide, y + high), fill=_colour(chance, 0, 255))
    return _grained(image.filter(ImageFilter.GaussianBlur(1)), chance)


def lamp(seed: int) -> Image.Image:
    """One lamp in the night."""
    chance = random.Random(seed)
    image = Image.new("RGB", SIZE, (chance.randint(3, 15),) * 3)
    x, y, wide = chance.randint(300, 500), chance.randint(100, 300), chance.randint(20, 70)
    ImageDraw.Draw(image).ellipse((x - wide, y - wide, x + wide, y + wide), fill=(255, 240, 190))
    return _grained(image.filter(ImageFilter.GaussianBlur(wide / 2)), chance)


def door(seed: int) -> Image.Image:
    """One dark door in a plain wall."""
    chance = random.Random(seed)
    image = Image.new("RGB", SIZE, (chance.randint(120, 200),) * 3)
    left, shade_ = chance.randint(240, 350), chance.randint(20, 100)
    ImageDraw.Draw(image).rectangle((left, 110, left + chance.randint(200, 330), 600), fill=(shade_,) * 3)
    return _grained(image, chance)


def wall(seed: int) -> Image.Image:
    """One colour, as a telephone sees it: with grain."""
    chance = random.Random(seed)
    return _grained(Image.new("RGB", SIZE, _colour(chance, 0, 255)), chance)


def shade(seed: int) -> Image.Image:
    """A wall that grows brighter to the right (odd seeds: upwards)."""
    image = Image.linear_gradient("L").resize(SIZE).convert("RGB")
    return _grained(image if seed % 2 else image.transpose(Image.Transpose.ROTATE_90).resize(SIZE), random.Random(seed))


def _colour(chance: random.Random, least: int, most: int) -> tuple[int, ...]:
    return tuple(chance.randint(least, most) for _ in range(3))


def _grained(image: Image.Image, chance: random.Random) -> Image.Image:
    grain = Image.frombytes("L", SIZE, chance.randbytes(SIZE[0] * SIZE[1]))
    return Image.blend(image, grain.convert("RGB"), 0.08)


def _cropped(image: Image.Image, share: float) -> Image.Image:
    """More from the left and from below than from the others."""
    wide, high = image.size
    box = (wide * share, high * share / 2, wide * (1 - share / 2), high * (1 - share))
    return image.crop(tuple(int(side) for side in box))  # type: ignore[arg-type]


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _halved(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2))


COPIES: dict[str, Callable[[Image.Image], bytes]] = {
    "compressed": lambda image: jpeg(image, 20),
    "halved": lambda image: jpeg(_halved(image)),
    "brighter": lambda image: jpeg(ImageEnhance.Brightness(image).enhance(1.3)),
    "darker": lambda image: jpeg(ImageEnhance.Brightness(image).enhance(0.7)),
    "harder": lambda image: jpeg(ImageEnhance.Contrast(image).enhance(1.3)),
    "grey": lambda image: jpeg(image.convert("L").convert("RGB")),
    "cropped": lambda image: jpeg(_cropped(image, 0.02)),
    "all of it": lambda image: jpeg(ImageEnhance.Brightness(_halved(_cropped(image, 0.02))).enhance(1.2), 40),
}
"""What happens to a picture on its way through telephones and chats."""


def looks(content: Any) -> str | None:
    """Of a picture, or of the bytes of a JPEG, as intake cleans it."""
    return clean(content if isinstance(content, bytes) else jpeg(content), "image/jpeg").looks

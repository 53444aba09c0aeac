"""From a decoded picture to the pixels that are shown: as its sender saw them, upright, on white, in sRGB, 8 bits.

Runs in the decoding process. What a file says beside its pixels may be wrong and is ignored where it cannot be read;
only pixels that cannot be decoded make a picture unreadable.
"""

import io

import numpy as np
from PIL import Image, ImageCms
from PIL.Image import Transpose

ORIENTATION = 0x0112
"""EXIF 2.32, 4.6.5: how the camera was held, 1 to 8."""
PROFILE_BYTES_MAX = 4 * 1024 * 1024
"""CMYK profiles of printers take half a megabyte to two."""
_UPRIGHT = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
_SIXTEEN_BITS = ("I;16", "I;16L", "I;16B", "I;16N", "I")


def as_seen(image: Image.Image, side: int) -> Image.Image:
    """``image``, decoded, as RGB with its longest side at most ``side`` pixels.

    Raises whatever Pillow raises for pixels that cannot be decoded.
    """
    orientation, profile = _orientation(image), image.info.get("icc_profile")
    image = _eight_bits(image)
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode not in ("L", "RGB", "CMYK"):
        image = image.convert("RGB")
    image.thumbnail((side, side))
    image = _in_srgb(_on_white(image), profile)
    return image.transpose(_UPRIGHT[orientation]) if orientation in _UPRIGHT else image


def _orientation(image: Image.Image) -> int:
    """As EXIF says; 1 where that cannot be read. Nothing else of EXIF is used, and nothing is written back."""
    try:
        said = image.getexif().get(ORIENTATION, 1)
        return int(said[0] if isinstance(said, tuple) else said)
    except Exception:  # strangers' EXIF makes Pillow raise whatever it likes
        return 1


def _eight_bits(image: Image.Image) -> Image.Image:
    """Sixteen bits of grey scaled to eight: Pillow's own conversion cuts all above 255 to white.

    Colours of sixteen bits it scales itself, but not the one that is clear.
    """
    clear = image.info.get("transparency")
    if image.mode == "RGB" and isinstance(clear, tuple) and max(clear) > 255:
        image.info["transparency"] = tuple(level >> 8 for level in clear)
    if image.mode not in _SIXTEEN_BITS:
        return image
    greys = np.asarray(image).astype(np.int32)
    scaled = Image.fromarray((np.clip(greys, 0, 65535) >> 8).astype(np.uint8))
    if isinstance(clear, int):
        scaled.putalpha(Image.fromarray(np.where(greys == clear, 0, 255).astype(np.uint8)))
    return scaled


def _on_white(image: Image.Image) -> Image.Image:
    """Transparent parts become white, as every page shows them."""
    if image.mode != "RGBA":
        return image
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    return white.convert("RGB")


def _in_srgb(image: Image.Image, profile: object) -> Image.Image:
    """The colours of ``profile`` (ICC.1) in sRGB; unchanged where the profile is absent or does not fit."""
    if isinstance(profile, bytes) and 0 < len(profile) <= PROFILE_BYTES_MAX:
        try:
            meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if not ImageCms.getProfileDescription(meant).startswith("sRGB"):
                srgb = ImageCms.createProfile("sRGB")
                made = ImageCms.profileToProfile(image, meant, srgb, outputMode="RGB")
                if made is not None:
                    return made
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
            """No profile, or one of another colour space."""
    return image.convert("RGB")

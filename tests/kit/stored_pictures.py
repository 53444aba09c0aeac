"""Pictures of pages for README and docs: kept in ``docs/img`` only where ``make pictures`` asks for them."""

import io
import os

from PIL import Image

from tests.kit.stack import ROOT

FOLDER = ROOT / "docs" / "img"
VARIABLE = "WHISTLE_PICTURES"
COLOURS = 96
BYTES_MAX = 150_000
GAP = 24
GROUND = "#c9ccd1"


def kept(name: str, *shots: bytes) -> None:
    """The screenshots side by side as one picture of few colours. AssertionError where it is too large."""
    opened = [Image.open(io.BytesIO(shot)).convert("RGB") for shot in shots]
    width = sum(one.width for one in opened) + GAP * (len(opened) - 1)
    sheet = Image.new("RGB", (width, max(one.height for one in opened)), GROUND)
    left = 0
    for one in opened:
        sheet.paste(one, (left, 0))
        left += one.width + GAP
    out = io.BytesIO()
    sheet.quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    assert len(out.getvalue()) <= BYTES_MAX, f"{name} has {len(out.getvalue())} bytes"
    if os.environ.get(VARIABLE):
        (FOLDER / f"{name}.png").write_bytes(out.getvalue())

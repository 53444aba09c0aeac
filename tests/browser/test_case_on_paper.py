"""A case as PDF: A4, two sheets at most with four photos, white, whatever somebody wrote; where it cannot be made, no
button offers it."""

import io
from typing import Any

import msgspec
import pytest
from PIL import Image

from services.console.case.printed_case import PrintedCase
from services.console.typesetting import Typesetter, pages_of
from shared.runtime.settings import Settings
from tests.kit.browser import BrowserFiles
from tests.kit.console_door import ConsoleDoor
from tests.kit.made_router import SESSION, MadeRouter, refused
from tests.kit.screen import SEEN

SIGNED_IN = ((b"cookie", f"whistle={SESSION}".encode()),)
A4 = (595, 842)
HOSTILE = '#eval("1") <script>alert(1)</script> \u202e倒着写\u202c ' + "x" * 2000
LONG = {"description": HOSTILE, "photos": ["f1", "f2", "f3", "f4", "f5"]}


class Told(Typesetter):
    """Keeps what it was told to set."""

    data, photos = "", ()

    async def pdf(self, data: str, photos: Any) -> bytes:
        self.data, self.photos = data, tuple(photos)
        return await super().pdf(data, photos)


async def told(files: BrowserFiles, lang: str, **case: Any) -> Told:
    """What is set of the made case."""
    router = MadeRouter()
    router.case.update(case)
    door = ConsoleDoor(router, Settings(pdf_font=str(files.fonts.parent / "fonts")))
    told = door.app.site.typesetter = Told(str(files.fonts.parent / "fonts"))
    got = await door.get(f"/cases/c1/pdf?lang={lang}", SIGNED_IN)
    told.close()
    assert (got.status, got.header("content-type")) == (200, "application/pdf")
    assert got.body.startswith(b"%PDF-")
    return told


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("case", [{}, LONG], ids=["plain", "hostile"])
async def test_a_case_is_two_white_sheets_at_most(files: BrowserFiles, lang: str, case: dict[str, Any]) -> None:
    made = await told(files, lang, **case)
    pages = pages_of(str(files.fonts.parent / "fonts"), made.data, made.photos, "png")
    assert len(pages) <= 2
    assert len(made.photos) == (4 if case else 2)
    SEEN.mkdir(exist_ok=True)
    for number, page in enumerate(pages, 1):
        (SEEN / f"paper-{lang}-{'hostile' if case else 'plain'}-{number}.png").write_bytes(page)
        shown = Image.open(io.BytesIO(page)).convert("RGB")
        assert abs(shown.height / shown.width - A4[1] / A4[0]) < 0.01
        assert shown.getpixel((5, 5)) == (255, 255, 255)
        edge = shown.crop((shown.width - 20, 0, shown.width, shown.height))
        assert edge.getextrema() == ((255, 255),) * 3, "nothing runs over the edge"


async def test_words_are_printed_as_they_were_written_and_turn_nothing(files: BrowserFiles) -> None:
    said = msgspec.json.decode((await told(files, "zh", **LONG)).data, type=PrintedCase).description
    assert '#eval("1") <script>' in said
    assert "\u202e" not in said


async def test_without_font_there_is_neither_button_nor_pdf(files: BrowserFiles) -> None:
    for font, shown in (("", False), ("/nowhere/font.ttf", False), (str(files.fonts.parent / "fonts"), True)):
        door = ConsoleDoor(MadeRouter(), Settings(pdf_font=font))
        assert ("/cases/c1/pdf" in (await door.get("/cases/c1", SIGNED_IN)).text) == shown
        if not shown:
            assert (await door.get("/cases/c1/pdf", SIGNED_IN)).status == 404


async def test_who_may_not_see_a_case_gets_no_pdf_of_it(files: BrowserFiles) -> None:
    router = MadeRouter()
    router.refuses["GET /v1/cases/c1"] = refused(404)
    door = ConsoleDoor(router, Settings(pdf_font=str(files.fonts.parent / "fonts")))
    assert (await door.get("/cases/c1/pdf", SIGNED_IN)).status == 404

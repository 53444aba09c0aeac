"""Sets a case as PDF with typst (the extra ``pdf``), in a process of its own: words are data there, never markup."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from shared.runtime.confined_process import ConfinedProcess

TEMPLATE = Path(__file__).parent / "templates" / "case.typ"
SECONDS, IDLE_SECONDS = 30, 60


class Typesetter:
    """``font``: a file or folder with the letters of the city's language. None is made where it or typst is missing."""

    def __init__(self, font: str) -> None:
        self._font = font
        self._process = ConfinedProcess(SECONDS, nice=10, idle_seconds=IDLE_SECONDS)

    @property
    def ready(self) -> bool:
        return bool(self._font) and not missing(self._font)

    async def pdf(self, data: str, photos: Sequence[bytes]) -> bytes:
        """``data``: as ``case.typ`` reads it, in JSON; ``photos``: JPEG.

        Raises ``ProcessEndedError``, ``ValueError``.
        """
        return await self._process.run(pdf_of, self._font, data, tuple(photos))

    def close(self) -> None:
        self._process.close()


def missing(font: str) -> str:
    """What has to be done before cases are set with ``font``; empty: nothing."""
    if not Path(font).exists():
        return f"WHISTLE_PDF_FONT names {font}, which is not there: install a font of the city's language"
    if importlib.util.find_spec("typst") is None:
        return "install the extra: pip install 'whistle[pdf]'"
    return ""


def families(font: str) -> list[str]:
    """The names of the fonts in a file or folder."""
    import typst  # an extra

    found: list[str] = typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[Path(font)]
    ).families()
    return sorted(found)


def pdf_of(font: str, data: str, photos: tuple[bytes, ...]) -> bytes:
    """Raises ``ValueError`` for what cannot be set."""
    return pages_of(font, data, photos, "pdf")[0]


def pages_of(font: str, data: str, photos: tuple[bytes, ...], format_: Literal["pdf", "png"]) -> list[bytes]:
    """The document: one for ``pdf``, one a page for ``png``. Raises ``ValueError``."""
    import typst  # an extra

    told = {"case": data, "photos": str(len(photos)), "letters": next(iter(families(font)), "")}
    with TemporaryDirectory(prefix="whistle-pdf-") as folder:
        main = Path(folder) / "main.typ"
        main.write_bytes(TEMPLATE.read_bytes())
        for number, photo in enumerate(photos):
            main.with_name(f"{number}.jpg").write_bytes(photo)
        try:
            made: bytes | list[bytes | None] = typst.compile(
                main, font_paths=[Path(font)], ignore_system_fonts=True, sys_inputs=told, format=format_
            )
        except RuntimeError as wrong:
            raise ValueError(str(wrong)) from None
    return [page for page in (made if isinstance(made, list) else [made]) if page is not None]

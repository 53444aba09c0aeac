"""``whistle city codes``: a sheet of codes to print, one for each place: who reads one with a phone is on the rider's
page with that place filled in. Local: no service is asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import urlencode

import segno

from deploy.cli.api import Failed
from deploy.cli.terminal import out
from deploy.counting import counted
from shared.city.model.ground import Place
from shared.city.problems import PackProblems
from shared.city.reading import read_folder, read_pack

CODES_MAX = 5000
PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><title>{title}</title><style>
@page {{ size: A4; margin: 10mm; }}
body {{ margin: 0; font: 12pt/1.4 system-ui, "Noto Sans CJK SC", sans-serif; color: #000; background: #fff;
  display: grid; grid-template-columns: repeat(3, 1fr); gap: 6mm; }}
figure {{ margin: 0; padding: 4mm; border: .3mm dashed #999; text-align: center; break-inside: avoid; }}
svg {{ width: 42mm; height: 42mm; }} strong {{ display: block; overflow-wrap: anywhere; }}
</style></head><body>
{codes}
</body></html>
"""
SAYS = {"zh": "扫码随手拍上报", "en": "Scan to report"}


@dataclass(frozen=True, slots=True)
class Code:
    """A place as its code says it."""

    name: str
    point: tuple[float, float] | None

    def url(self, page: str) -> str:
        at = {"at": f"{self.point[0]:.6f},{self.point[1]:.6f}"} if self.point is not None else {}
        return f"{page.rstrip('/')}/r?{urlencode({'place': self.name, **at})}"


def write(folder: Path, page: str, to: Path, kinds: frozenset[str], more: tuple[str, ...]) -> None:
    """Write the sheet of the pack's places of ``kinds`` (empty: all that have a point), and of ``more``: words such as
    the number of a lamp. ``page``: the public address. Raises ``Failed``."""
    if not page.startswith(("https://", "http://")):
        raise Failed("say the public address as people open it: --url https://…")
    try:
        pack = read_pack(read_folder(folder))
    except PackProblems as problems:
        raise Failed(f"{problems}\n`whistle city check {folder}`") from problems
    chinese = pack.city.languages[0].startswith("zh")
    found = [code for place in pack.places if not kinds or place.kind in kinds for code in codes_of(place, chinese)]
    codes = [*found, *(Code(name, None) for name in more)]
    if not codes or len(codes) > CODES_MAX:
        raise Failed(f"{counted(len(codes), 'place')}; a sheet has from 1 to {CODES_MAX}: choose by --kind")
    to.write_text(sheet(codes, page, "zh" if chinese else "en", pack.city.name), encoding="utf-8")
    out.print(f"{to}: {counted(len(codes), 'code')}; open it in a browser and print it")


def codes_of(place: Place, chinese: bool) -> Iterator[Code]:
    """The place, and each of its buildings."""
    if place.point is not None:
        yield Code(place.name, place.point)
    for number, point in place.buildings.items():
        yield Code(f"{place.name}{number}号楼" if chinese else f"{place.name} {number}", point or place.point)


def sheet(codes: list[Code], page: str, language: str, city: str) -> str:
    """The document: no script, nothing that is fetched."""
    figures = (
        f"<figure>{segno.make(code.url(page), error='m', micro=False).svg_inline(border=4, omitsize=True)}"
        f"<strong>{escape(code.name)}</strong>{SAYS[language]}</figure>"
        for code in codes
    )
    return PAGE.format(language=language, title=escape(city), codes="\n".join(figures))

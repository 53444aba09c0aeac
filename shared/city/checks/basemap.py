"""Checks the base map of ``city.yaml``: an address of tiles, and a datum in which the city can be drawn over them."""

import re
from typing import Any
from urllib.parse import urlsplit

from shared.city.checks.findings import Findings

_HOST = re.compile(r"[A-Za-z0-9.-]+(:\d{1,5})?|\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_IN_BRACES = re.compile(r"\{([^}]*)\}")
BAIDU = (
    "bd09 is Baidu's own datum, and its tiles lie on a grid of their own: no point of the city would lie where it is"
)


def check_basemap(found: Findings) -> None:
    """Check what ``kind: xyz`` needs. Without a base map nothing is needed."""
    basemap = found.entries.city.basemap

    def wrong(*place: str, says: str, hint: str = "") -> None:
        found.error_at("city.yaml", "basemap", *place, says=says, hint=hint)

    if basemap.datum == "bd09":
        wrong("datum", says=BAIDU, hint="tiles in gcj02, cgcs2000 or wgs84")
    if basemap.kind == "none":
        if basemap.url:
            wrong("url", says="kind is none: the address is not used", hint="kind: xyz")
        return
    _check_url(basemap.url, wrong)
    if basemap.datum is None:
        wrong(says="datum is missing", hint="Tianditu: cgcs2000; Gaode: gcj02; OpenStreetMap: wgs84")
    if not basemap.attribution:
        wrong(says="attribution is missing", hint="whose map it is: it stands on the map")
    if basemap.datum in ("cgcs2000", "gcj02") and not basemap.licence:
        hint = "as its publisher says, such as GS(2026)1234号"
        found.warn_at("city.yaml", "basemap", says="licence (审图号) is missing: published maps show it", hint=hint)


def _check_url(url: str, wrong: Any) -> None:
    hint = "such as https://tiles.example/{z}/{x}/{y}.png"
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("https", "http") or not _HOST.fullmatch(parts.netloc):
        wrong("url", says="is no address of a server of tiles", hint=hint)
    if sorted(_IN_BRACES.findall(url)) != ["x", "y", "z"]:
        wrong("url", says="has {z}, {x} and {y}, each once, and no other braces", hint=hint)

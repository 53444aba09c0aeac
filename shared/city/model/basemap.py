"""``basemap`` of ``city.yaml``: the map under the city's own areas, places and cases."""

from typing import Annotated, Literal

from msgspec import Meta

from shared.city.model.entry import Entry

Datum = Literal["wgs84", "cgcs2000", "gcj02", "bd09"]


class Basemap(Entry, frozen=True, kw_only=True):
    """``kind: none``: what the pack has is drawn on plain ground. ``xyz``: tiles of ``url`` with ``{z}``, ``{x}`` and
    ``{y}`` lie under it, and all is drawn in their ``datum``. ``attribution`` and ``licence``, the number of an
    approved map (审图号), stand on the map."""

    kind: Literal["none", "xyz"] = "none"
    url: Annotated[str, Meta(max_length=500)] = ""
    datum: Datum | None = None
    attribution: Annotated[str, Meta(max_length=200)] = ""
    licence: Annotated[str, Meta(max_length=60)] = ""
    max_zoom: Annotated[int, Meta(ge=1, le=22)] = 18

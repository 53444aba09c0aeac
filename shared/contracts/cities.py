"""Events of city packs."""

import msgspec

TOPIC = "cities"


class CityLoaded(msgspec.Struct, frozen=True, kw_only=True):
    """``city.loaded.v1``: from here on this version of the pack holds."""

    city: str
    version: str

"""Events of city packs."""

import msgspec

TOPIC = "cities"


class CityLoaded(msgspec.Struct, frozen=True, kw_only=True):
    """``city.loaded.v1``: this version is the city's current pack from now on."""

    city: str
    version: str

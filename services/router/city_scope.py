"""Which city's pack a call is about: the token's own, or for a token that opens several, the one that is named."""

from shared.city.pack import Pack
from shared.kernel.errors import FieldError, invalid, not_found
from shared.runtime.identity.directory import EVERY_CITY, Principal
from shared.runtime.pack_library import PackLibrary


def pack_for(principal: Principal, packs: PackLibrary, city: str | None) -> Pack:
    """Raises ``Refusal``: 422 when a city must be named or is not the caller's, 503 where it has no pack yet."""
    if principal.city != EVERY_CITY:
        if city not in (None, principal.city):
            raise invalid(FieldError("?city", "is not yours: leave it out"))
        return packs.current(principal.city)
    cities = packs.cities
    if city is None and len(cities) == 1:
        city = next(iter(cities))
    if city is None:
        raise invalid(FieldError("?city", "is required with a token that opens several cities"))
    if cities and city not in cities:
        raise invalid(FieldError("?city", "is no city here"))
    return packs.current(city)


def city_named(packs: PackLibrary, named: str | None) -> str:
    """The city that a body names; the only one that is loaded, where it names none. Raises ``Refusal`` 404, 422."""
    cities = packs.cities
    if named is not None:
        if named not in cities:
            raise not_found("city")
        return named
    if len(cities) != 1:
        raise invalid(FieldError("/city", "is required where several cities are loaded"))
    return next(iter(cities))

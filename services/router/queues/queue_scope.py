"""Which queues somebody may read: that of his unit, and of units below."""

from services.router.city_scope import pack_for
from shared.city.pack import Pack
from shared.kernel.errors import not_found
from shared.runtime.http_server.route import Call
from shared.runtime.identity.directory import Principal
from shared.runtime.pack_library import PackLibrary


def in_subtree(who: Principal, unit: str, pack: Pack) -> bool:
    """Whether ``unit`` lies in the caller's subtree, or in that of a unit for which he is on duty."""
    found = pack.units.get(unit)
    return found is not None and (who.unit is None or any(own in found.path for own in who.units))


def queue_of(call: Call, packs: PackLibrary, city: str | None) -> tuple[Pack, str]:
    """The pack, and the unit in the path. Raises ``Refusal`` 404 if it does not lie in the caller's subtree."""
    pack = pack_for(call.principal, packs, city)
    unit = call.path["unit"]
    if not in_subtree(call.principal, unit, pack):
        raise not_found("queue")
    return pack, unit

"""``/v1/names``: the names of people, units and reasons of which a page knows the ids, from the city's pack."""

from typing import Annotated

import msgspec

from services.router.city_scope import pack_for
from shared.city.level_words import level_words
from shared.city.pack import Pack
from shared.kernel.errors import FieldError, invalid
from shared.runtime.http_server.field_types import Ident
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.pack_library import PackLibrary

IDS_MAX = 60
_Ids = Annotated[str, msgspec.Meta(max_length=4000)]


class NamesQuery(msgspec.Struct, forbid_unknown_fields=True):
    """Ids, separated by commas, at most sixty of each kind. ``reasons``: to pause a clock."""

    people: _Ids = ""
    units: _Ids = ""
    reasons: _Ids = ""
    city: Ident | None = None


class NameEntry(msgspec.Struct, frozen=True, kw_only=True):
    """``name_en``: empty where the pack has none."""

    name: str
    name_en: str


class UnitEntry(NameEntry, frozen=True, kw_only=True):
    """``level``, ``level_en``: what its level is called in Chinese and English."""

    level: str
    level_en: str


class PersonEntry(NameEntry, frozen=True, kw_only=True):
    """``unit``: with its names, of a person of the pack; ``role``: as in ``posts.yaml``."""

    unit: UnitEntry
    role: str


class NamesAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """By id; what the pack does not have (any more) is left out. ``timezone``: the city's (IANA)."""

    timezone: str
    people: dict[str, PersonEntry]
    units: dict[str, UnitEntry]
    reasons: dict[str, NameEntry]


class Names:
    """The route. Whoever works in a city may read the names of those who do; nobody can list them by it."""

    def __init__(self, packs: PackLibrary) -> None:
        self._packs = packs

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/names",
                self.names,
                "Names of people, units and reasons, by id",
                roles=frozenset({"officer", "ops"}),
                query=NamesQuery,
                answers={200: NamesAnswer},
            )
        ]

    async def names(self, call: Call) -> Answer:
        query = call.query_as(NamesQuery)
        pack = pack_for(call.principal, self._packs, query.city)
        people, units, reasons = (_ids(name, getattr(query, name)) for name in ("people", "units", "reasons"))
        return Answer(
            NamesAnswer(
                timezone=pack.city.timezone,
                people={id_: _person(pack, id_) for id_ in people if id_ in pack.people},
                units={id_: _unit(pack, id_) for id_ in units if id_ in pack.units},
                reasons={code: _reason(pack, code) for code in reasons if code in pack.pause_reasons},
            )
        )


def _ids(parameter: str, given: str) -> list[str]:
    """Each once. Raises ``Refusal`` 422."""
    ids = [id_ for id_ in dict.fromkeys(given.split(",")) if id_]
    if len(ids) > IDS_MAX:
        raise invalid(FieldError(f"?{parameter}", f"at most {IDS_MAX} at once"))
    return ids


def _unit(pack: Pack, id_: str) -> UnitEntry:
    unit, (level, level_en) = pack.units[id_], level_words(pack, id_)
    return UnitEntry(name=unit.name, name_en=unit.name_en, level=level, level_en=level_en)


def _person(pack: Pack, id_: str) -> PersonEntry:
    person = pack.people[id_]
    return PersonEntry(name=person.name, name_en=person.name_en, unit=_unit(pack, person.unit), role=person.role)


def _reason(pack: Pack, code: str) -> NameEntry:
    reason = pack.pause_reasons[code]
    return NameEntry(name=reason.name, name_en=reason.name_en)

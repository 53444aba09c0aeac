"""``/v1/dev/people`` and ``/v1/dev/sessions``: development only: the console signs in as anybody of the packs.

The routes are not there unless the installation allows development tokens, and only services may call them.
"""

from typing import Annotated

import msgspec

from services.router.sign_in.bodies import DEVICE_MAX, UNSTORED, CityId, OpenedSession, PersonId
from shared.kernel.clock import Clock
from shared.kernel.errors import not_found
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.identity.sessions import Sessions
from shared.runtime.pack_library import PackLibrary

SERVICE = frozenset({"service"})


class DevelopmentSessionBody(msgspec.Struct, forbid_unknown_fields=True):
    city: CityId
    person: PersonId


class PersonOfPack(msgspec.Struct, kw_only=True):
    city: str
    person: str
    name: str
    unit_name: str
    role: str
    offices: list[str]


class PeopleOfPacks(msgspec.Struct):
    """By city, then as the tree of units."""

    items: Annotated[list[PersonOfPack], msgspec.Meta(max_length=20_000)]


class DevelopmentSessions:
    """The routes."""

    def __init__(self, sessions: Sessions, packs: PackLibrary, clock: Clock) -> None:
        self._sessions = sessions
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            get(
                "/v1/dev/people",
                self.people,
                "Development: everybody of the packs",
                roles=SERVICE,
                answers={200: PeopleOfPacks},
            ),
            post(
                "/v1/dev/sessions",
                self.open,
                "Development: sign in as anybody",
                roles=SERVICE,
                body=DevelopmentSessionBody,
                answers={201: OpenedSession, 404: None},
            ),
        ]

    async def people(self, _: Call) -> Answer:
        return Answer(PeopleOfPacks([one for city in sorted(self._packs.cities) for one in self._of(city)]))

    def _of(self, city: str) -> list[PersonOfPack]:
        pack = self._packs.current(city)
        offices = pack.city.administrators
        return [
            PersonOfPack(
                city=city,
                person=one.id,
                name=one.name,
                unit_name=pack.units[one.unit].name,
                role=one.role,
                offices=[name for name in ("ops", "setup", "auditor") if one.id in getattr(offices, name)],
            )
            for one in sorted(pack.people.values(), key=lambda one: (len(pack.units[one.unit].path), one.unit))
        ]

    async def open(self, call: Call) -> Answer:
        body = call.body_as(DevelopmentSessionBody)
        if body.city not in self._packs.cities or body.person not in self._packs.current(body.city).people:
            raise not_found("person")
        device, now = call.request.headers.get("user-agent", "")[:DEVICE_MAX], self._clock.now()
        token, session = await self._sessions.open(
            body.city, body.person, device, now, by="development", confirmed=True
        )
        return Answer(OpenedSession.of(token, session, ""), 201, UNSTORED)

"""What the services tell about duty: rosters, swaps and leave, mutes, a person's own rules and test alerts."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from services.console.router_client import Services
from shared.kernel.errors import Refusal

NOWHERE = "nowhere"
"""The reason of a refusal: the words name no single place."""


class DutyPerson(msgspec.Struct, frozen=True):
    """``channels``: the kinds over which somebody is reached beside the inbox."""

    id: str
    name: str
    name_en: str = ""
    unit: str = ""
    role: str = ""
    channels: tuple[str, ...] = ()


class Turn(msgspec.Struct, frozen=True):
    start: datetime
    end: datetime
    person: str
    why: str
    instead_of: str | None = None
    on: date | None = None


class LeftTurn(msgspec.Struct, frozen=True):
    person: str
    on: date


class Vacancy(msgspec.Struct, frozen=True):
    start: datetime
    end: datetime
    left: tuple[LeftTurn, ...] = ()


class PostRoster(msgspec.Struct, frozen=True):
    post: str | None
    turns: tuple[Turn, ...] = ()
    vacancies: tuple[Vacancy, ...] = ()


class Roster(msgspec.Struct, frozen=True):
    """Of one unit, from midnight until midnight of the city."""

    unit: str
    start: datetime
    end: datetime
    may_change: bool = False
    posts: tuple[PostRoster, ...] = ()
    people: tuple[DutyPerson, ...] = ()


class Unstaffed(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    post: str
    from_: datetime
    until: datetime


class Change(msgspec.Struct, frozen=True):
    """A swap or a leave. ``unstaffed``: when nobody holds a post because of it."""

    kind: str
    person: str
    by: str | None = None
    on: date | None = None
    in_return: date | None = None
    start: datetime | None = None
    until: datetime | None = None
    made_by: str = ""
    unstaffed: tuple[Unstaffed, ...] = ()


class _Changes(msgspec.Struct):
    items: list[Change] = []


class Around(msgspec.Struct, frozen=True):
    metres: int
    place: str = ""


class Silence(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """``around``: a muted place; without it the whole ground of the unit."""

    id: str
    unit: str
    until: datetime
    reason: str
    by: str
    from_: datetime | None = None
    categories: tuple[str, ...] = ()
    around: Around | None = None


class _Silences(msgspec.Struct):
    items: list[Silence] = []


class ChannelProgress(msgspec.Struct, frozen=True):
    channel: str
    state: str = ""


class TestAlert(msgspec.Struct, frozen=True):
    at: datetime
    channels: tuple[ChannelProgress, ...] = ()


class _TestAlerts(msgspec.Struct):
    items: list[TestAlert] = []


class ChannelRule(msgspec.Struct, omit_defaults=True):
    channel: str
    after: str = "PT0S"
    priorities: list[str] = []


class Quiet(msgspec.Struct, rename={"from_": "from"}):
    from_: str
    to: str


class PageLimit(msgspec.Struct):
    most: int
    per: str = "PT1H"


class Rules(msgspec.Struct, omit_defaults=True):
    """How a person wishes to be told beside the inbox."""

    channels: list[ChannelRule] = []
    quiet: list[Quiet] = []
    limit: PageLimit | None = None


class _Calendar(msgspec.Struct):
    url: str


class _Place(msgspec.Struct):
    name: str


class _Places(msgspec.Struct):
    places: list[_Place] = []


class _Found(msgspec.Struct):
    place: str | None = None
    lon: float | None = None
    lat: float | None = None


class DutyCalls:
    """All methods raise ``Refusal``; what only adds to the page is left out where a service does not answer."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def roster(self, token: str, unit: str, first: date | None = None, days: int = 7) -> Roster:
        since = f"&from={first.isoformat()}" if first is not None else ""
        path = f"/v1/units/{quote(unit, safe='')}/roster?days={days}{since}"
        return await self._services.ask("router", "GET", path, Roster, token)

    async def above(self, token: str, units: Sequence[str], day: date) -> list[Roster]:
        """Who is on at the levels above on that day."""
        found = await asyncio.gather(*(self._maybe(self.roster(token, unit, day, 1)) for unit in units))
        return [one for one in found if one is not None]

    async def changes(self, token: str) -> list[Change]:
        return (await self._services.ask("router", "GET", "/v1/rota", _Changes, token)).items

    async def enter(self, token: str, kind: str, body: Mapping[str, object], key: str) -> Change:
        """``kind``: ``swaps`` or ``leave``."""
        return await self._services.ask(
            "router", "POST", f"/v1/rota/{kind}", Change, token, json=body, headers=_of(key)
        )

    async def silences(self, token: str) -> list[Silence]:
        return (await self._services.ask("notifier", "GET", "/v1/silences", _Silences, token)).items

    async def mute(self, token: str, words: str, body: dict[str, Any], key: str) -> Silence:
        """The place that ``words`` name, with ``body`` of the silence. Raises ``Refusal`` 422 ``NOWHERE`` for none."""
        asked = {"text": "", "address": words}
        found = await self._services.ask("router", "POST", "/v1/cases:suggest", _Found, token, json=asked)
        if found.lon is None or found.lat is None:
            raise Refusal(422, NOWHERE, "The words name no single place.", extra={"reason": NOWHERE})
        there = {"lon": found.lon, "lat": found.lat, "crs": "wgs84", "metres": body.pop("metres"), "place": words}
        made = {**body, "around": there}
        return await self._services.ask("notifier", "POST", "/v1/silences", Silence, token, json=made, headers=_of(key))

    async def end_mute(self, token: str, id_: str, key: str) -> None:
        path = f"/v1/silences/{quote(id_, safe='')}/end"
        await self._services.answer("notifier", "POST", path, token, json={}, headers=_of(key))

    async def places(self, token: str, unit: str) -> list[str]:
        """Names of places on the unit's ground, to choose from."""
        path = f"/v1/units/{quote(unit, safe='')}/geometry?places=true&simplify=1000"
        try:
            return [one.name for one in (await self._services.ask("router", "GET", path, _Places, token)).places]
        except Refusal:
            return []

    async def calendar(self, token: str, key: str) -> str:
        """The address of one's own duty calendar."""
        return (
            await self._services.ask("notifier", "POST", "/v1/me/calendar", _Calendar, token, json={}, headers=_of(key))
        ).url

    async def end_calendar(self, token: str, key: str) -> None:
        await self._services.answer("notifier", "POST", "/v1/me/calendar:revoke", token, json={}, headers=_of(key))

    async def test(self, token: str, key: str) -> None:
        await self._services.answer("notifier", "POST", "/v1/me/test-alert", token, json={}, headers=_of(key))

    async def tested(self, token: str) -> TestAlert | None:
        """The last test alert, and how far it came over each channel."""
        found = await self._services.ask("notifier", "GET", "/v1/alerts?state=test&limit=1", _TestAlerts, token)
        return next(iter(found.items), None)

    async def rules(self, token: str) -> Rules:
        return await self._services.ask("notifier", "GET", "/v1/me/alert-rules", Rules, token)

    async def put_rules(self, token: str, rules: Rules) -> None:
        body = msgspec.to_builtins(rules)
        await self._services.answer("notifier", "PUT", "/v1/me/alert-rules", token, json=body)

    @staticmethod
    async def _maybe(asked: Awaitable[Roster]) -> Roster | None:
        try:
            return await asked
        except Refusal:
            return None


def _of(key: str) -> dict[str, str]:
    return {"idempotency-key": key}

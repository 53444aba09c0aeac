"""Calls about walls: what a screen shows, and the keys of screens."""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from services.console.map.calls import MapCalls, MapGround, MapPoints
from services.console.router_client import Services
from shared.kernel.errors import Refusal

PAGE, PAGES_MAX = 200, 50
"""Ten thousand living keys: five hundred units with as many as they may have."""
REVOKED_MAX = 20
GROUND_KEPT = timedelta(minutes=5)
SCREENS_MAX = 64


class Asks(NamedTuple):
    """Who asks about keys, and in which office; empty: as the supervisor of a unit."""

    token: str
    office: str

    @property
    def headers(self) -> dict[str, str]:
        return {"whistle-office": self.office} if self.office else {}


class Today(msgspec.Struct, frozen=True):
    opened: int = 0
    acknowledged: int = 0
    resolved: int = 0
    breached: int = 0
    patrol: int = 0


class Counts(msgspec.Struct, frozen=True):
    """``now``: the server's time."""

    now: datetime
    open: int = 0
    overdue: int = 0
    due_soon: int = 0
    by_priority: dict[str, int] = {}
    at_least: bool = False


class Below(msgspec.Struct, frozen=True):
    id: str
    open: int = 0
    overdue: int = 0
    due_soon: int = 0


class Oldest(msgspec.Struct, frozen=True):
    """No word of the case: ``place`` is the pack's, None of what is confidential or sensitive."""

    id: str
    category_name: str
    priority: str
    state: str
    unit_name: str
    opened_at: datetime
    due_at: datetime | None = None
    place: str | None = None
    category_name_en: str = ""
    unit_name_en: str = ""


class Wall(msgspec.Struct, frozen=True):
    """What the screen of a unit shows."""

    unit: str
    unit_name: str
    timezone: str
    today: Today
    counts: Counts
    unit_name_en: str = ""
    below: tuple[Below, ...] = ()
    oldest: tuple[Oldest, ...] = ()
    points: MapPoints = MapPoints()


class WallKey(msgspec.Struct, frozen=True):
    """A key that was made; ``key`` is shown this once."""

    unit: str
    name: str
    key: str


class KnownKey(msgspec.Struct, frozen=True):
    id: str
    unit: str
    name: str
    created_at: datetime
    made_by: str
    revoked_at: datetime | None = None
    stopped: bool = False
    """Not revoked, but who made it has left, or may make it no more."""


class _Keys(msgspec.Struct, frozen=True):
    items: tuple[KnownKey, ...] = ()
    next: str | None = None


class WallCalls:
    """All methods raise ``Refusal``."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._maps = MapCalls(services)
        self._grounds: OrderedDict[str, tuple[datetime, MapGround]] = OrderedDict()

    async def wall(self, key: str) -> Wall:
        return await self._services.ask_router("GET", "/v1/wall", Wall, key)

    async def ground(self, key: str, wall: Wall) -> MapGround:
        """WGS-84: a wall draws on no tiles. It is asked for anew every five minutes."""
        now = wall.counts.now
        asked, ground = self._grounds.get(key, (None, None))
        if asked is None or ground is None or not timedelta(0) <= now - asked < GROUND_KEPT:
            ground = await self._maps.ground(key, wall.unit, places=False, metres=20, crs="wgs84")
            self._grounds[key] = (now, ground)
            while len(self._grounds) > SCREENS_MAX:
                self._grounds.popitem(last=False)
        return ground

    async def keys(self, asks: Asks) -> list[KnownKey]:
        """Those of the units for which somebody may make keys, newest first: all that live, then some revoked ones."""
        found, cursor = list[KnownKey](), ""
        for _ in range(PAGES_MAX):
            living = await self._page(asks, f"living=true&limit={PAGE}{cursor}")
            found += living.items
            if living.next is None:
                break
            cursor = f"&cursor={quote(living.next, safe='')}"
        return [*found, *(await self._page(asks, f"living=false&limit={REVOKED_MAX}")).items]

    async def _page(self, asks: Asks, query: str) -> _Keys:
        return await self._services.ask_router("GET", f"/v1/walls?{query}", _Keys, asks.token, headers=asks.headers)

    async def make(self, asks: Asks, name: str, unit: str) -> WallKey:
        body = {"name": name, "unit": unit}
        return await self._services.ask_router(
            "POST", "/v1/walls", WallKey, asks.token, json=body, headers=asks.headers
        )

    async def revoke(self, asks: Asks, id_: str) -> None:
        """Nothing happens where there is no such key."""
        try:
            await self._services.answer(
                "router", "POST", "/v1/walls:revoke", asks.token, json={"id": id_}, headers=asks.headers
            )
        except Refusal as refusal:
            if refusal.status != 404:
                raise

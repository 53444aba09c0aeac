"""Calls for the rider's page: with the session of a rider, or with the key of the installation's own rider app."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec

from services.console.router_client import Services
from shared.kernel.errors import Refusal
from shared.kernel.ids import plain_id

T = TypeVar("T")
REPORTS_MAX = 50
DATA_PAGES_MAX = 200
"""Pages of fifty reports that "my data" has at most."""


class RiderCategory(msgspec.Struct, frozen=True):
    """A kind of matter, with what to do until help comes, and whom to call first."""

    code: str
    name: str
    name_en: str = ""
    priority: str = ""
    advice: str = ""
    advice_en: str = ""
    emergency: str = ""
    emergency_en: str = ""
    elsewhere: str | None = None
    questions: dict[str, Any] = {}


class City(msgspec.Struct, frozen=True):
    """Who keeps a report, how long, and whom to ask."""

    name: str
    name_en: str
    unit: str
    unit_en: str
    contact: str
    retention: dict[str, str]
    timezone: str
    now: datetime


class Elsewhere(msgspec.Struct, frozen=True):
    """Who deals with what is not dealt with here, and how to reach them."""

    id: str
    name: str
    text: str
    text_en: str = ""


class RiderCategories(msgspec.Struct, frozen=True):
    items: list[RiderCategory]
    city: City
    elsewhere: list[Elsewhere] = []
    notice: str | None = None


class NamedPlace(msgspec.Struct, frozen=True):
    name: str
    lon: float
    lat: float
    name_en: str = ""


class Surroundings(msgspec.Struct, frozen=True):
    """The named places around a point (WGS-84), nearest first; ``near``: the point in words."""

    lon: float
    lat: float
    places: list[NamedPlace]
    near: str | None = None
    near_en: str | None = None


class Sent(msgspec.Struct, frozen=True):
    """The receipt. ``status``: ``elsewhere`` where nothing was stored."""

    status: str
    id: str = ""
    advice: str | None = None
    emergency: str | None = None
    elsewhere: Elsewhere | None = None


class Step(msgspec.Struct, frozen=True):
    at: datetime
    text: str | None = None


class Clock(msgspec.Struct, frozen=True):
    kind: str
    due_at: datetime
    state: str
    met_at: datetime | None = None
    superseded_at: datetime | None = None


class Case(msgspec.Struct, frozen=True):
    state: str
    category: str = ""
    clocks: list[Clock] = []


class Question(msgspec.Struct, frozen=True):
    text: str
    until: datetime
    link: str | None = None


class Outcome(msgspec.Struct, frozen=True):
    at: datetime
    words: str | None = None
    links: list[str] = []


class Objection(msgspec.Struct, frozen=True):
    until: datetime
    text: str


class Unit(msgspec.Struct, frozen=True):
    name: str


class Report(msgspec.Struct, frozen=True):
    """What the reporter reads of his report."""

    id: str
    status: str
    status_text: str
    received_at: datetime
    description: str
    photos: list[str]
    steps: list[Step]
    answers: dict[str, str | float | bool] = {}
    unit: Unit | None = None
    case: Case | None = None
    question: Question | None = None
    message: str | None = None
    outcome: Outcome | None = None
    objection: Objection | None = None
    rating: int | None = None
    emergency: str | None = None
    withdrawn: bool = False
    confidential: bool = False


class Reports(msgspec.Struct, frozen=True):
    items: list[Report]
    next: str | None = None


class _Link(msgspec.Struct):
    url: str


class _Opened(msgspec.Struct):
    token: str


class _Id(msgspec.Struct):
    id: str


class _Anything(msgspec.Struct):
    pass


class _Data(msgspec.Struct):
    items: list[dict[str, Any]]
    next: str | None = None
    person: dict[str, Any] = {}
    reporter: str = ""
    app: str = ""


class RiderServices:
    """All methods raise ``Refusal``, as those of ``Services``. ``key``: of the installation's own app; None: none."""

    def __init__(self, services: Services, key: Callable[[], Awaitable[str]]) -> None:
        self._services = services
        self.key = key

    async def open_link(self, link: str) -> str:
        """The session that an address opens, once."""
        path = f"/v1/rider-sessions/{quote(link, safe='')}:open"
        return (await self._services.ask("router", "POST", path, _Opened, "")).token

    async def open_device(self, device: str) -> str:
        """A session of this browser, as a reporter of the installation's own app. 403 where there is no such app."""
        key = await self.key()
        if not key:
            raise Refusal(403, "forbidden", "Riders come from an app here.", extra={"reason": "no-device"})
        body = {"reporter": {"ref": f"device-{device}"}}
        made = await self._services.ask("router", "POST", "/v1/rider-sessions", _Link, key, json=body)
        return await self.open_link(made.url.rpartition("/")[2])

    async def categories(self, token: str) -> RiderCategories:
        return await self._services.ask("intake", "GET", "/v1/categories", RiderCategories, token)

    async def surroundings(self, token: str, point: tuple[str, str] | None, words: str, across: int) -> Surroundings:
        """What is around a point, or around the place that words name; ``across``: metres that are shown."""
        query = {"lon": point[0], "lat": point[1]} if point is not None else {"text": words} if words else {}
        path = f"/v1/surroundings?{urlencode({**query, 'radius': min(2000, across)})}"
        return await self._services.ask("intake", "GET", path, Surroundings, token)

    async def send_photo(self, token: str, content: bytes, key: str) -> str:
        """The id of a photo; the same ``key`` is the same photo."""
        headers = {"idempotency-key": plain_id("rider-photo", key), "content-type": "application/octet-stream"}
        sent = await self._services.ask("intake", "POST", "/v1/photos", _Id, token, content=content, headers=headers)
        return sent.id

    async def send(self, token: str, body: dict[str, Any], key: str) -> Sent:
        return await self._post(token, "", body, key, Sent)

    async def add(self, token: str, report: str, body: dict[str, Any], key: str) -> None:
        await self._post(token, f"/{quote(report, safe='')}/additions", body, key, _Anything)

    async def rate(self, token: str, report: str, body: dict[str, Any], key: str) -> None:
        await self._post(token, f"/{quote(report, safe='')}/rating", body, key, _Anything)

    async def withdraw(self, token: str, report: str, body: dict[str, Any], key: str) -> None:
        await self._post(token, f"/{quote(report, safe='')}/withdraw", body, key, _Anything)

    async def report(self, token: str, report: str) -> Report:
        return await self._services.ask("intake", "GET", f"/v1/reports/{quote(report, safe='')}", Report, token)

    async def reports(self, token: str, cursor: str = "") -> Reports:
        path = f"/v1/reports?limit={REPORTS_MAX}" + (f"&cursor={quote(cursor, safe='')}" if cursor else "")
        return await self._services.ask("intake", "GET", path, Reports, token)

    async def photo(self, token: str, photo: str) -> bytes:
        return await self._services.thumb(token, photo)

    async def my_data(self, token: str) -> dict[str, Any]:
        """Everything that is kept of the rider, all pages in one."""
        found: dict[str, Any] = {}
        cursor = ""
        for _ in range(DATA_PAGES_MAX):
            query = f"?cursor={quote(cursor, safe='')}" if cursor else ""
            page = await self._services.ask("intake", "GET", f"/v1/my-data{query}", _Data, token)
            found = found or {"app": page.app, "reporter": page.reporter, "person": page.person, "items": []}
            found["items"] += page.items
            if page.next is None:
                break
            cursor = page.next
        return found

    async def erase(self, token: str, key: str) -> None:
        headers = {"idempotency-key": key}
        await self._services.ask("intake", "POST", "/v1/my-data:erase", _Anything, token, json={}, headers=headers)

    async def _post(self, token: str, path: str, body: dict[str, Any], key: str, shape: type[T]) -> T:
        headers = {"idempotency-key": key}
        return await self._services.ask(
            "intake", "POST", f"/v1/reports{path}", shape, token, json=body, headers=headers
        )

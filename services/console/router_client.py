"""Calls to the router, and to intake for the names of categories, with the officer's own session token."""

import asyncio
from datetime import datetime
from typing import Any, TypeVar

import httpx
import msgspec

from shared.kernel.errors import Refusal, unavailable

T = TypeVar("T")
WORK_MAX = 50


class Problem(msgspec.Struct):
    """What a page needs of a problem document (RFC 9457)."""

    type: str = ""
    detail: str = ""
    errors: list[dict[str, str]] = []

    @property
    def kind(self) -> str:
        return self.type.rpartition(":")[2]


class Opened(msgspec.Struct):
    token: str
    city: str


class Offer(msgspec.Struct):
    """An open invitation."""

    city: str
    person: str
    name: str
    unit_name: str
    totp_uri: str


class Me(msgspec.Struct):
    """Who is signed in; ``now``: the installation's time."""

    city: str
    person: str
    unit: str
    now: datetime


class City(msgspec.Struct):
    city: str
    name: str


class Unit(msgspec.Struct):
    id: str
    name: str
    name_en: str = ""


class Row(msgspec.Struct):
    """A case of a queue."""

    id: str
    state: str
    priority: str
    category: str | None
    place: str | None
    summary: str
    due_at: datetime | None
    assignee: str | None = None


class Work(msgspec.Struct):
    items: list[Row]
    next: str | None = None


class Category(msgspec.Struct):
    code: str
    name: str
    name_en: str = ""


class _Categories(msgspec.Struct):
    items: list[Category]


class Services:
    """All methods raise ``Refusal``: the service's own, or 503 when it does not answer."""

    def __init__(self, router: httpx.AsyncClient, intake: httpx.AsyncClient, notifier: httpx.AsyncClient) -> None:
        self._router = router
        self._intake = intake
        self._notifier = notifier

    async def sign_in(self, body: dict[str, str], headers: dict[str, str]) -> Opened:
        return await self._ask(self._router, "POST", "/v1/sessions", Opened, json=body, headers=headers)

    async def sign_out(self, token: str) -> None:
        """End the session; nothing happens when it has ended already."""
        mine = await self._ask(self._router, "GET", "/v1/me", _Session, token)
        await self._ask(self._router, "DELETE", f"/v1/sessions/{mine.session}", None, token)

    async def offer(self, invitation: str) -> Offer:
        return await self._ask(self._router, "GET", f"/v1/invitations/{invitation}", Offer)

    async def accept(self, invitation: str, body: dict[str, str], headers: dict[str, str]) -> None:
        await self._ask(self._router, "POST", f"/v1/invitations/{invitation}:accept", None, json=body, headers=headers)

    async def me(self, token: str) -> Me:
        return await self._ask(self._router, "GET", "/v1/me", Me, token)

    async def unit(self, token: str, unit: str) -> Unit:
        return await self._ask(self._router, "GET", f"/v1/units/{unit}", Unit, token)

    async def work(self, token: str, unit: str, *, mine: bool) -> Work:
        """The most pressing cases of a unit's queue; ``mine``: of those that the officer has himself."""
        query = f"limit={WORK_MAX}&mine={'true' if mine else 'false'}"
        return await self._ask(self._router, "GET", f"/v1/queues/{unit}/cases?{query}", Work, token)

    async def categories(self, token: str) -> dict[str, Category]:
        found = await self._ask(self._intake, "GET", "/v1/categories", _Categories, token)
        return {category.code: category for category in found.items}

    async def readiness(self) -> tuple[dict[str, str], dict[str, str]]:
        """City → version of its pack that holds, and service → why it is not ready. Raises nothing."""
        asked = {"router": self._router, "intake": self._intake, "notifier": self._notifier}
        found = dict(zip(asked, await asyncio.gather(*map(_ready, asked.values())), strict=True))
        return found["router"].cities, {name: one.why for name, one in found.items() if one.why}

    async def _ask(
        self, service: httpx.AsyncClient, method: str, path: str, shape: type[T] | None, token: str = "", **more: Any
    ) -> T:
        headers = {**more.pop("headers", {}), **({"authorization": f"Bearer {token}"} if token else {})}
        try:
            answer = await service.request(method, path, headers=headers, **more)
        except httpx.HTTPError as away:
            raise unavailable("The service does not answer.") from away
        if not answer.is_success:
            raise _refusal(answer)
        return msgspec.json.decode(answer.content, type=shape) if shape is not None else None  # type: ignore[return-value]


class _Ready(msgspec.Struct):
    """What ``/readyz`` of a service answers. ``reasons``: check → what is wrong."""

    status: str = ""
    cities: dict[str, str] = {}
    reasons: dict[str, str] = {}

    @property
    def why(self) -> str:
        """Why it is not ready; empty when it is."""
        if self.status == "ready":
            return ""
        return "; ".join(f"{name}: {reason}" for name, reason in self.reasons.items()) or "does not say that it is"


class _Session(msgspec.Struct):
    session: str


async def _ready(service: httpx.AsyncClient) -> _Ready:
    try:
        return msgspec.json.decode((await service.get("/readyz")).content, type=_Ready)
    except httpx.HTTPError:
        return _Ready(reasons={"http": "does not answer"})
    except msgspec.DecodeError:
        return _Ready()


def _refusal(answer: httpx.Response) -> Refusal:
    try:
        problem = msgspec.json.decode(answer.content, type=Problem)
    except msgspec.DecodeError:
        problem = Problem()
    wait = answer.headers.get("retry-after", "")
    return Refusal(
        answer.status_code,
        problem.kind or "refused",
        problem.errors[0].get("pointer", "") if problem.errors else problem.detail,
        retry_after=int(wait) if wait.isdigit() else None,
    )

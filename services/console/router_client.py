"""Calls to the router, and to intake for the names of categories, with the officer's own session token."""

import asyncio
import hashlib
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from shared.case_page.case_answer import CaseSeen, seen
from shared.kernel.errors import FieldError, Refusal, unavailable
from shared.kernel.ids import plain_id
from shared.kernel.vocabulary import AfterPhoto

T = TypeVar("T")
WORK_MAX = 50


class Problem(msgspec.Struct):
    """What a page needs of a problem document (RFC 9457)."""

    type: str = ""
    detail: str = ""
    errors: list[dict[str, str]] = []
    reason: str = ""

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
    on_duty_for: tuple[str, ...] = ()


class City(msgspec.Struct):
    city: str
    name: str


class Unit(msgspec.Struct):
    """``path``: from the root down to it."""

    id: str
    name: str
    name_en: str = ""
    path: tuple[str, ...] = ()


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
    after_photo: AfterPhoto = "asked"


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

    async def case(self, token: str, case: str) -> CaseSeen:
        return _seen(await self._answer(self._router, "GET", f"/v1/cases/{quote(case, safe='')}", token))

    async def command(
        self, token: str, case: str, command: str, body: dict[str, Any], *, key: str, if_match: str | None
    ) -> CaseSeen | None:
        """The case after an officer's command; None where a repeat was answered, which tells of before."""
        headers = {"idempotency-key": key, **({"if-match": f'"{if_match}"'} if if_match is not None else {})}
        path = f"/v1/cases/{quote(case, safe='')}/{command}"
        answer = await self._answer(self._router, "POST", path, token, json=body, headers=headers)
        return None if "idempotent-replayed" in answer.headers else _seen(answer)

    async def send_photo(self, token: str, content: bytes, key: str) -> str:
        """The id of a photo; the same bytes under the same ``key`` are one."""
        own = plain_id("photo", key, hashlib.sha256(content).hexdigest())
        headers = {"idempotency-key": own, "content-type": "application/octet-stream"}
        sent = await self._ask(self._intake, "POST", "/v1/photos", _Photo, token, content=content, headers=headers)
        return sent.id

    async def thumb(self, token: str, photo: str) -> bytes:
        """A clean photo, small, as JPEG."""
        return (
            await self._answer(self._intake, "GET", f"/v1/photos/{quote(photo, safe='')}?size=thumb", token)
        ).content

    async def readiness(self) -> tuple[dict[str, str], dict[str, str]]:
        """City → version of its pack that holds, and service → why it is not ready. Raises nothing."""
        asked = {"router": self._router, "intake": self._intake, "notifier": self._notifier}
        found = dict(zip(asked, await asyncio.gather(*map(_ready, asked.values())), strict=True))
        return found["router"].cities, {name: one.why for name, one in found.items() if one.why}

    async def _ask(
        self, service: httpx.AsyncClient, method: str, path: str, shape: type[T] | None, token: str = "", **more: Any
    ) -> T:
        answer = await self._answer(service, method, path, token, **more)
        return msgspec.json.decode(answer.content, type=shape) if shape is not None else None  # type: ignore[return-value]

    async def _answer(
        self, service: httpx.AsyncClient, method: str, path: str, token: str = "", **more: Any
    ) -> httpx.Response:
        headers = {**more.pop("headers", {}), **({"authorization": f"Bearer {token}"} if token else {})}
        try:
            answer = await service.request(method, path, headers=headers, **more)
        except httpx.HTTPError as away:
            raise unavailable("The service does not answer.") from away
        if not answer.is_success:
            raise _refusal(answer)
        return answer


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


class _Photo(msgspec.Struct):
    id: str


def _seen(answer: httpx.Response) -> CaseSeen:
    try:
        return seen(answer.content, answer.headers.get("etag", ""))
    except msgspec.DecodeError as wrong:
        raise unavailable("The service's answer cannot be read.") from wrong


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
        tuple(FieldError(error.get("pointer", ""), error.get("detail", "")) for error in problem.errors),
        retry_after=int(wait) if wait.isdigit() else None,
        extra={"reason": problem.reason} if problem.reason else {},
    )

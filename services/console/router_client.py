"""Calls to the router, and to intake for the names of categories, with the officer's own session token."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from services.console.service_paths import ServiceName
from shared.kernel.errors import FieldError, Refusal, unavailable
from shared.kernel.ids import plain_id
from shared.kernel.vocabulary import AfterPhoto
from shared.operations.undone import Waiting

T = TypeVar("T")
NAMES_MAX = 60
NAMES_CALLS_MAX = 10


class Problem(msgspec.Struct):
    """What a page needs of a problem document (RFC 9457)."""

    type: str = ""
    detail: str = ""
    errors: list[dict[str, str]] = []
    reason: str = ""
    name: str = ""

    @property
    def kind(self) -> str:
        return self.type.rpartition(":")[2]


class Opened(msgspec.Struct):
    """A session. ``computer``: by which the router knows this browser's computer."""

    token: str
    city: str
    computer: str = ""


class Accepted(msgspec.Struct):
    """An invitation that was accepted. ``totp_uri``: what an authenticator reads, this once."""

    totp_uri: str


class Offer(msgspec.Struct):
    """An open invitation."""

    city: str
    person: str
    name: str
    unit_name: str
    demonstration: bool = False


class Me(msgspec.Struct):
    """Who is signed in; ``now``: the installation's time. ``offices``: what the pack appoints the person to."""

    city: str
    person: str
    unit: str
    now: datetime
    role: str | None = None
    post: str | None = None
    on_duty_for: tuple[str, ...] = ()
    offices: tuple[str, ...] = ()


class Unit(msgspec.Struct):
    """``path``: from the root down to it."""

    id: str
    name: str
    name_en: str = ""
    path: tuple[str, ...] = ()


class NameOf(msgspec.Struct):
    name: str
    name_en: str = ""


class UnitName(NameOf):
    """``level``, ``level_en``: what its level is called."""

    level: str = ""
    level_en: str = ""


class PersonName(NameOf):
    """``role``: as the pack calls it."""

    unit: NameOf = msgspec.field(default_factory=lambda: NameOf(""))
    role: str = ""


class NamesTold(msgspec.Struct):
    """By id, what the pack has. ``timezone``: the city's; empty: not told."""

    timezone: str = ""
    people: dict[str, PersonName] = {}
    units: dict[str, UnitName] = {}
    reasons: dict[str, NameOf] = {}


class _Told(msgspec.Struct):
    people: list[str] = []


class Question(msgspec.Struct):
    """A question of a category, as JSON Schema says it: other keywords are for who asks it."""

    title: str = ""


class Questions(msgspec.Struct):
    properties: dict[str, Question | bool] = {}


class Category(msgspec.Struct):
    code: str
    name: str
    name_en: str = ""
    questions: Questions = msgspec.field(default_factory=Questions)
    after_photo: AfterPhoto = "asked"


class Categories(msgspec.Struct):
    """The city's categories. ``notice``: of a demonstration alone."""

    items: list[Category]
    notice: str | None = None

    @property
    def by_code(self) -> dict[str, Category]:
        return {category.code: category for category in self.items}


class Ready(msgspec.Struct):
    """What ``/readyz`` of a service answers. ``cities``: with the version of their packs; ``behind``: consumer group →
    what waits; ``reasons``: check → what is wrong."""

    status: str = ""
    cities: dict[str, str] = {}
    behind: dict[str, Waiting] = {}
    reasons: dict[str, str] = {}

    @property
    def why(self) -> str:
        """Why it is not ready; empty when it is."""
        if self.status == "ready":
            return ""
        return "; ".join(f"{name}: {reason}" for name, reason in self.reasons.items()) or "does not say that it is"


class Services:
    """All methods raise ``Refusal``: the service's own, or 503 when it does not answer."""

    def __init__(self, router: httpx.AsyncClient, intake: httpx.AsyncClient, notifier: httpx.AsyncClient) -> None:
        self._router = router
        self._intake = intake
        self._notifier = notifier

    async def sign_in(self, body: dict[str, Any], headers: dict[str, str]) -> Opened:
        return await self._ask(self._router, "POST", "/v1/sessions", Opened, json=body, headers=headers)

    async def sign_out(self, token: str) -> None:
        """End the session; nothing happens when it has ended already."""
        mine = await self._ask(self._router, "GET", "/v1/me", _Session, token)
        await self._ask(self._router, "DELETE", f"/v1/sessions/{mine.session}", None, token)

    async def offer(self, invitation: str) -> Offer:
        return await self._ask(self._router, "GET", f"/v1/invitations/{invitation}", Offer)

    async def accept(self, invitation: str, body: dict[str, str], headers: dict[str, str]) -> Accepted:
        path = f"/v1/invitations/{invitation}:accept"
        return await self._ask(self._router, "POST", path, Accepted, json=body, headers=headers)

    async def sign_in_by_pin(self, body: dict[str, str], headers: dict[str, str]) -> Opened:
        return await self._ask(self._router, "POST", "/v1/sessions:pin", Opened, json=body, headers=headers)

    async def set_pin(self, token: str, body: dict[str, str], headers: dict[str, str]) -> None:
        await self._ask(self._router, "POST", "/v1/sessions:set-pin", None, token, json=body, headers=headers)

    async def confirm(self, token: str, totp: str, headers: dict[str, str]) -> None:
        """A one-time code for the session; the first one sets the authenticator up."""
        await self._ask(self._router, "POST", "/v1/sessions:confirm", None, token, json={"totp": totp}, headers=headers)

    async def me(self, token: str) -> Me:
        return await self._ask(self._router, "GET", "/v1/me", Me, token)

    async def unit(self, token: str, unit: str) -> Unit:
        return await self._ask(self._router, "GET", f"/v1/units/{unit}", Unit, token)

    async def names(
        self, token: str, *, people: Sequence[str] = (), units: Sequence[str] = (), reasons: Sequence[str] = ()
    ) -> NamesTold:
        """The names of the first six hundred of each, in calls of sixty."""
        asked = {"people": people, "units": units, "reasons": reasons}
        most = min(max(map(len, asked.values())), NAMES_CALLS_MAX * NAMES_MAX)
        pages = [_names_path(asked, at) for at in range(0, max(most, 1), NAMES_MAX)]
        told = await asyncio.gather(*(self._ask(self._router, "GET", path, NamesTold, token) for path in pages))
        return NamesTold(
            told[0].timezone,
            {id_: name for one in told for id_, name in one.people.items()},
            {id_: name for one in told for id_, name in one.units.items()},
            {id_: name for one in told for id_, name in one.reasons.items()},
        )

    async def told(self, token: str, case: str) -> list[str]:
        """Ids of the people who were alerted about a case; none where that cannot be asked now."""
        try:
            path = f"/v1/alerts:told?case={quote(case, safe='')}"
            return (await self._ask(self._notifier, "GET", path, _Told, token)).people
        except Refusal:
            return []

    async def categories(self, token: str) -> Categories:
        return await self._ask(self._intake, "GET", "/v1/categories", Categories, token)

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

    async def photo(self, token: str, photo: str) -> bytes:
        """A clean photo as large as it is kept, as JPEG."""
        return (await self._answer(self._intake, "GET", f"/v1/photos/{quote(photo, safe='')}", token)).content

    async def answer(self, service: ServiceName, method: str, path: str, token: str, **more: Any) -> httpx.Response:
        """For subjects that have a module of their own."""
        asked = {"router": self._router, "intake": self._intake, "notifier": self._notifier}[service]
        return await self._answer(asked, method, path, token, **more)

    async def states(self) -> dict[ServiceName, Ready]:
        """How each service says that it is. Raises nothing."""
        asked: dict[ServiceName, httpx.AsyncClient] = {
            "router": self._router,
            "intake": self._intake,
            "notifier": self._notifier,
        }
        return dict(zip(asked, await asyncio.gather(*map(_ready, asked.values())), strict=True))

    async def readiness(self) -> tuple[dict[str, str], dict[str, str]]:
        """City → version of its pack that holds, and service → why it is not ready. Raises nothing."""
        found = await self.states()
        return found["router"].cities, {name: one.why for name, one in found.items() if one.why}

    async def ask_router(self, method: str, path: str, shape: type[T], token: str, **more: Any) -> T:
        """For calls that have a module of their own."""
        return await self._ask(self._router, method, path, shape, token, **more)

    async def ask(self, service: ServiceName, method: str, path: str, shape: type[T], token: str, **more: Any) -> T:
        """The same: what ``shape`` needs of the answer."""
        return msgspec.json.decode((await self.answer(service, method, path, token, **more)).content, type=shape)

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


class _Session(msgspec.Struct):
    session: str


class _Photo(msgspec.Struct):
    id: str


async def _ready(service: httpx.AsyncClient) -> Ready:
    try:
        return msgspec.json.decode((await service.get("/readyz")).content, type=Ready)
    except httpx.HTTPError:
        return Ready(reasons={"http": "does not answer"})
    except msgspec.DecodeError:
        return Ready()


def _names_path(asked: Mapping[str, Sequence[str]], at: int) -> str:
    some = ((name, ids[at : at + NAMES_MAX]) for name, ids in asked.items())
    return "/v1/names?" + "&".join(f"{name}={quote(','.join(ids), safe=',')}" for name, ids in some)


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
        extra={name: told for name in ("reason", "name") if (told := getattr(problem, name))},
    )

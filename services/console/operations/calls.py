"""Calls of operations and audit, as the person whom the pack appoints to the office."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar
from urllib.parse import quote, urlencode

import msgspec

from services.console.router_client import Services
from shared.kernel.errors import Refusal
from shared.operations.answers import SERVICES, FoundReports, ServiceName
from shared.operations.undone import Values, values_of

T = TypeVar("T")
IN_OFFICE = {"whistle-office": "ops"}


class Parked(msgspec.Struct, kw_only=True):
    """A message that could not be handled. ``value``: without words."""

    id: str
    group: str
    topic: str
    reason: str
    state: str
    parked_at: datetime
    headers: dict[str, str] = {}
    value: str = ""
    withheld: str = "words"
    first: str | None = None
    outcome: str | None = None
    again: str | None = None
    unreadable: str | None = None
    service: ServiceName = "router"


class _ParkedList(msgspec.Struct):
    items: list[Parked]


class Undelivered(msgspec.Struct, kw_only=True):
    """A delivery that was tried and has not arrived."""

    id: str
    way: str
    receiver: str
    what: str
    state: str
    attempts: int
    case: str | None = None
    last_outcome: str | None = None
    last_status: int | None = None
    last_at: datetime | None = None
    next_at: datetime | None = None


class UndeliveredList(msgspec.Struct):
    items: list[Undelivered]
    more: bool = False


class Webhook(msgspec.Struct):
    id: str
    url: str
    state: str
    app: str = ""
    types: list[str] = []


class _Webhooks(msgspec.Struct):
    items: list[Webhook]


class CityEntry(msgspec.Struct):
    """A city with the pack that holds."""

    city: str
    version: str
    name: str = ""
    shadow: bool = False
    demonstration: bool = False
    timezone: str = ""


class _Cities(msgspec.Struct):
    items: list[CityEntry]


class LogEntry(msgspec.Struct, kw_only=True):
    """An entry of the security log."""

    id: str
    at: datetime
    kind: str
    what: str
    who: str
    role: str
    on: str = ""
    outcome: str = ""
    reason: str = ""
    address: str = ""
    trace: str = ""


class LogPage(msgspec.Struct):
    items: list[LogEntry]
    next: str | None = None


class SignedIn:
    """``shared.operations.asking.Installation``: the services, asked in the office of ops."""

    def __init__(self, services: Services, token: str) -> None:
        self._services = services
        self._token = token

    async def get(self, service: ServiceName, path: str, shape: type[T], query: Mapping[str, str]) -> T:
        asked = f"{path}?{urlencode(query)}" if query else path
        return await self._services.ask(service, "GET", asked, shape, self._token, headers=IN_OFFICE)

    async def with_telephone(self, last_four: str) -> FoundReports:
        body = {"phone_last": last_four}
        return await self._services.ask("intake", "POST", "/v1/reporters:find", FoundReports, self._token, json=body)


class OperationsCalls:
    """All methods raise ``Refusal`` but where it is said."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def counted(self) -> dict[ServiceName, Values | None]:
        """What each service counts; None for one that does not answer. Raises nothing."""
        return dict(zip(SERVICES, await asyncio.gather(*map(self._counted, SERVICES)), strict=True))

    async def _counted(self, service: ServiceName) -> Values | None:
        try:
            return values_of((await self._services.answer(service, "GET", "/metrics", "")).text)
        except (Refusal, ValueError):
            return None

    async def cities(self, token: str) -> list[CityEntry]:
        return (await self._services.ask_router("GET", "/v1/cities", _Cities, token)).items

    async def parked(self, token: str, state: str) -> tuple[list[Parked], list[ServiceName]]:
        """Of all services, newest first; and the services that do not answer."""
        path = f"/v1/dead-letters?{urlencode({'state': state})}"
        told = await asyncio.gather(
            *(self._services.ask(name, "GET", path, _ParkedList, token) for name in SERVICES), return_exceptions=True
        )
        found: list[Parked] = []
        away: list[ServiceName] = []
        for name, one in zip(SERVICES, told, strict=True):
            if isinstance(one, BaseException):
                if not isinstance(one, Refusal) or one.status < 500:
                    raise one
                away.append(name)
            else:
                found += [msgspec.structs.replace(item, service=name) for item in one.items]
        return sorted(found, key=lambda item: item.parked_at, reverse=True), away

    async def one_parked(self, token: str, service: ServiceName, id_: str) -> Parked:
        found = await self._services.ask(service, "GET", _letter(id_), Parked, token)
        return msgspec.structs.replace(found, service=service)

    async def decide(self, token: str, service: ServiceName, id_: str, act: str, *, dry: bool = False) -> Parked:
        """``act``: replay, drop."""
        path, body = f"{_letter(id_)}/{act}", {"dry_run": dry}
        return await self._services.ask(service, "POST", path, Parked, token, json=body)

    async def undelivered(self, token: str, state: str) -> UndeliveredList:
        path = f"/v1/deliveries:undelivered?{urlencode({'state': state})}"
        return await self._services.ask("notifier", "GET", path, UndeliveredList, token)

    async def webhooks(self, token: str) -> Sequence[Webhook]:
        return (await self._services.ask("notifier", "GET", "/v1/webhooks", _Webhooks, token)).items

    async def retry(self, token: str, delivery: str, key: str) -> None:
        path, headers = f"/v1/deliveries/{quote(delivery, safe='')}/retry", {"idempotency-key": key}
        await self._services.answer("notifier", "POST", path, token, json={}, headers=headers)

    async def security_log(self, token: str, asked: Mapping[str, str]) -> LogPage:
        return await self._services.ask_router("GET", f"/v1/security-log?{urlencode(asked)}", LogPage, token)

    async def security_log_as_sheet(self, token: str, asked: Mapping[str, str]) -> bytes:
        """CSV as the router writes it."""
        path = f"/v1/security-log:export?{urlencode(asked)}"
        return (await self._services.answer("router", "GET", path, token)).content


def _letter(id_: str) -> str:
    return f"/v1/dead-letters/{quote(id_, safe='')}"

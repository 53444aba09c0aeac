"""Calls to the router about signing in: what the page offers, shared computers, one's own sessions and password."""

from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from services.console.live.service_token import ServiceToken
from services.console.router_client import NameOf, Opened, Services
from shared.kernel.errors import Refusal


class Offered(msgspec.Struct):
    """What the sign-in page has for everybody. ``sso``: one may sign in at the organisation."""

    demonstration: bool = False
    sso: bool = False


class PersonHere(NameOf, kw_only=True):
    """Somebody whose PIN is taken at this computer."""

    city: str
    person: str
    unit_name: str = ""


class _PeopleHere(msgspec.Struct):
    items: list[PersonHere]


class MySession(msgspec.Struct):
    """Where the person is signed in. ``by``: password, pin, link, sso, development."""

    id: str
    device: str
    opened_at: datetime
    seen_at: datetime
    current: bool
    by: str = "password"


class _MySessions(msgspec.Struct):
    items: list[MySession]


class Stands(msgspec.Struct):
    """``locks_after``: seconds without an act after which the session is over; 0: it is not locked."""

    locks_after: int = 0


class AskedLink(msgspec.Struct):
    """``asked``: for the browser that asked; ``number``: for its screen."""

    asked: str
    number: int


class ShownLink(msgspec.Struct):
    """``numbers``: one of them stands on the screen that asked. ``device``: which browser that is, as it says."""

    name: str
    unit_name: str
    numbers: list[int]
    device: str = ""
    demonstration: bool = False


class BegunSso(msgspec.Struct):
    """``asked``: for the browser to keep; ``state``: what it comes back with; ``url``: where it is to go."""

    asked: str
    state: str
    url: str


class _Leaving(msgspec.Struct):
    url: str


class PersonOfPack(msgspec.Struct):
    city: str
    person: str
    name: str
    unit_name: str
    role: str
    offices: list[str]


class _PeopleOfPacks(msgspec.Struct):
    items: list[PersonOfPack]


class SignInCalls:
    """All methods raise ``Refusal``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def offered(self) -> Offered:
        return await self._services.ask_router("GET", "/v1/sign-in", Offered, "")

    async def people_here(self, computer: str) -> list[PersonHere]:
        body = {"computer": computer}
        return (await self._services.ask_router("POST", "/v1/sessions:people-here", _PeopleHere, "", json=body)).items

    async def here(self, token: str) -> Stands:
        """The session's person did something."""
        return await self._services.ask_router("POST", "/v1/sessions:here", Stands, token)

    async def sessions(self, token: str) -> list[MySession]:
        return (await self._services.ask_router("GET", "/v1/sessions", _MySessions, token)).items

    async def end(self, token: str, session: str) -> None:
        """Nothing happens where it has ended meanwhile."""
        try:
            await self._services.answer("router", "DELETE", f"/v1/sessions/{quote(session, safe='')}", token)
        except Refusal as refusal:
            if refusal.status != 404:
                raise

    async def set_password(self, token: str, body: dict[str, str], headers: dict[str, str]) -> None:
        await self._services.answer("router", "POST", "/v1/sessions:set-password", token, json=body, headers=headers)


class LinkCalls:
    """About login links. All methods raise ``Refusal``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def ask(self, body: dict[str, Any], headers: dict[str, str]) -> AskedLink:
        return await self._services.ask_router("POST", "/v1/login-links", AskedLink, "", json=body, headers=headers)

    async def shown(self, token: str) -> ShownLink:
        return await self._services.ask_router("GET", f"/v1/login-links/{token}", ShownLink, "")

    async def press(self, token: str, number: int, headers: dict[str, str]) -> None:
        path, body = f"/v1/login-links/{token}:press", {"number": number}
        await self._services.answer("router", "POST", path, "", json=body, headers=headers)

    async def open(self, asked: str, headers: dict[str, str]) -> Opened:
        body = {"asked": asked}
        return await self._services.ask_router("POST", "/v1/sessions:link", Opened, "", json=body, headers=headers)


class SsoCalls:
    """About signing in at the organisation. All methods raise ``Refusal``."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def begin(self, shared: bool, headers: dict[str, str]) -> BegunSso:
        body = {"shared": shared}
        return await self._services.ask_router("POST", "/v1/sign-in/sso", BegunSso, "", json=body, headers=headers)

    async def open(self, body: dict[str, str], headers: dict[str, str]) -> Opened:
        return await self._services.ask_router("POST", "/v1/sessions:sso", Opened, "", json=body, headers=headers)

    async def leaving(self) -> str:
        """Where one signs out there; empty where that cannot be."""
        return (await self._services.ask_router("GET", "/v1/sign-in/sso", _Leaving, "")).url


class DevelopmentCalls:
    """Signing in as anybody, as a service: the router answers only where development tokens are allowed."""

    def __init__(self, services: Services, token: ServiceToken) -> None:
        self._services = services
        self._token = token

    async def people(self) -> list[PersonOfPack]:
        return (await self._services.ask_router("GET", "/v1/dev/people", _PeopleOfPacks, self._token.text)).items

    async def sign_in(self, city: str, person: str, headers: dict[str, str]) -> Opened:
        body = {"city": city, "person": person}
        return await self._services.ask_router(
            "POST", "/v1/dev/sessions", Opened, self._token.text, json=body, headers=headers
        )

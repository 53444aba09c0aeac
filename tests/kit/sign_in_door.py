"""The sign-in calls on a real database, through the HTTP edge."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import msgspec
import pyotp

from services.router.http.security_log_routes import SecurityLogRoutes
from services.router.rota.rights import rights
from services.router.sign_in.account import Accounts
from services.router.sign_in.computers import Computers
from services.router.sign_in.failures import Failures
from services.router.sign_in.invitations_sent import InvitationsSent
from services.router.sign_in.offer import SignInOffers
from services.router.sign_in.one_time_codes import OneTimeCodes
from services.router.sign_in.own_links.link_routes import LinkRoutes
from services.router.sign_in.own_links.link_store import LinkStore
from services.router.sign_in.own_links.login_links import LoginLinks
from services.router.sign_in.own_password import OwnPassword
from services.router.sign_in.passwords import Passwords
from services.router.sign_in.pin_routes import PinRoutes
from services.router.sign_in.pins import Pins
from services.router.sign_in.presence import Presence
from services.router.sign_in.record import SignInRecord
from services.router.sign_in.routes import SignInRoutes
from services.router.sign_in.sign_in import SignIn
from services.router.sign_in.sso.attempts import Attempts
from services.router.sign_in.sso.organisation import Asked, OrganisationSignIn
from services.router.sign_in.sso.sso_routes import SsoRoutes
from shared.city.people.rota import RotaChange, RotaChanges
from shared.city.reading import read_pack
from shared.kernel.clock import StoppedClock
from shared.runtime.http_server.rate_limits import Quotas
from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.http_server.server import Edge
from shared.runtime.identity.directory import Directory, PersonRights
from shared.runtime.identity.security_log import SecurityLog
from shared.runtime.identity.tokens import ops_token
from shared.runtime.kafka.outbox_relay import Relay
from shared.runtime.pack_library import PackLibrary
from shared.runtime.settings import Settings
from shared.runtime.storage.mongo import Collection, Database
from shared.runtime.timekeeping.wall_clock import real_now
from tests.kit.made_provider import REDIRECT, MadeProvider
from tests.kit.made_reports import NOW, SECRET, harbour
from tests.kit.made_services import Listener, library

PASSWORD = "four lanterns over the old quay"
OPS = ops_token(SECRET)
IDLE = timedelta(minutes=30)


@asynccontextmanager
async def _no_lifespan(_: Any) -> AsyncIterator[None]:
    yield


@dataclass
class Door:
    """The sign-in calls, and a route that only ops may call."""

    client: httpx.AsyncClient
    clock: StoppedClock
    directory: Directory
    sign_in: SignIn
    log: SecurityLog
    links: Collection

    def __post_init__(self) -> None:
        self.ids = 0

    def elsewhere(self, address: str) -> "Door":
        """The same, from another address."""
        app = self.client._transport.app  # type: ignore[attr-defined]
        transport = httpx.ASGITransport(app=app, client=(address, 1))
        return replace(self, client=httpx.AsyncClient(transport=transport, base_url="http://test"))

    async def call(self, method: str, path: str, token: str = "", body: Any = None) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self.directory._seen.clear()  # as if five seconds had passed
        return await self.client.request(method, path, json=body, headers=headers)

    async def invited(self, person: str, token: str = OPS) -> str:
        answer = await self.call("POST", "/v1/invitations", token, {"person": person})
        assert answer.status_code == 201, answer.text
        url: str = answer.json()["url"]
        assert url.startswith("https://grid.example/i/")
        return url.removeprefix("https://grid.example/i/")

    async def account(self, person: str, *, second_factor: bool = False) -> pyotp.TOTP:
        """The person accepts an invitation; answers the authenticator, set up or not."""
        token = await self.invited(person)
        answer = await self.call("POST", f"/v1/invitations/{token}:accept", body={"password": PASSWORD})
        assert answer.status_code == 200, answer.text
        codes = pyotp.parse_uri(answer.json()["totp_uri"])
        assert isinstance(codes, pyotp.TOTP)
        if second_factor:
            confirmed = await self.confirm(await self.signed_in(person), code(codes))
            assert confirmed.status_code == 200, confirmed.text
        return codes

    async def confirm(self, token: str, totp: str) -> httpx.Response:
        return await self.call("POST", "/v1/sessions:confirm", token, {"totp": totp})

    async def try_sign_in(
        self, person: str, password: str = PASSWORD, *, shared: bool = False, **more: str
    ) -> httpx.Response:
        body = {"person": person, "password": password, "shared": shared, **more}
        return await self.call("POST", "/v1/sessions", body=body)

    async def signed_in(self, person: str, *, shared: bool = False, **more: str) -> str:
        answer = await self.try_sign_in(person, shared=shared, **more)
        assert answer.status_code == 201, answer.text
        token: str = answer.json()["token"]
        return token

    async def is_in(self, token: str) -> bool:
        return (await self.call("GET", "/v1/me", token)).status_code == 200


class Swaps:
    """What desks decided about the rota."""

    def __init__(self) -> None:
        self.made: list[RotaChange] = []

    async def decided(self, _: str, __: datetime, ___: datetime) -> RotaChanges:
        return RotaChanges(self.made)


def code(codes: pyotp.TOTP, beside: int = 0) -> str:
    return codes.generate_otp(int(real_now().timestamp()) // 30 + beside)


def people(**offices: tuple[str, ...]) -> list[PersonRights]:
    return [msgspec.structs.replace(p, offices=offices.get(p.id.replace("-", "_"), ())) for p in rights(harbour())]


class _Parts:
    """What the sign-in calls are made of."""

    def __init__(self, database: Database, directory: Directory, packs: PackLibrary, clock: StoppedClock) -> None:
        self._database = database
        self._directory = directory
        self._packs = packs
        self._clock = clock
        self._numbers = iter(f"{n:016x}" for n in range(10_000))
        self._accounts, self._failures, self._computers = Accounts(database), Failures(database), Computers(database)
        self._passwords = Passwords()
        self._relay = Relay("router", database.collection("events"), Listener())
        self._invitations = database.collection("invitations")
        self.links = database.collection("login_links")
        self.log = SecurityLog(database, clock, self.ids)
        self._record = SignInRecord(self.log)
        self.sign_in = SignIn(
            self._accounts,
            self._failures,
            directory,
            packs,
            SECRET,
            OneTimeCodes(SECRET, real_now),
            self._passwords,
            clock,
            self.ids,
            IDLE,
        )

    def ids(self, _: int) -> str:
        return next(self._numbers)

    def own_routes(self, swaps: Swaps) -> list[Route]:
        """Sign-in with an account of one's own: invitation, password, PIN, link; who is at a computer."""
        accounts, failures, computers = self._accounts, self._failures, self._computers
        directory, packs, passwords, clock = self._directory, self._packs, self._passwords, self._clock
        sent = InvitationsSent(self._invitations, self._relay.source(self._invitations))
        pins = Pins(self.sign_in, accounts, failures, computers, directory, passwords, packs, swaps.decided, clock)
        link_store = LinkStore(self.links, self._relay.source(self.links))
        login_links = LoginLinks(
            self.sign_in, accounts, failures, link_store, directory, packs, SECRET, clock, self.ids
        )
        own_password = OwnPassword(accounts, failures, computers, directory.sessions, passwords, packs, clock, self.ids)
        return [
            *SignInRoutes(
                self.sign_in, directory, packs, self._record, sent, computers, "https://grid.example/", clock
            ).routes(),
            *PinRoutes(pins, packs, self._record).routes(),
            *own_password.routes(),
            *Presence(accounts, computers, directory.sessions, packs, clock).routes(),
            *LinkRoutes(login_links, packs, self._record).routes(),
        ]

    def organisation_routes(self, organisation: MadeProvider | None) -> list[Route]:
        """Sign-in at the organisation, and what is offered: with none, that it is not offered."""
        asked = Asked(
            redirect=REDIRECT, after="https://grid.example/signin", scope="openid", claim="preferred_username", city=""
        )
        sso = None
        if organisation is not None:
            provider, attempts = organisation.provider(), Attempts(self._database, SECRET)
            failures, directory, packs = self._failures, self._directory, self._packs
            sso = OrganisationSignIn(
                provider, asked, attempts, self.sign_in, failures, directory, packs, self._clock, organisation.now
            )
        return [
            *SignInOffers(self._packs, sso=sso is not None).routes(),
            *SsoRoutes(sso, self._record).routes(),
        ]

    def routes_behind(self) -> list[Route]:
        """What those who are in may call: the security log, who one is, and the same for ops alone."""
        return [
            *SecurityLogRoutes(self.log).routes(),
            get("/v1/me", _me, "", roles=frozenset({"officer"})),
            get("/v1/operated", _me, "", roles=frozenset({"ops"})),
        ]


async def _me(call: Call) -> Answer:
    return Answer({"person": call.principal.person, "kind": call.principal.kind})


@asynccontextmanager
async def sign_in_door(
    database: Database,
    swaps: Swaps,
    files: Mapping[str, str] | None = None,
    organisation: MadeProvider | None = None,
) -> AsyncIterator[Door]:
    """A door before an empty database. ``files``: of the harbour's pack, where it is another one. ``organisation``:
    where people sign in too."""
    clock = StoppedClock(NOW)
    directory, packs = Directory(database, SECRET, clock, notes_use=True), await library(database)
    if files is not None:
        pack = read_pack(files)
        await packs.store(pack, files)
        await packs.switch("harbour", pack.version, NOW)
    await directory.put_people("harbour", people(oh_chief=("ops",), hc_desk=("auditor",)), "1")
    parts = _Parts(database, directory, packs, clock)
    routes = [*parts.own_routes(swaps), *parts.organisation_routes(organisation), *parts.routes_behind()]
    edge = Edge("router", directory, Quotas(Settings()), parts.ids, security_log=parts.log)
    transport = httpx.ASGITransport(app=edge.application(routes, _no_lifespan))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield Door(client, clock, directory, parts.sign_in, parts.log, parts.links)

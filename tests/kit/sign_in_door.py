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
from shared.runtime.http_server.route import Answer, Call, get
from shared.runtime.http_server.server import Edge
from shared.runtime.identity.directory import Directory, PersonRights
from shared.runtime.identity.security_log import SecurityLog
from shared.runtime.identity.tokens import ops_token
from shared.runtime.kafka.outbox_relay import Relay
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


@asynccontextmanager
async def sign_in_door(
    database: Database,
    swaps: Swaps,
    files: Mapping[str, str] | None = None,
    organisation: MadeProvider | None = None,
) -> AsyncIterator[Door]:
    """A door before an empty database. ``files``: of the harbour's pack, where it is another one. ``organisation``:
    where people sign in too."""
    clock, ids, heard = StoppedClock(NOW), iter(f"{n:016x}" for n in range(10_000)), Listener()
    directory, packs, passwords = (
        Directory(database, SECRET, clock, notes_use=True),
        await library(database),
        Passwords(),
    )
    if files is not None:
        pack = read_pack(files)
        await packs.store(pack, files)
        await packs.switch("harbour", pack.version, NOW)
    accounts, failures, computers = Accounts(database), Failures(database), Computers(database)
    log = SecurityLog(database, clock, lambda _: next(ids))
    await directory.put_people("harbour", people(oh_chief=("ops",), hc_desk=("auditor",)), "1")
    sign_in = SignIn(
        accounts,
        failures,
        directory,
        packs,
        SECRET,
        OneTimeCodes(SECRET, real_now),
        passwords,
        clock,
        lambda _: next(ids),
        IDLE,
    )

    invitations, links = database.collection("invitations"), database.collection("login_links")
    relay = Relay("router", database.collection("events"), heard)
    sent, link_store = InvitationsSent(invitations, relay.source(invitations)), LinkStore(links, relay.source(links))

    record = SignInRecord(log)
    pins = Pins(sign_in, accounts, failures, computers, directory, passwords, packs, swaps.decided, clock)

    asked = Asked(
        redirect=REDIRECT, after="https://grid.example/signin", scope="openid", claim="preferred_username", city=""
    )
    sso = None
    if organisation is not None:
        provider, attempts = organisation.provider(), Attempts(database, SECRET)
        sso = OrganisationSignIn(
            provider, asked, attempts, sign_in, failures, directory, packs, clock, organisation.now
        )

    async def me(call: Call) -> Answer:
        return Answer({"person": call.principal.person, "kind": call.principal.kind})

    routes = [
        *SignInRoutes(sign_in, directory, packs, record, sent, computers, "https://grid.example/", clock).routes(),
        *PinRoutes(pins, packs, record).routes(),
        *OwnPassword(
            accounts, failures, computers, directory.sessions, passwords, packs, clock, lambda _: next(ids)
        ).routes(),
        *Presence(accounts, computers, directory.sessions, packs, clock).routes(),
        *SignInOffers(packs, sso=organisation is not None).routes(),
        *SsoRoutes(sso, record).routes(),
        *LinkRoutes(
            LoginLinks(sign_in, accounts, failures, link_store, directory, packs, SECRET, clock, lambda _: next(ids)),
            packs,
            record,
        ).routes(),
        *SecurityLogRoutes(log).routes(),
        get("/v1/me", me, "", roles=frozenset({"officer"})),
        get("/v1/operated", me, "", roles=frozenset({"ops"})),
    ]
    edge = Edge("router", directory, Quotas(Settings()), lambda _: next(ids), security_log=log)
    transport = httpx.ASGITransport(app=edge.application(routes, _no_lifespan))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield Door(client, clock, directory, sign_in, log, links)

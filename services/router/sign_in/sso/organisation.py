"""Sign-in at the organisation, by OpenID Connect: the code flow with PKCE, state and nonce (decision 0025).

A browser begins an attempt and is led to the provider. It comes back with a code, which this service exchanges; of the
ID token one claim names a person. Who is a person of today's pack gets the same kind of session as by password.
"""

import asyncio
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from services.router.sign_in.failures import Failures
from services.router.sign_in.sign_in import SignIn
from services.router.sign_in.sso.attempts import LIFE, Attempt, Attempts
from services.router.sign_in.sso.id_token import Expected, TokenRefusedError, UnknownKeyError, checked
from services.router.sign_in.sso.named_person import Named, named, shown
from services.router.sign_in.sso.provider import SECONDS_MAX, Discovery, Provider, ProviderAwayError
from shared.kernel.clock import Clock
from shared.kernel.errors import Refusal, unavailable
from shared.runtime.identity.directory import Directory
from shared.runtime.identity.sessions import Session
from shared.runtime.pack_library import PackLibrary

log = structlog.get_logger()
T = TypeVar("T")
OF_BEGINNINGS = 1000
"""Attempts from one address that cost nothing, of which no session came: a whole county may begin its day at one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How an installation asks. ``redirect``: where the browser comes back to; ``after``: where it is led after signing
    out there; ``claim``: which names the person; ``city``: the only one whose people sign in by it, else empty."""

    redirect: str
    after: str
    scope: str
    claim: str
    city: str


@dataclass(frozen=True, slots=True)
class Begun:
    """``token``: for the browser to keep; ``state``: with what it comes back; ``url``: where it goes."""

    token: str
    state: str
    url: str
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CameBack:
    """``token``: kept by the browser. The others as the provider sent them with it; ``issuer``: of RFC 9207, or empty.
    ``address``: the client's; ``device``: as the client names itself."""

    token: str
    state: str
    code: str
    issuer: str
    address: str
    device: str


class RefusedPersonError(Exception):
    """Somebody signed in there who is nobody here. ``city``: whose people the claim means, empty where it cannot mean
    anybody; ``person``: who stands in its pack, outside of his appointment; ``name``: what he is told that he is called
    there; ``subject``: by which he is known again, without being named."""

    def __init__(self, city: str, person: str, name: str, subject: str) -> None:
        super().__init__("unknown person")
        self.city = city
        self.person = person
        self.name = name
        self.subject = subject


class OrganisationSignIn:
    """All methods raise ``MongoError``. ``real_now``: real time."""

    def __init__(
        self,
        provider: Provider,
        asked: Asked,
        attempts: Attempts,
        sign_in: SignIn,
        failures: Failures,
        directory: Directory,
        packs: PackLibrary,
        clock: Clock,
        real_now: Callable[[], datetime],
    ) -> None:
        self._provider = provider
        self._asked = asked
        self._attempts = attempts
        self._sign_in = sign_in
        self._failures = failures
        self._directory = directory
        self._packs = packs
        self._clock = clock
        self._real_now = real_now

    async def begin(self, address: str, *, shared: bool) -> Begun:
        """Raises ``Refusal`` 429, and 503 where the provider is away."""
        now = self._clock.now()
        await self._failures.begin(self._attempts.beginnings(address), OF_BEGINNINGS, now)
        told = await _in_time(self._provider.discovery())
        began = self._real_now()
        token = await self._attempts.begin(began, shared=shared)
        return Begun(token, self._attempts.state(token), self._address(told, token, shared), began + LIFE)

    async def open(self, back: CameBack) -> tuple[str, Session]:
        """A session and its token.

        Raises ``Refusal`` 410 (the attempt has ended, was used, or is another browser's), 401 (nothing was proved), 503
        (the provider is away); ``RefusedPersonError``.
        """
        if not hmac.compare_digest(back.state.encode(), self._attempts.state(back.token).encode()):
            raise _over()
        attempt = await self._attempts.spend(back.token, self._real_now())
        if attempt is None:
            raise _over()
        try:
            claims = await _in_time(self._proved(back, attempt))
        except TokenRefusedError as error:
            log.warning("sso.refused", reason=str(error))
            raise Refusal(401, "not-proved", "Your organisation's sign-in did not prove who you are.") from None
        return await self._entered(claims, back, attempt)

    async def leave(self) -> str:
        """Where one signs out of the provider too; empty where it has no such address. Raises ``Refusal`` 503."""
        told = await _in_time(self._provider.discovery())
        if not told.end_session_endpoint:
            return ""
        more = {"client_id": self._provider.client.id, "post_logout_redirect_uri": self._asked.after}
        return _with_parameters(told.end_session_endpoint, more)

    def _address(self, told: Discovery, token: str, shared: bool) -> str:
        """The authorization request. At a shared computer whoever it is signs in anew, though somebody is signed in."""
        wanted = json.dumps({"id_token": {self._asked.claim: {"essential": True}}}, separators=(",", ":"))
        url: str = prepare_grant_uri(
            told.authorization_endpoint,
            self._provider.client.id,
            "code",
            redirect_uri=self._asked.redirect,
            scope=self._asked.scope,
            state=self._attempts.state(token),
            nonce=self._attempts.nonce(token),
            code_challenge=create_s256_code_challenge(self._attempts.verifier(token)),
            code_challenge_method="S256",
            prompt="login" if shared else None,
            max_age="0" if shared else None,
            claims=wanted if told.claims_parameter_supported else None,
        )
        return url

    async def _proved(self, back: CameBack, attempt: Attempt) -> dict[str, object]:
        """The claims of the ID token. Raises ``TokenRefusedError``, ``ProviderAwayError``."""
        told, client = await self._provider.discovery(), self._provider.client
        if back.issuer != client.issuer and (back.issuer or told.authorization_response_iss_parameter_supported):
            raise TokenRefusedError("the answer is another provider's")
        token = await self._provider.id_token(back.code, self._attempts.verifier(back.token), self._asked.redirect)
        expected = Expected(
            issuer=client.issuer,
            client_id=client.id,
            nonce=self._attempts.nonce(back.token),
            now=self._real_now(),
            since=attempt.began_at if attempt.shared else None,
        )
        try:
            return checked(token, await self._provider.keys(), expected)
        except UnknownKeyError:
            return checked(token, await self._provider.keys(again=True), expected)

    async def _entered(self, claims: dict[str, object], back: CameBack, attempt: Attempt) -> tuple[str, Session]:
        """Raises ``RefusedPersonError``."""
        found = named(claims.get(self._asked.claim), self._asked.city, self._packs.cities)
        if found is None or await self._directory.person(found.city, found.person) is None:
            raise self._unknown(found, claims)
        now, locks_after = self._clock.now(), self._sign_in.idle if attempt.shared else timedelta(0)
        token, session = await self._directory.sessions.open(
            found.city, found.person, back.device, now, by="sso", locks_after=locks_after
        )
        if await self._directory.person_since(found.city, found.person, now) is None:  # a pack was loaded
            await self._directory.sessions.end(session, now)
            raise self._unknown(found, claims)
        await self._failures.take_back(self._attempts.beginnings(back.address))
        return token, session

    def _unknown(self, found: Named | None, claims: dict[str, object]) -> RefusedPersonError:
        """Who it is stays with who signed in; to the log goes an id of a pack, and else who said it and of whom."""
        issuer, subject = self._provider.client.issuer, str(claims.get("sub"))
        listed = found is not None and found.person in self._packs.current(found.city).people
        return RefusedPersonError(
            found.city if found is not None else "",
            found.person if found is not None and listed else "",
            shown(claims.get(self._asked.claim)),
            f"{issuer} {self._attempts.subject(issuer, subject)}",
        )


async def _in_time(asked: Awaitable[T]) -> T:
    """What the provider says. Raises ``Refusal`` 503 where it does not in time, or is away."""
    try:
        async with asyncio.timeout(SECONDS_MAX):
            return await asked
    except (ProviderAwayError, TimeoutError):
        raise unavailable("The organisation's sign-in does not answer; sign in with your password.") from None


def _with_parameters(url: str, more: dict[str, str]) -> str:
    found: str = add_params_to_uri(url, list(more.items()))
    return found


def _over() -> Refusal:
    return Refusal(410, "sso-over", "This sign-in has ended, was used, or began in another browser; begin again.")

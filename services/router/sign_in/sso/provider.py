"""The organisation's identity provider as this installation asks it: discovery, keys, and a code for an ID token.

Its addresses come from its discovery document (OpenID Connect Discovery 1.0), which must be the configured issuer's
own. Document and keys are kept for an hour; after a failure nobody asks for five seconds. All that is asked within
one request is answered or refused within ``SECONDS_MAX``.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import quote_plus, urlsplit

import msgspec
import structlog
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_token_request
from authlib.oidc.discovery import get_well_known_url
from joserfc.jwk import KeySet

from services.router.sign_in.sso.id_token import TokenRefusedError, public_keys
from shared.runtime.http_client.bounded_requests import BoundedAnswer, BoundedRequests, UnreachableError
from shared.runtime.http_client.ssrf_guard import AddressRefusedError

log = structlog.get_logger()
ANSWER_MAX = 256 * 1024
SECONDS_MAX = 4.0
"""Less than the console waits for the router."""
REQUEST_SECONDS_MAX = 3.0
"""Of one request."""
FRESH_SECONDS = 3600.0
KEYS_AGAIN_SECONDS = 30.0
"""How often keys are read again because none of them signed a token."""
FAILED_SECONDS = 5.0
URL_MAX = 2000
FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
T = TypeVar("T")


class ProviderAwayError(Exception):
    """It does not answer, or not as a provider would; the message is why, and nothing of what was sent."""


@dataclass(frozen=True, slots=True)
class Client:
    """What this installation is at the provider. ``secret``: empty for a public client."""

    issuer: str
    id: str
    secret: str = field(repr=False)


class Discovery(msgspec.Struct, frozen=True):
    """What is needed of a discovery document; the defaults are the standard's."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    claims_parameter_supported: bool = False
    authorization_response_iss_parameter_supported: bool = False


class _TokenAnswer(msgspec.Struct):
    """The access token is not read: nothing is asked with it."""

    id_token: str


class Provider:
    """All methods raise ``ProviderAwayError``."""

    def __init__(self, client: Client, requests: BoundedRequests) -> None:
        self.client = client
        self._requests = requests
        self._discovery = _Kept(self._discovered)
        self._keys = _Kept(self._read_keys)

    async def discovery(self) -> Discovery:
        """The discovery document."""
        return await self._discovery.value(FRESH_SECONDS)

    async def keys(self, *, again: bool = False) -> KeySet:
        """The keys by which it signs. ``again``: none of those that are kept did."""
        return await self._keys.value(KEYS_AGAIN_SECONDS if again else FRESH_SECONDS)

    async def id_token(self, code: str, verifier: str, redirect: str) -> str:
        """The ID token that ``code`` stands for. Raises ``TokenRefusedError`` where the code is not taken."""
        told = await self.discovery()
        body = prepare_token_request("authorization_code", redirect_uri=redirect, code=code, code_verifier=verifier)
        url, headers, body = self._auth(told).prepare("POST", told.token_endpoint, {**FORM}, body)
        answer = await self._ask("token", "POST", url, body.encode(), headers)
        if 400 <= answer.status < 500:
            log.warning("sso.code_refused", status=answer.status)
            raise TokenRefusedError("code")
        return _read("token", answer, _TokenAnswer).id_token

    def _auth(self, told: Discovery) -> ClientAuth:
        """How the client proves itself: by its secret in the header, or in the form where it must be there."""
        if not self.client.secret:
            return ClientAuth(self.client.id, "", "none")
        ways = told.token_endpoint_auth_methods_supported
        if "client_secret_basic" in ways or "client_secret_post" not in ways:
            return ClientAuth(quote_plus(self.client.id), quote_plus(self.client.secret), "client_secret_basic")
        return ClientAuth(self.client.id, self.client.secret, "client_secret_post")

    async def _discovered(self) -> Discovery:
        url = get_well_known_url(self.client.issuer, external=True)
        told = _read("discovery", await self._ask("discovery", "GET", url), Discovery)
        if told.issuer != self.client.issuer:
            raise ProviderAwayError("discovery: of another issuer")
        secure = urlsplit(told.issuer).scheme == "https"
        if not all(_is_address(one, secure) for one in (told.authorization_endpoint, told.end_session_endpoint)):
            raise ProviderAwayError("discovery: addresses that are no https")
        return told

    async def _read_keys(self) -> KeySet:
        answer = await self._ask("keys", "GET", (await self.discovery()).jwks_uri)
        try:
            return public_keys(answer.content)
        except ValueError as error:
            raise ProviderAwayError(f"keys: {error}") from None

    async def _ask(
        self, what: str, method: str, url: str, content: bytes | None = None, headers: dict[str, str] | None = None
    ) -> BoundedAnswer:
        try:
            answer = await self._requests.send(method, url, content, headers or {"accept": "application/json"})
        except (AddressRefusedError, UnreachableError) as error:
            raise ProviderAwayError(f"{what}: {error}") from None
        if answer.status != 200 and not (content is not None and 400 <= answer.status < 500):
            raise ProviderAwayError(f"{what}: answers {answer.status}")
        return answer


class _Kept(Generic[T]):
    """Something that was read, for a while; one reads at a time, and after a failure nobody does for a moment."""

    def __init__(self, read: Callable[[], Awaitable[T]]) -> None:
        self._read = read
        self._one = asyncio.Lock()
        self._found: tuple[float, T] | None = None
        self._failed: tuple[float, str] | None = None

    async def value(self, fresh: float) -> T:
        """What was read at most ``fresh`` seconds ago. Raises ``ProviderAwayError``."""
        async with self._one:
            now = time.monotonic()
            if self._found is not None and now - self._found[0] < fresh:
                return self._found[1]
            if self._failed is not None and now - self._failed[0] < FAILED_SECONDS:
                raise ProviderAwayError(self._failed[1])
            try:
                found = await self._read()
            except ProviderAwayError as error:
                self._failed = now, str(error)
                log.warning("sso.provider_away", reason=str(error))
                raise
            self._found, self._failed = (now, found), None
            return found


def _read(what: str, answer: BoundedAnswer, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(answer.content, type=shape)
    except (msgspec.MsgspecError, RecursionError):
        raise ProviderAwayError(f"{what}: cannot be read") from None


def _is_address(url: str, secure: bool) -> bool:
    """Whether a browser may be sent there: https, where the issuer is; none is well."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    schemes = ("https",) if secure else ("https", "http")
    return not url or (len(url) <= URL_MAX and url.isprintable() and parts.scheme in schemes and bool(parts.hostname))

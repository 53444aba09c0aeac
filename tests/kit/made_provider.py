"""An organisation's identity provider that is made up: it answers as one does, and can be told to lie."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

from services.router.sign_in.sso.provider import ANSWER_MAX, REQUEST_SECONDS_MAX, Client, Provider
from shared.runtime.http_client import client as http_client
from shared.runtime.http_client.bounded_requests import BoundedRequests
from shared.runtime.http_client.ssrf_guard import Guard
from shared.runtime.timekeeping.wall_clock import real_now

ISSUER = "https://idp.example"
CLIENT = Client(ISSUER, "whistle", "a secret/+%")
REDIRECT = "https://grid.example/signin/sso/back"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
DISCOVERY: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/auth?tenant=grid",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
    "end_session_endpoint": f"{ISSUER}/end",
    "response_types_supported": ["code"],
    "id_token_signing_alg_values_supported": ["RS256"],
}


def signed(claims: dict[str, Any], key: RSAKey = KEY, **header: str) -> str:
    return jwt.encode({"alg": "RS256", "kid": str(key.kid), **header}, claims, key)


async def _public(_: str, __: int) -> list[str]:
    """The address of every name; nothing is looked up and nothing is sent there."""
    return ["93.184.216.34"]


@dataclass
class MadeProvider:
    """``sign``: makes the ID token of its claims. ``away``: paths that refuse connections; ``hanging``: that never
    answer. ``asked``: paths that were asked for. ``tokens``: what it gave out."""

    discovery: dict[str, Any] = field(default_factory=lambda: {**DISCOVERY})
    keys: list[RSAKey] = field(default_factory=lambda: [KEY])
    sign: Callable[[dict[str, Any]], str] = signed
    client: Client = CLIENT
    now: Callable[[], datetime] = real_now
    away: set[str] = field(default_factory=set)
    hanging: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    _codes: dict[str, dict[str, Any]] = field(default_factory=dict)

    def provider(self) -> Provider:
        """It, as the router asks it."""
        client = http_client.client(transport=httpx.MockTransport(self._answer))
        guard = Guard("", _public)
        return Provider(self.client, BoundedRequests(guard, client, most=ANSWER_MAX, seconds=REQUEST_SECONDS_MAX))

    def signs_in(self, url: str, name: str, **more: Any) -> dict[str, str]:
        """Somebody follows ``url`` and signs in as ``name``: with what his browser is led back. ``more``: claims."""
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{ISSUER}/auth"
        asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
        assert (asked["client_id"], asked["redirect_uri"]) == (self.client.id, REDIRECT)
        assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
        now = int(self.now().timestamp())
        claims = {
            "iss": ISSUER,
            "aud": self.client.id,
            "sub": "0815",
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            "preferred_username": name,
            **more,
        }
        return {"code": self.gives(claims, asked["code_challenge"]), "state": asked["state"]}

    def gives(self, claims: dict[str, Any], challenge: str) -> str:
        """A code, good once, for a token with these claims."""
        code = f"code-{len(self.tokens)}-{len(self._codes)}"
        self._codes[code] = {"claims": claims, "challenge": challenge}
        return code

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path in self.hanging:
            await asyncio.Event().wait()
        answer = self._answered(request)
        return httpx.Response(answer.status_code, stream=httpx.ByteStream(answer.content))  # as from a connection

    def _answered(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        assert request.headers["host"] == "idp.example"
        if path in self.away:
            raise httpx.ConnectError("away")
        if path == "/.well-known/openid-configuration":
            return httpx.Response(200, json=self.discovery)
        if path == "/keys":
            return httpx.Response(200, json={"keys": [key.as_dict(private=False) for key in self.keys]})
        assert (request.method, path) == ("POST", "/token")
        return self._token(request)

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = dict(parse_qsl(request.content.decode()))
        assert (form["grant_type"], form["redirect_uri"]) == ("authorization_code", REDIRECT)
        if not self._is_client(request, form):
            return httpx.Response(401, json={"error": "invalid_client"})
        found = self._codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        if found is None or found["challenge"] != challenge.decode():
            return httpx.Response(400, json={"error": "invalid_grant"})
        self.tokens.append(self.sign(found["claims"]))
        answer = {"access_token": "opaque", "token_type": "Bearer", "id_token": self.tokens[-1]}
        return httpx.Response(200, content=json.dumps(answer))

    def _is_client(self, request: httpx.Request, form: dict[str, str]) -> bool:
        """By the first way that the discovery document has; the standard's is the header."""
        ways = self.discovery.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        given = (form.get("client_id", ""), form.get("client_secret", ""))
        if ways[0] == "client_secret_basic":
            name, _, secret = base64.b64decode(request.headers.get("authorization", " ")[6:]).decode().partition(":")
            given = (unquote_plus(name), unquote_plus(secret))
        return given == (self.client.id, self.client.secret)

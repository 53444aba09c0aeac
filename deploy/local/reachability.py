"""Whether people can sign in, send their place, and open links at the one public address."""

import asyncio
import ipaddress
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import httpx

from deploy.local.finding import Finding
from deploy.local.ops_token import find_ops_token
from deploy.local.parts import LOOPBACK_NETWORKS
from services.router.sign_in.sso.provider import (
    ANSWER_MAX,
    REQUEST_SECONDS_MAX,
    Client,
    Provider,
    ProviderAwayError,
)
from shared.runtime.http_client.bounded_requests import BoundedRequests
from shared.runtime.http_client.client import client, close_all
from shared.runtime.http_client.ssrf_guard import Guard
from shared.runtime.settings import Settings


def address(public_url: str, *, development: bool) -> Iterator[Finding]:
    """``public_url``: `WHISTLE_PUBLIC_URL`, empty where it is not set."""
    advice = "set WHISTLE_PUBLIC_URL to the console's https address, and TLS there or at a proxy (docs/operations.md)"
    if not public_url:
        if not development:
            missing = "WHISTLE_PUBLIC_URL is not set: links in messages and invitations lead nowhere"
            yield Finding("public address", False, missing, advice)
        return
    parts = urlsplit(public_url)
    if parts.scheme == "https" and parts.hostname:
        yield Finding("public address", True, public_url)
    elif parts.scheme != "http" or not parts.hostname:
        yield Finding("public address", False, f"{public_url} is no address of the form https://…", advice)
    elif is_loopback(parts.hostname):
        alone = f"{public_url}: links open on this machine alone"
        yield Finding("public address", development, alone, advice)
    else:
        yield Finding(
            "public address",
            False,
            f"{public_url} is not https: browsers tell no location and keep no secure cookie there, so that neither "
            "sign-in nor 'where I am' works",
            advice,
        )


def administrators(router: str, secret: str, *, development: bool) -> Iterator[Finding]:
    """Each loaded city in which nobody can be signed in as an administrator. Nothing where the router is away."""
    try:
        with httpx.Client(timeout=5.0, trust_env=False) as http:
            token = find_ops_token(http, router, secret)
            if token is None:
                return
            answer = http.get(f"{router}/v1/cities", headers={"authorization": f"Bearer {token}"})
            items: list[Mapping[str, object]] = answer.json().get("items", [])
    except (httpx.HTTPError, ValueError):
        return
    for city in items:
        if city.get("administrators") == 0:
            seen = f"{city['city']} has none: whoever administers it needs the installation's secret"
            advice = "name people under `administrators` in city.yaml, load it, then `whistle officer invite ID`"
            yield Finding("administrators", development, seen, advice)


def organisation(settings: Settings, *, development: bool) -> Iterator[Finding]:
    """Whether people can sign in at their organisation, where that is configured; asked as the router asks it."""
    if not settings.oidc_issuer:
        return
    back = urlsplit(settings.public_url or (settings.console_url if development else ""))
    if back.scheme != "https" and not (development and is_loopback(back.hostname or "")):
        seen = "people are led back to WHISTLE_PUBLIC_URL, which is not https"
        yield Finding("organisation's sign-in", False, seen, "set it to the console's https address")
        return
    advice = (
        "see that WHISTLE_OIDC_ISSUER is exactly what the provider's discovery document says, that this machine and "
        "the router's reach it, and that WHISTLE_WEBHOOK_ALLOW names its network where it is an internal one"
    )
    allowed = settings.webhook_allow or (LOOPBACK_NETWORKS if development else "")
    try:
        found = asyncio.run(_discovery(settings, allowed))
    except ProviderAwayError as away:
        yield Finding("organisation's sign-in", False, f"{settings.oidc_issuer}: {away}", advice)
        return
    led = f"{back.geturl().rstrip('/')}/signin/sso/back"
    yield Finding("organisation's sign-in", True, f"{found}; there this address must be registered: {led}")


async def _discovery(settings: Settings, allowed: str) -> str:
    """The issuer, once its discovery document and keys were read. Raises ``ProviderAwayError``."""
    requests = BoundedRequests(Guard(allowed), client(), most=ANSWER_MAX, seconds=REQUEST_SECONDS_MAX)
    provider = Provider(Client(settings.oidc_issuer, settings.oidc_client_id, ""), requests)
    try:
        await provider.keys()
        return (await provider.discovery()).issuer
    finally:
        await close_all()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach ``host``; browsers trust http there (W3C Secure Contexts)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""Whether people can sign in, send their place, and open links at the one public address."""

import ipaddress
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import httpx

from deploy.local.finding import Finding
from deploy.local.ops_token import find_ops_token


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


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach ``host``; browsers trust http there (W3C Secure Contexts)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

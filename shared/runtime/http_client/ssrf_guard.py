"""Protection against server-side request forgery: callbacks may go to public addresses over https, and to internal
networks only where ``WHISTLE_WEBHOOK_ALLOW`` names them.

A name is resolved once per attempt and every address is checked. The connection then goes to the checked address, with
the original name in TLS and Host, so that a second, different answer of the name server (DNS rebinding) has no effect.
"""

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import httpx

from shared.runtime.http_client.name_lookup import NameLookup

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
URL_MAX = 2000


class AddressRefusedError(Exception):
    """A callback address that is not allowed; the message says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """What to request: the URL with the checked IP address, and the headers and extensions that carry the name."""

    url: str
    headers: Mapping[str, str]
    extensions: Mapping[str, Any]


class Guard:
    """Checks callback addresses, when they are saved and at each attempt. ``allow``: networks, comma separated."""

    def __init__(self, allow: str, resolver: Resolve | None = None) -> None:
        self._allowed: list[Network] = [
            ipaddress.ip_network(text.strip(), strict=False) for text in allow.split(",") if text.strip()
        ]
        self._resolver = resolver or NameLookup()

    async def checked(self, url: str) -> Target:
        """Resolve and check ``url``. Raises ``AddressRefusedError``, or ``OSError`` when the name does not resolve."""
        parsed = _parsed(url)
        port = parsed.port or (443 if parsed.scheme == "https" else 80)
        literal = _literal(parsed.host)
        texts = [str(literal)] if literal is not None else await self._resolver(parsed.raw_host.decode("ascii"), port)
        addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in texts]
        if not addresses:
            raise AddressRefusedError("the name has no address")
        for address in addresses:
            if not self._is_allowed(address):
                _check_public(address)
                if parsed.scheme != "https":
                    raise AddressRefusedError("only https")
                if port != 443:
                    raise AddressRefusedError("only port 443")
        host = f"[{addresses[0]}]" if addresses[0].version == 6 else str(addresses[0])
        return Target(
            str(parsed.copy_with(host=host)),
            {"host": parsed.netloc.decode("ascii")},
            {"sni_hostname": parsed.host} if parsed.scheme == "https" else {},
        )

    def check(self, address: str, port: int, ports: Container[int]) -> None:
        """Check the address and port that a socket is about to connect to; public addresses only on ``ports``.

        Raises ``AddressRefusedError``.
        """
        literal = _literal(address.partition("%")[0])
        if literal is None:
            raise AddressRefusedError("not an address")
        if not self._is_allowed(literal):
            _check_public(literal)
            if port not in ports:
                raise AddressRefusedError(f"not port {port}")

    def _is_allowed(self, address: Address) -> bool:
        return any(address in network or _embedded(address) in network for network in self._allowed)


def _check_public(address: Address) -> None:
    embedded = _embedded(address)
    if not (_public(address) and _public(embedded)) or embedded.is_reserved:
        raise AddressRefusedError("the address is internal")


@lru_cache(maxsize=1024)
def _parsed(url: str) -> httpx.URL:
    if len(url) > URL_MAX or any(ord(c) <= 0x20 for c in url):
        raise AddressRefusedError("not an address")
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, UnicodeError) as wrong:
        raise AddressRefusedError("not an address") from wrong
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise AddressRefusedError("only https")
    if parsed.userinfo:
        raise AddressRefusedError("no user name in an address")
    return parsed


def _literal(host: str) -> Address | None:
    """The IP address that ``host`` is, in any spelling that resolvers accept (0x7f.1, 2130706433); else None."""
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _public(address: Address) -> bool:
    """Whether an address is public. Python's ``is_global`` includes the old site-local network (fec0::/10)."""
    site_local = isinstance(address, ipaddress.IPv6Address) and address.is_site_local
    return address.is_global and not address.is_multicast and not site_local


def _embedded(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one (mapped, 6to4, NAT64), or the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address

"""Identities are derived, so that doing a thing twice is doing it once; ``Ids`` draws the few that name an attempt.

An id is a letter that says what it is, and 26 lower-case base-32 characters (130 bits of an HMAC-SHA256 or of a
SHA-256). All ids match ``ID``.
"""

import hashlib
import hmac
import re
from collections.abc import Callable

Ids = Callable[[int], str]
"""Draws an id of so many bytes that nobody can guess, in hexadecimal digits: ``secrets.token_hex``, or a test's."""

ID = re.compile(r"^[A-Za-z0-9_.:-]{1,120}$")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)
_SHIFTS = range(120, -1, -10)


def _letters(digest: bytes) -> str:
    """The first 130 bits in base 32 (RFC 4648, lower case). Two letters at a time: ``base64`` took five times as long
    and ids were 6 % of intake's CPU."""
    number = int.from_bytes(digest[:17], "big") >> 6
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


def secret_id(prefix: str, secret: bytes, *parts: str) -> str:
    """An id that nobody without the installation's secret can guess, from ``parts`` in order."""
    message = b"\x1f".join(part.encode() for part in parts)
    return f"{prefix}{_letters(hmac.digest(secret, message, 'sha256'))}"


def plain_id(prefix: str, *parts: str) -> str:
    """An id that anybody who knows ``parts`` can compute."""
    return f"{prefix}{_letters(hashlib.sha256(chr(31).join(parts).encode()).digest())}"


def report_id(secret: bytes, city: str, app: str, key: str) -> str:
    """The report of ``app``'s idempotency ``key``; not to be guessed."""
    return secret_id("r", secret, "report", city, app, key)


def case_id(report: str) -> str:
    """The case that a report opens, if it opens one."""
    return f"c{report[1:]}"


def opening_report(case: str) -> str:
    """The report that opened a case."""
    return f"r{case[1:]}"


def event_id(aggregate: str, version: int, n: int) -> str:
    """The ``n``-th event of the change that made ``version`` of ``aggregate``."""
    return f"{aggregate}.{version}.{n}"


def alert_id(event: str, recipient: str, channel: str) -> str:
    """One alert per event, recipient and channel."""
    return plain_id("a", event, recipient, channel)


def delivery_id(event: str, webhook: str) -> str:
    """One delivery per event and webhook."""
    return plain_id("d", event, webhook)

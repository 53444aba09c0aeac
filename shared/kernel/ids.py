"""Ids are derived from their cause, so that a repeated operation creates the same ids and has no second effect.

An id is a letter for its kind and 26 lower-case base-32 characters (130 bits of an HMAC-SHA256 or a SHA-256). All ids
match ``ID``. Only ids of attempts (leases, sagas) are random: ``Ids``.
"""

import hashlib
import hmac
import re
from collections.abc import Callable

Ids = Callable[[int], str]
"""Returns so many random bytes as hexadecimal digits: ``secrets.token_hex``, or a seeded one in tests."""

ID = re.compile(r"^[A-Za-z0-9_.:-]{1,120}$")
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(a + b for a in _ALPHABET for b in _ALPHABET)
_SHIFTS = range(120, -1, -10)


def _letters(digest: bytes) -> str:
    """The first 130 bits in base 32 (RFC 4648, lower case), two letters at a time: the ``base64`` module takes five
    times as long, and ids were 6 % of intake's CPU."""
    number = int.from_bytes(digest[:17], "big") >> 6
    return "".join([_PAIRS[number >> shift & 1023] for shift in _SHIFTS])


def secret_id(prefix: str, secret: bytes, *parts: str) -> str:
    """An id derived from ``parts`` that nobody without the installation's secret can compute."""
    message = b"\x1f".join(part.encode() for part in parts)
    return f"{prefix}{_letters(hmac.digest(secret, message, 'sha256'))}"


def plain_id(prefix: str, *parts: str) -> str:
    """An id derived from ``parts`` that anybody who knows them can compute."""
    return f"{prefix}{_letters(hashlib.sha256(chr(31).join(parts).encode()).digest())}"


def report_id(secret: bytes, city: str, app: str, key: str) -> str:
    """The id of the report that ``app`` sent with idempotency ``key``; it cannot be guessed."""
    return secret_id("r", secret, "report", city, app, key)


def case_id(report: str) -> str:
    """The id of the case that ``report`` opens, if it opens one."""
    return f"c{report[1:]}"


def opening_report(case: str) -> str:
    """The id of the report that opened ``case``."""
    return f"r{case[1:]}"


def event_id(aggregate: str, version: int, n: int) -> str:
    """The id of the ``n``-th event of the change to ``version`` of ``aggregate``."""
    return f"{aggregate}.{version}.{n}"


def alert_id(event: str, recipient: str, channel: str) -> str:
    """The id of an alert: one per event, recipient and channel."""
    return plain_id("a", event, recipient, channel)


def delivery_id(event: str, webhook: str) -> str:
    """The id of a webhook delivery: one per event and webhook."""
    return plain_id("d", event, webhook)

"""Which service answers which path of the one public address.

What a rider app, an officer's page or a receiver calls is here; what only services call each other for is not, and is
404 at the public address. A test compares the table with the services' OpenAPI documents.
"""

import re
from typing import Literal, NamedTuple

ServiceName = Literal["intake", "router", "notifier"]


class Rule(NamedTuple):
    """Paths that match ``pattern`` are answered by ``service``; None: by nobody outside."""

    pattern: re.Pattern[str]
    service: ServiceName | None


def _rule(pattern: str, service: ServiceName | None) -> Rule:
    return Rule(re.compile(pattern), service)


RULES: tuple[Rule, ...] = (
    _rule(
        r"/v1/(reporters:(masked|unmask|rewrap|find)|reports:(unseal|with-phone|of-tickets|bridged)|photos:claim)", None
    ),
    _rule(r"/v1/(stream|sessions:holders|cases:of-number)", None),
    _rule(r"/v1/(reports|reporters|photos|nearby|surroundings|categories|my-data)([/:].*)?", "intake"),
    _rule(r"/[pq]/[^/]+", "intake"),
    _rule(r"/[sk]/[^/]+", "notifier"),
    _rule(r"/v1/me/(alert-rules|test-alert|calendar)([/:].*)?", "notifier"),
    _rule(r"/v1/(alerts|webhooks|deliveries|silences|calendars)([/:].*)?", "notifier"),
    _rule(r"/a/[^/]+(/photos/[^/]+)?", "notifier"),
    _rule(r"/v1/cities/.*", None),
    _rule(r"/v1/(units|names|queues|cases|visits|campaigns|patrols|cities|keys|rota|audit|bridges)([/:].*)?", "router"),
    _rule(r"/v1/(follow-up-calls|satisfaction)(/.*)?", "router"),
    _rule(r"/v1/(me|invitations|login-links|sessions|sign-in|rider-sessions|security-log|walls?)([/:].*)?", "router"),
)


_INDIRECT = re.compile(r"/\.{1,2}(/|$)|//|[\x00-\x1f\x7f\\]")
"""What another program may read as another path: ``.`` and ``..`` segments, empty ones, backslashes, controls."""


def service_of(path: str) -> ServiceName | None:
    """The service that answers ``path`` (without escapes), or None."""
    if _INDIRECT.search(path):
        return None
    return next((rule.service for rule in RULES if rule.pattern.fullmatch(path)), None)

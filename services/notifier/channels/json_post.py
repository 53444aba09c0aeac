"""One attempt at a receiver that takes JSON by HTTP, its answer, and how long receivers are left alone that refuse."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from services.notifier.delivery.http_post import Poster, Reply, UnreachableError
from services.notifier.domain.retry import Outcome
from shared.runtime.http_client.ssrf_guard import AddressRefusedError

BUSY_SECONDS = 60.0
"""After too many messages, where the receiver does not say for how long."""
SETTINGS_SECONDS = 300.0
"""After an answer that somebody must correct settings."""


async def post_json(
    poster: Poster, url: str, body: Any, outcome_of: Callable[[Reply], Outcome], headers: Mapping[str, str] = {}
) -> Outcome:
    """Posts ``body``; the outcome is ``refused_address``, ``unreachable``, or what the answer means."""
    return await post_text(poster, url, msgspec.json.encode(body).decode(), outcome_of, headers)


async def post_text(
    poster: Poster, url: str, body: str, outcome_of: Callable[[Reply], Outcome], headers: Mapping[str, str] = {}
) -> Outcome:
    """``post_json`` of a body that is a text already, because it is signed."""
    try:
        reply = await poster.post(url, body, headers)
    except AddressRefusedError:
        return Outcome("refused_address", wait=SETTINGS_SECONDS)
    except UnreachableError:
        return Outcome("unreachable")
    return outcome_of(reply)


def answer_of(reply: Reply) -> dict[str, Any]:
    """The JSON object that was answered; empty if it was none."""
    try:
        answer = msgspec.json.decode(reply.content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return answer if isinstance(answer, dict) else {}

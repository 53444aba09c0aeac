"""One attempt at a receiver that takes JSON by HTTP, and how long receivers are left alone that refuse."""

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
    try:
        reply = await poster.post(url, msgspec.json.encode(body).decode(), headers)
    except AddressRefusedError:
        return Outcome("refused_address", wait=SETTINGS_SECONDS)
    except UnreachableError:
        return Outcome("unreachable")
    return outcome_of(reply)

"""What the robots of chat groups have in common: they answer 200 with a code of their own that says what happened."""

from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from services.notifier.delivery.http_post import Poster, Reply, UnreachableError
from services.notifier.domain.retry import Outcome
from shared.runtime.http_client.ssrf_guard import AddressRefusedError

BUSY_SECONDS = 60.0
SETTINGS_SECONDS = 300.0
"""How long a robot is left alone that needs somebody to mend its settings."""

Verdict = Literal["settings", "words"]


@dataclass(frozen=True, slots=True)
class Codes:
    """What a robot's codes mean; ``name``: the field that holds them, 0 in it is success.

    ``rate``: too many messages, and the seconds that they are refused for. ``settings``: address, signature, keyword or
    network are not those of the robot. ``words``: this message is not taken, another may be.
    """

    name: str
    rate: dict[int, float]
    settings: frozenset[int]
    words: frozenset[int]
    rate_says: dict[int, str] = field(default_factory=dict)
    """Codes that mean too many messages only with this in their text."""


async def asked(poster: Poster, url: str, body: dict[str, Any], codes: Codes) -> Outcome:
    """One attempt at a robot."""
    try:
        reply = await poster.post(url, msgspec.json.encode(body).decode(), {})
    except AddressRefusedError:
        return Outcome("refused_address", wait=SETTINGS_SECONDS)
    except UnreachableError:
        return Outcome("unreachable")
    return judged(reply, codes)


def judged(reply: Reply, codes: Codes) -> Outcome:
    """What a robot's answer means. Without a code in it nothing is known to have been delivered."""
    code, says = _code(reply.content, codes.name)
    if code == 0 and 200 <= reply.status < 300:
        return Outcome("delivered", 0)
    if code in codes.rate_says and codes.rate_says[code] in says:
        return Outcome("rate", code, wait=BUSY_SECONDS, counts=False)
    if code in codes.rate:
        return Outcome("rate", code, wait=codes.rate[code], counts=False)
    if code in codes.settings:
        return Outcome("settings", code, wait=SETTINGS_SECONDS)
    if code in codes.words:
        return Outcome("words", code, counts=False)
    if reply.status == 429:
        return Outcome("rate", 429, wait=reply.retry_after or BUSY_SECONDS, counts=False)
    return Outcome("refused", reply.status if code in (None, 0) else code, wait=reply.retry_after)


def _code(content: bytes, name: str) -> tuple[int | None, str]:
    try:
        answer = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None, ""
    if not isinstance(answer, dict) or not isinstance(answer.get(name), int):
        return None, ""
    return answer[name], str(answer.get("msg", "")).lower()

"""Robots of chat groups: they answer 200 with a code of their own that says what became of the message."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from services.notifier.channels.json_post import BUSY_SECONDS, SETTINGS_SECONDS, post_json
from services.notifier.delivery.http_post import Poster, Reply
from services.notifier.domain.retry import Outcome


@dataclass(frozen=True, slots=True)
class RobotCodes:
    """Which outcome each code of a robot means. 0 is success; a code that is listed nowhere is ``refused``."""

    name: str
    """The field of the answer that holds the code."""
    rate: dict[int, float]
    """Too many messages → for how many seconds the robot refuses further ones."""
    settings: frozenset[int]
    """Address, signature, keyword or network do not match the robot's settings."""
    words: frozenset[int]
    """The robot refuses this message because of its text; it may take another one."""
    rate_says: dict[int, str] = field(default_factory=dict)
    """Codes that mean too many messages only if the answer's text contains this."""


async def post_to_robot(poster: Poster, url: str, body: dict[str, Any], codes: RobotCodes) -> Outcome:
    """One attempt at a robot."""
    return await post_json(poster, url, body, lambda reply: outcome_of(reply, codes))


def outcome_of(reply: Reply, codes: RobotCodes) -> Outcome:
    """What a robot's answer means. An answer without a code counts as not delivered."""
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

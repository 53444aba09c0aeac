"""Robots of DingTalk groups (钉钉自定义机器人).

https://open.dingtalk.com/document/robots/custom-robot-access: 20 messages a minute, more are refused for ten minutes;
20,000 bytes. Signature: https://open.dingtalk.com/document/robots/customize-robot-security-settings
"""

import base64
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

import msgspec

from services.notifier.channels.channel import Message
from services.notifier.channels.robots import RobotCodes, post_to_robot
from services.notifier.delivery.http_post import SECONDS_MAX, Poster
from services.notifier.domain.rate_limit import Pace
from services.notifier.domain.retry import Outcome
from shared.city.people.receivers import Receiver
from shared.runtime.timekeeping.wall_clock import real_now

BODY_BYTES_MAX = 20_000
BLOCKED_SECONDS = 600.0
CODES = RobotCodes(
    name="errcode",
    rate={130101: BLOCKED_SECONDS, 410100: BLOCKED_SECONDS},
    settings=frozenset({310000, 300001, 300005, 400013, 400101, 400102, 400106}),
    words=frozenset({101002, 460101, 430101, 430102, 430103, 430104}),
)
"""130101, 410100 too many messages; 310000 keyword, signature or network; 30000x, 4001xx no such token or robot, or
stopped; 400013 no such group; 101002, 460101 too long; 43010x the filter refuses a link, a text or a picture."""


class DingTalk:
    """Posts to a robot's address; signs the address if the pack has the robot's ``secret`` (加签)."""

    pace = Pace(20)
    seconds = SECONDS_MAX

    def __init__(self, poster: Poster, now: Callable[[], datetime] = real_now) -> None:
        self._poster = poster
        self._now = now

    def fits(self, receiver: Receiver, text: str) -> bool:
        return len(msgspec.json.encode(_body(text))) <= BODY_BYTES_MAX

    async def send(self, receiver: Receiver, message: Message) -> Outcome:
        url = receiver.url
        if receiver.secret:
            milliseconds = int(self._now().timestamp() * 1000)
            url += f"{'&' if '?' in url else '?'}timestamp={milliseconds}&sign={sign(receiver.secret, milliseconds)}"
        return await post_to_robot(self._poster, url, _body(message.text), CODES)


def sign(secret: str, milliseconds: int) -> str:
    """HMAC-SHA256 of the time, a line break and the secret under the secret, in base64, quoted for an address."""
    digest = hmac.digest(secret.encode(), f"{milliseconds}\n{secret}".encode(), "sha256")
    return quote_plus(base64.b64encode(digest))


def _body(text: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": text}}

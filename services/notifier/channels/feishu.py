"""Robots of Feishu and Lark groups (飞书自定义机器人).

https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot: 100 messages a minute and 5 a second, 20 kB.
"""

import base64
import hmac
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from services.notifier.channels.channel import Message
from services.notifier.channels.robots import RobotCodes, post_to_robot
from services.notifier.delivery.http_post import SECONDS_MAX, Poster
from services.notifier.domain.rate_limit import Pace
from services.notifier.domain.retry import Outcome
from shared.city.people.receivers import Receiver
from shared.runtime.timekeeping.wall_clock import real_now

BODY_BYTES_MAX = 20_000
SIGNED_BYTES = 100
"""Room in the body for time and signature."""
CODES = RobotCodes(
    name="code",
    rate={11232: 10.0},
    settings=frozenset({19001, 19021, 19022, 19024}),
    words=frozenset({9499, 19002}),
    rate_says={9499: "too many"},
)
"""11232 too many messages, or Feishu is busy at the full hour; 19001 no such robot, 19021 signature or time, 19022
network, 19024 keyword; 9499 "Bad Request", which is also the code of "too many request"; 19002 a parameter."""


class Feishu:
    """Posts to a robot's address; signs the body if the pack has the robot's ``secret`` (签名校验)."""

    pace = Pace(100, apart=0.2)
    seconds = SECONDS_MAX

    def __init__(self, poster: Poster, now: Callable[[], datetime] = real_now) -> None:
        self._poster = poster
        self._now = now

    def fits(self, receiver: Receiver, text: str) -> bool:
        return len(msgspec.json.encode(_body(text))) + SIGNED_BYTES <= BODY_BYTES_MAX

    async def send(self, receiver: Receiver, message: Message) -> Outcome:
        body = _body(message.text)
        if receiver.secret:
            seconds = int(self._now().timestamp())
            body |= {"timestamp": str(seconds), "sign": sign(receiver.secret, seconds)}
        return await post_to_robot(self._poster, receiver.url, body, CODES)


def sign(secret: str, seconds: int) -> str:
    """HMAC-SHA256 of nothing, under the time, a line break and the secret; in base64."""
    return base64.b64encode(hmac.digest(f"{seconds}\n{secret}".encode(), b"", "sha256")).decode()


def _body(text: str) -> dict[str, Any]:
    return {"msg_type": "text", "content": {"text": text}}

"""WeCom (企业微信): robots of groups (群机器人); messages of an app to a member are in ``wecom_app``.

https://developer.work.weixin.qq.com/document/path/91770: 20 messages a minute, 2,048 bytes of text; codes:
https://developer.work.weixin.qq.com/document/path/90313. Text and not markdown, which WeChat's WeCom plug-in does not
show.
"""

from services.notifier.channels.channel import Message
from services.notifier.channels.json_post import BUSY_SECONDS
from services.notifier.channels.robots import RobotCodes, post_to_robot
from services.notifier.channels.wecom_app import SECONDS, AppMessages
from services.notifier.delivery.http_post import Poster
from services.notifier.domain.rate_limit import Pace
from services.notifier.domain.retry import Outcome
from shared.city.people.receivers import Receiver

TEXT_BYTES_MAX = 2048
CODES = RobotCodes(
    name="errcode",
    rate={45009: BUSY_SECONDS, 45033: 5.0},
    settings=frozenset({93000, 93004, 93008}),
    words=frozenset({40058, 44004, 45002}),
)
"""45009 frequency, 45033 too many at once; 93000 no such robot, 93004 stopped, 93008 not in the group; 40058 and 45002
too long, 44004 empty."""


class WeCom:
    """Posts to the address from the robot's page in WeCom, which contains the robot's key; to a member, as an app."""

    pace = Pace(20)
    seconds = SECONDS

    def __init__(self, poster: Poster) -> None:
        self._poster = poster
        self._app = AppMessages(poster)

    def fits(self, receiver: Receiver, text: str) -> bool:
        return len(text.encode()) <= TEXT_BYTES_MAX

    async def send(self, receiver: Receiver, message: Message) -> Outcome:
        if receiver.to:
            return await self._app.send(receiver, message)
        body = {"msgtype": "text", "text": {"content": message.text}}
        return await post_to_robot(self._poster, receiver.url, body, CODES)

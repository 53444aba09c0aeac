"""Text messages by any gateway that takes JSON: the pack says its address, what it reads and how it says yes."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from services.notifier.channels.channel import Message
from services.notifier.channels.robots import BUSY_SECONDS, SETTINGS_SECONDS
from services.notifier.delivery.http_post import SECONDS_MAX, Poster, Reply, UnreachableError
from services.notifier.domain.rate_limit import Pace
from services.notifier.domain.retry import Outcome
from shared.city.people.receivers import Receiver
from shared.runtime.http_client.ssrf_guard import AddressRefusedError

LENGTH = 300
BODY = {"id": "{id}", "to": "{to}", "text": "{text}"}
"""What is posted when the pack does not say. A gateway that knows an ``id`` again sends a message once."""
_PLACE = re.compile(r"\{(id|to|title|text|link)\}")


class Sms:
    """One telephone; few messages, since each costs money and patience."""

    pace = Pace(6)
    seconds = SECONDS_MAX

    def __init__(self, poster: Poster) -> None:
        self._poster = poster

    def fits(self, receiver: Receiver, text: str) -> bool:
        return len(text) <= (receiver.length or LENGTH)

    async def send(self, receiver: Receiver, message: Message) -> Outcome:
        values = {
            "id": message.id,
            "to": receiver.to,
            "title": message.title,
            "text": message.text,
            "link": message.link,
        }
        body = msgspec.json.encode(filled(receiver.body or BODY, values)).decode()
        try:
            reply = await self._poster.post(
                receiver.url, body, {name.lower(): value for name, value in receiver.headers.items()}
            )
        except AddressRefusedError:
            return Outcome("refused_address", wait=SETTINGS_SECONDS)
        except UnreachableError:
            return Outcome("unreachable")
        return _judged(reply, receiver.success)


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """``value`` with ``{to}``, ``{text}``, … in its texts replaced."""
    if isinstance(value, str):
        return _PLACE.sub(lambda match: values[match[1]], value)
    if isinstance(value, dict):
        return {name: filled(inner, values) for name, inner in value.items()}
    return [filled(inner, values) for inner in value] if isinstance(value, list) else value


def _judged(reply: Reply, success: Mapping[str, Any]) -> Outcome:
    if reply.status == 429:
        return Outcome("rate", 429, wait=reply.retry_after or BUSY_SECONDS, counts=False)
    if 200 <= reply.status < 300 and _says(reply.content, success):
        return Outcome("delivered", reply.status)
    return Outcome("refused", reply.status, wait=reply.retry_after)


def _says(content: bytes, success: Mapping[str, Any]) -> bool:
    """Whether the answer has every field of ``success`` with that value."""
    if not success:
        return True
    try:
        answer = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return isinstance(answer, dict) and all(answer.get(name) == value for name, value in success.items())

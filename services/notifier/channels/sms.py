"""Text messages: by registered templates through a cloud (``gateways``), which is how they are sent in China.

Or as text through any gateway that takes JSON: the pack has its address, the body that it expects and the fields of its
answer that mean success.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from services.notifier.channels.channel import Message
from services.notifier.channels.gateways.cloud import NO_TEMPLATE, Gateways
from services.notifier.channels.json_post import BUSY_SECONDS, post_json
from services.notifier.delivery.http_post import SECONDS_MAX, Poster, Reply
from services.notifier.domain.rate_limit import Pace
from services.notifier.domain.retry import Outcome
from shared.city.people.receivers import Receiver

LENGTH = 300
BODY = {"id": "{id}", "to": "{to}", "text": "{text}"}
"""The body if the pack has none. A gateway that remembers each ``id`` does not send a message twice."""
_PLACEHOLDER = re.compile(r"\{(id|to|title|text|link)\}")


class Sms:
    """Sends to one telephone number; few messages a minute, because each costs money."""

    pace = Pace(6)
    seconds = SECONDS_MAX

    def __init__(self, poster: Poster, gateways: Gateways) -> None:
        self._poster = poster
        self._gateways = gateways

    def fits(self, receiver: Receiver, text: str) -> bool:
        """A template fits however many alerts there are: it says their number."""
        return receiver.gateway is not None or len(text) <= (receiver.length or LENGTH)

    async def send(self, receiver: Receiver, message: Message) -> Outcome:
        if message.by_template is not None:
            return await self._gateways.text_message(receiver, message.by_template)
        if receiver.gateway is not None:
            return NO_TEMPLATE
        values = {
            "id": message.id,
            "to": receiver.to,
            "title": message.title,
            "text": message.text,
            "link": message.link,
        }
        body = filled(receiver.body or BODY, values)
        headers = {name.lower(): value for name, value in receiver.headers.items()}
        return await post_json(
            self._poster, receiver.url, body, lambda reply: _outcome_of(reply, receiver.success), headers
        )


def filled(value: Any, values: Mapping[str, str]) -> Any:
    """``value`` with ``{to}``, ``{text}``, … in its texts replaced."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda match: values[match[1]], value)
    if isinstance(value, dict):
        return {name: filled(inner, values) for name, inner in value.items()}
    return [filled(inner, values) for inner in value] if isinstance(value, list) else value


def _outcome_of(reply: Reply, success: Mapping[str, Any]) -> Outcome:
    if reply.status == 429:
        return Outcome("rate", 429, wait=reply.retry_after or BUSY_SECONDS, counts=False)
    if 200 <= reply.status < 300 and _has_fields(reply.content, success):
        return Outcome("delivered", reply.status)
    return Outcome("refused", reply.status, wait=reply.retry_after)


def _has_fields(content: bytes, success: Mapping[str, Any]) -> bool:
    """Whether the answer has every field of ``success`` with that value."""
    if not success:
        return True
    try:
        answer = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return isinstance(answer, dict) and all(answer.get(name) == value for name, value in success.items())

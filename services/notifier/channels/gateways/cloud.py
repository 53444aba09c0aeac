"""The seam to clouds that send text messages and make calls by registered templates: a request for each, and what its
answer means. ``send`` is the one way out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.notifier.channels.channel import TemplateMessage
from services.notifier.channels.gateways.aliyun import Aliyun
from services.notifier.channels.gateways.request import SignedRequest
from services.notifier.channels.gateways.tencent import Tencent
from services.notifier.channels.json_post import post_text
from services.notifier.delivery.http_post import Poster, Reply
from services.notifier.domain.retry import Outcome
from shared.city.model.channels import Gateway
from shared.city.people.receivers import Receiver


class Cloud(Protocol):
    """One provider. ``at``: the real time, which is signed; ``nonce``: used once."""

    def text_message(self, to: Receiver, message: TemplateMessage, at: datetime, nonce: str) -> SignedRequest:
        """The request that sends a text message."""

    def call(self, to: Receiver, message: TemplateMessage, at: datetime, nonce: str) -> SignedRequest:
        """The request that makes a call which reads the message out and listens for a key."""

    def outcome_of(self, reply: Reply) -> Outcome:
        """What the answer to either means; of a call with its id."""


NO_TEMPLATE = Outcome("no_template", final=True, counts=False)
"""A text for which no template is registered: it is not sent."""
CLOUDS: Mapping[Gateway, Cloud] = {"aliyun": Aliyun(), "tencent": Tencent()}


@dataclass(frozen=True, slots=True)
class Gateways:
    """Sends by whichever cloud a receiver has. ``nonce`` makes a text that was never used."""

    poster: Poster
    now: Callable[[], datetime]
    nonce: Callable[[], str]

    async def text_message(self, to: Receiver, message: TemplateMessage) -> Outcome:
        """One attempt; ``to`` has a ``gateway``."""
        return await self._sent(to, CLOUDS[_gateway(to)].text_message(to, message, self.now(), self.nonce()))

    async def call(self, to: Receiver, message: TemplateMessage) -> Outcome:
        """One attempt; ``to`` has a ``gateway``."""
        return await self._sent(to, CLOUDS[_gateway(to)].call(to, message, self.now(), self.nonce()))

    async def _sent(self, to: Receiver, request: SignedRequest) -> Outcome:
        outcome_of = CLOUDS[_gateway(to)].outcome_of
        return await post_text(self.poster, request.url, request.body, outcome_of, request.headers)


def _gateway(to: Receiver) -> Gateway:
    assert to.gateway is not None  # noqa: S101 - the pack's check requires it, and senders ask for it
    return to.gateway

"""Calls: a registered template is read out, and a key that is pressed signs for the case.

Only a danger that nobody has signed for is called for, some minutes after its alert (``delivery.unsigned_danger``). The
key comes back to ``http.key_presses``.
"""

from services.notifier.channels.channel import Message
from services.notifier.channels.gateways.cloud import NO_TEMPLATE, Gateways
from services.notifier.delivery.http_post import SECONDS_MAX
from services.notifier.domain.rate_limit import Pace
from services.notifier.domain.retry import Outcome
from shared.city.people.receivers import Receiver


class Voice:
    """Calls one number once a minute, which is as often as the gateways do."""

    pace = Pace(1)
    seconds = SECONDS_MAX

    def __init__(self, gateways: Gateways) -> None:
        self._gateways = gateways

    def fits(self, receiver: Receiver, text: str) -> bool:
        return True

    async def send(self, receiver: Receiver, message: Message) -> Outcome:
        if message.by_template is None:
            return NO_TEMPLATE
        return await self._gateways.call(receiver, message.by_template)

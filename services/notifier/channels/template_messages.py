"""Which template a message becomes for a receiver that is sent templates only, with the short code of its link."""

from collections.abc import Sequence

from services.notifier.channels.channel import TemplateMessage
from services.notifier.channels.templates import TEMPLATES, call_message, text_message, text_template
from services.notifier.documents.alert import Alert
from services.notifier.http.short_links import ShortLinks
from shared.city.pack import Pack
from shared.city.people.receivers import Receiver


class TemplateMessages:
    """Fills templates; makes the codes of their links work before they are sent."""

    def __init__(self, links: ShortLinks) -> None:
        self._links = links

    async def of(self, receiver: Receiver, alerts: Sequence[Alert], pack: Pack) -> TemplateMessage | None:
        """None for a receiver that takes texts. Raises ``MongoError``."""
        if receiver.gateway is None or not alerts:
            return None
        if receiver.kind == "voice":
            return call_message(alerts[0], pack)
        linked = len(alerts) == 1 and "code" in TEMPLATES[text_template(alerts[0])].variables
        code = await self._links.code(alerts[0]) if linked else ""
        return text_message(alerts, pack, code)

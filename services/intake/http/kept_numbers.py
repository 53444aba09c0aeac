"""Asks the router which reports a number means that a county platform gave to what began here."""

import httpx
import msgspec

from shared.contracts.exchange import NumberedReports
from shared.kernel.errors import unavailable
from shared.runtime.http_client import client as http_client
from shared.runtime.settings import Settings

AWAY = "Whether a platform gave this number to a report cannot be asked now."


class KeptNumbers:
    """The router's numbers."""

    def __init__(self, settings: Settings, auth: httpx.Auth, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = http_client.client(settings.router_url, transport=transport, auth=auth)

    async def reports(self, city: str, number: str) -> list[str]:
        """Ids of the reports, newest first. Raises ``Refusal`` 503 while the router does not say."""
        try:
            answer = await self._client.post("/v1/cases:of-number", json={"city": city, "number": number})
        except httpx.HTTPError as away:
            raise unavailable(AWAY) from away
        if answer.status_code != 200:
            raise unavailable(AWAY)
        return msgspec.json.decode(answer.content, type=NumberedReports).reports

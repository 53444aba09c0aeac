"""Asks intake which reports a ticket elsewhere has, and hands it new rows of a sheet."""

from collections.abc import Sequence
from typing import TypeVar

import httpx
import msgspec

from shared.contracts.exchange import TakenReport, TakenReports, TicketReport, TicketReports
from shared.kernel.errors import unavailable
from shared.runtime.http_client import client as http_client
from shared.runtime.settings import Settings

NUMBERS_AT_ONCE = 200
REPORTS_AT_ONCE = 200
SECONDS = 60.0
T = TypeVar("T")
_encoder = msgspec.json.Encoder()


class IntakeTickets:
    """Intake's routes for sheets."""

    def __init__(self, settings: Settings, auth: httpx.Auth, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = http_client.client(settings.intake_url, transport=transport, auth=auth)

    async def of(self, city: str, numbers: Sequence[str]) -> dict[str, list[TicketReport]]:
        """The reports of each number; numbers that no report has are absent. Raises ``Refusal`` 503."""
        found: dict[str, list[TicketReport]] = {}
        for at in range(0, len(numbers), NUMBERS_AT_ONCE):
            asked = {"city": city, "numbers": list(numbers[at : at + NUMBERS_AT_ONCE])}
            found |= (await self._ask("/v1/reports:of-tickets", asked, TicketReports)).items
        return found

    async def take(self, city: str, bridge: str, reports: Sequence[dict[str, object]]) -> list[TakenReport]:
        """What became of each, in their order; one that was sent before under its key is not stored again.

        Raises ``Refusal`` 503 where it is unknown.
        """
        taken: list[TakenReport] = []
        for at in range(0, len(reports), REPORTS_AT_ONCE):
            sent = {"city": city, "bridge": bridge, "reports": list(reports[at : at + REPORTS_AT_ONCE])}
            taken += (await self._ask("/v1/reports:bridged", sent, TakenReports)).items
        return taken

    async def _ask(self, path: str, body: object, shape: type[T]) -> T:
        try:
            answer = await self._client.post(
                path,
                content=_encoder.encode(body),
                headers={"content-type": "application/json"},
                timeout=SECONDS,
            )
        except httpx.HTTPError as away:
            raise unavailable("Intake does not answer. Import the same file again.") from away
        if answer.status_code != 200:
            raise unavailable("Intake cannot take the sheet now. Import the same file again.")
        return msgspec.json.decode(answer.content, type=shape)

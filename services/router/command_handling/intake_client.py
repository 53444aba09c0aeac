"""Reporters' names and confidential words are stored by intake alone: the router asks for them over HTTP."""

from collections.abc import Sequence
from typing import TypeVar

import httpx
import msgspec
import structlog

from shared.contracts.persons import KnownReporter, MaskedReporter, MaskedReporters, ReportsWithPhone, SealedReport
from shared.kernel.errors import Refusal, not_found, unavailable
from shared.runtime.http_client import client as http_client
from shared.runtime.settings import Settings

log = structlog.get_logger()
T = TypeVar("T")
AWAY = "It is on record that you asked, but intake does not answer. Repeat with the same key."


class IntakePersons:
    """Intake's routes for reporters and sealed reports."""

    def __init__(self, settings: Settings, auth: httpx.Auth, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = http_client.client(settings.intake_url, transport=transport, auth=auth)

    async def masked(self, city: str, reports: Sequence[str]) -> dict[str, MaskedReporter]:
        """Masked names and numbers by report; empty while intake is away, since a list is readable without them."""
        try:
            told = await self._ask("/v1/reporters:masked", {"city": city, "reports": list(reports)}, MaskedReporters)
        except Refusal as away:
            log.warning("reporters.not_masked", reason=away.detail)
            return {}
        return told.items

    async def with_phone(self, city: str, last: str) -> list[str]:
        """Reports whose reporters' telephone numbers end with these four digits."""
        told = await self._ask("/v1/reports:with-phone", {"city": city, "phone_last": last}, ReportsWithPhone)
        return told.items

    async def unmask(self, about: dict[str, str]) -> KnownReporter:
        return await self._ask("/v1/reporters:unmask", about, KnownReporter)

    async def unseal(self, about: dict[str, str]) -> SealedReport:
        return await self._ask("/v1/reports:unseal", about, SealedReport)

    async def _ask(self, path: str, body: object, shape: type[T]) -> T:
        """Raises ``Refusal``: 404 for a report that is not the case's, 503 when intake is away."""
        try:
            answer = await self._client.post(path, json=body)
        except httpx.HTTPError as away:
            raise unavailable(AWAY) from away
        if answer.status_code == 404:
            raise not_found("report of this case")
        if answer.status_code != 200:
            raise unavailable(AWAY)
        return msgspec.json.decode(answer.content, type=shape)

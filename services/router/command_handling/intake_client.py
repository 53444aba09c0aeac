"""Reporters' names and confidential words are stored by intake alone: the router asks for them over HTTP."""

from collections.abc import Sequence
from typing import Any

import httpx
import structlog

from shared.kernel.errors import Refusal, not_found, unavailable
from shared.runtime.http_client import client as http_client
from shared.runtime.settings import Settings

log = structlog.get_logger()
AWAY = "It is on record that you asked, but intake does not answer. Repeat with the same key."


class IntakePersons:
    """Intake's routes for reporters and sealed reports."""

    def __init__(self, settings: Settings, auth: httpx.Auth, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = http_client.client(settings.intake_url, transport=transport, auth=auth)

    async def masked(self, city: str, reports: Sequence[str]) -> dict[str, Any]:
        """Masked names and numbers by report; empty while intake is away, since a list is readable without them."""
        try:
            told: dict[str, Any] = await self._ask("/v1/reporters:masked", {"city": city, "reports": list(reports)})
        except Refusal as away:
            log.warning("reporters.not_masked", reason=away.detail)
            return {}
        items: dict[str, Any] = told["items"]
        return items

    async def unmask(self, about: dict[str, str]) -> dict[str, Any]:
        return await self._ask("/v1/reporters:unmask", about)

    async def unseal(self, about: dict[str, str]) -> dict[str, Any]:
        return await self._ask("/v1/reports:unseal", about)

    async def _ask(self, path: str, body: object) -> dict[str, Any]:
        """Raises ``Refusal``: 404 for a report that is not the case's, 503 when intake is away."""
        try:
            answer = await self._client.post(path, json=body)
        except httpx.HTTPError as away:
            raise unavailable(AWAY) from away
        if answer.status_code == 404:
            raise not_found("report of this case")
        if answer.status_code != 200:
            raise unavailable(AWAY)
        told: dict[str, Any] = answer.json()
        return told

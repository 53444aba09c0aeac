"""Who reported, and what a confidential report says: asked of intake, for those whom the pack names, on the record.

The act is recorded first. What intake answers goes to the officer and is kept nowhere.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import httpx
import structlog

from services.router.command_bodies import UnmaskBody, UnsealBody
from services.router.officers import Officers
from shared.kernel.errors import Refusal, forbidden, not_found, unavailable
from shared.kernel.ids import opening_report
from shared.runtime import http_client
from shared.runtime.http_server import Answer, Call
from shared.runtime.identity.directory import Principal
from shared.runtime.identity.tokens import service_token
from shared.runtime.settings import Settings

log = structlog.get_logger()
AWAY = "It is on record that you asked, but intake does not answer. Repeat with the same key."


class IntakePersons:
    """What intake tells of reporters, over HTTP."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = http_client.client(settings.intake_url, transport=transport)
        self._headers = {"authorization": f"Bearer {service_token(settings.secret_text)}"}

    async def masked(self, city: str, reports: Sequence[str]) -> dict[str, Any]:
        """Masked names and numbers by report; nothing while intake is away: a list is readable without them."""
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
            answer = await self._client.post(path, json=body, headers=self._headers)
        except httpx.HTTPError as away:
            raise unavailable(AWAY) from away
        if answer.status_code == 404:
            raise not_found("report of this case")
        if answer.status_code != 200:
            raise unavailable(AWAY)
        told: dict[str, Any] = answer.json()
        return told


class Privacy:
    """``unmask`` and ``unseal``: commands that answer more than the case."""

    def __init__(self, officers: Officers, persons: IntakePersons) -> None:
        self._officers = officers
        self._persons = persons

    async def unmask(self, call: Call, who: Principal) -> Answer:
        report = call.body_as(UnmaskBody).report
        return await self._looked("unmask", call, who, report, "reporter", self._persons.unmask)

    async def unseal(self, call: Call, who: Principal) -> Answer:
        report = call.body_as(UnsealBody).report or opening_report(call.path["id"])
        return await self._looked("unseal", call, who, report, "sealed", self._persons.unseal)

    async def _looked(
        self,
        name: str,
        call: Call,
        who: Principal,
        report: str,
        field: str,
        ask: Callable[[dict[str, str]], Awaitable[dict[str, Any]]],
    ) -> Answer:
        """An answer that is repeated is asked for anew, so the right is looked at anew as well."""
        if not await self._officers.is_trusted(who, call.path["id"]):
            raise forbidden(f"The city's pack does not name you for {name}.")
        recorded = await self._officers.carry_out(name, call, who)
        about = {"city": who.city, "case": call.path["id"], "report": report, "person": who.who}
        return Answer({"case": recorded.body, "report": report, field: await ask(about)}, 200, recorded.headers)

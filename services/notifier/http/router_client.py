"""Calls to the router: commands in a person's name, each under an idempotency key, and whether a person sees a case."""

from urllib.parse import quote

import httpx

from services.notifier.documents.alert import Alert
from shared.kernel.errors import Refusal, unavailable
from shared.runtime.http_client import client as http_client
from shared.runtime.settings import Settings

NOT_RECORDED = "Not recorded, press again."
NOT_SHOWN = "Whether the case may be shown cannot be asked now."


class RouterClient:
    """HTTP calls to the router."""

    def __init__(self, settings: Settings, auth: httpx.Auth, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = http_client.client(settings.router_url, transport=transport, auth=auth)

    async def command(self, alert: Alert, command: str, *, key: str, person: str) -> None:
        """``command`` on the alert's case, as ``person``. Raises ``Refusal``: the router's, or 503 when it is away."""
        headers = {"idempotency-key": key, **_acting(alert, person)}
        body = {"part": alert.part} if alert.part is not None else {}
        try:
            answer = await self._client.post(f"/v1/cases/{alert.case}/{command}", json=body, headers=headers)
        except httpx.HTTPError as away:
            raise unavailable(NOT_RECORDED) from away
        if answer.status_code == 200:
            return
        if answer.status_code >= 500:
            raise unavailable(NOT_RECORDED)
        problem = answer.json()
        extra = {name: problem[name] for name in ("state", "commands") if name in problem}
        kind = str(problem.get("type", "")).rpartition(":")[2] or "refused"
        raise Refusal(answer.status_code, kind, str(problem.get("detail", "")), extra=extra)

    async def shows(self, alert: Alert, person: str) -> bool:
        """Whether ``person`` sees the alert's case now. Raises ``Refusal`` 503 when the router is away."""
        try:
            answer = await self._client.get(f"/v1/cases/{alert.case}", headers=_acting(alert, person))
        except httpx.HTTPError as away:
            raise unavailable(NOT_SHOWN) from away
        if answer.status_code in (200, 403, 404):
            return answer.status_code == 200
        raise unavailable(NOT_SHOWN)


def _acting(alert: Alert, person: str) -> dict[str, str]:
    """Headers that name the person in whose name we call, and the alert's trace."""
    headers = {"whistle-city": alert.city, "whistle-person": quote(person)}
    return {**headers, "traceparent": alert.trace} if alert.trace else headers

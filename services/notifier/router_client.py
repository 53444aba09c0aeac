"""The router, as the notifier calls it: commands for a person, under a key that makes them happen once."""

from urllib.parse import quote

import httpx

from shared.kernel.errors import Refusal, unavailable
from shared.runtime import http_client
from shared.runtime.identity.tokens import service_token
from shared.runtime.mongo import Document
from shared.runtime.settings import Settings

NOT_RECORDED = "Not recorded, press again."


class RouterClient:
    """HTTP calls to the router."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = http_client.client(settings.router_url, transport=transport)
        self._token = service_token(settings.secret_text)

    async def command(self, alert: Document, command: str, *, key: str, person: str) -> None:
        """``command`` on the alert's case, as ``person``. Raises ``Refusal``: the router's, or 503 when it is away."""
        headers = {
            "authorization": f"Bearer {self._token}",
            "idempotency-key": key,
            "whistle-city": alert["city"],
            "whistle-person": quote(person),
        }
        if alert.get("trace"):
            headers["traceparent"] = alert["trace"]
        body = {"part": alert["part"]} if alert.get("part") is not None else {}
        try:
            answer = await self._client.post(f"/v1/cases/{alert['case']}/{command}", json=body, headers=headers)
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

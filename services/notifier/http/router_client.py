"""Calls to the router: cases and commands in a person's name, each command under an idempotency key."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from services.notifier.documents.alert import Alert
from shared.case_page.case_answer import CaseSeen, seen
from shared.kernel.errors import FieldError, Refusal, unavailable
from shared.runtime.http_client import client as http_client
from shared.runtime.settings import Settings

NOT_RECORDED = "Not recorded, press again."
NOT_SHOWN = "Whether the case may be shown cannot be asked now."


class Problem(msgspec.Struct):
    """What is read of a problem document (RFC 9457)."""

    type: str = ""
    detail: str = ""
    errors: list[dict[str, str]] = []
    state: str | None = None
    commands: list[str] | None = None
    reason: str | None = None


class RouterClient:
    """HTTP calls to the router."""

    def __init__(self, settings: Settings, auth: httpx.Auth, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = http_client.client(settings.router_url, transport=transport, auth=auth)

    async def command(
        self,
        alert: Alert,
        command: str,
        *,
        key: str,
        person: str,
        body: Mapping[str, Any] | None = None,
        if_match: str | None = None,
    ) -> CaseSeen | None:
        """``command`` on the alert's case, as ``person``; the case after it, None where that is told by a repeat.

        Without a ``body`` only the alert's part is named. Raises ``Refusal``: the router's, or 503 when it is away.
        """
        headers = {
            "idempotency-key": key,
            **acting(alert, person),
            **({"if-match": f'"{if_match}"'} if if_match else {}),
        }
        sent = body if body is not None else {"part": alert.part} if alert.part is not None else {}
        try:
            answer = await self._client.post(f"/v1/cases/{alert.case}/{command}", json=sent, headers=headers)
        except httpx.HTTPError as away:
            raise unavailable(NOT_RECORDED) from away
        if answer.status_code == 200:
            return None if "idempotent-replayed" in answer.headers else _seen(answer)
        raise refusal_of(answer)

    async def case(self, alert: Alert, person: str) -> CaseSeen | None:
        """The alert's case as ``person`` sees it; None where he does not. Raises ``Refusal`` 503 when it is away."""
        try:
            answer = await self._client.get(f"/v1/cases/{alert.case}", headers=acting(alert, person))
        except httpx.HTTPError as away:
            raise unavailable(NOT_SHOWN) from away
        if answer.status_code in (403, 404):
            return None
        found = _seen(answer) if answer.status_code == 200 else None
        if found is None:
            raise unavailable(NOT_SHOWN)
        return found


def refusal_of(answer: httpx.Response) -> Refusal:
    """The refusal that a service answered; 503 where it failed or does not know us."""
    if answer.status_code >= 500 or answer.status_code == 401:
        return unavailable(NOT_RECORDED)
    try:
        problem = msgspec.json.decode(answer.content, type=Problem)
    except msgspec.DecodeError:
        problem = Problem()
    named = {"state": problem.state, "commands": problem.commands, "reason": problem.reason}
    errors = tuple(FieldError(error.get("pointer", ""), error.get("detail", "")) for error in problem.errors)
    extra: dict[str, object] = {name: value for name, value in named.items() if value is not None}
    return Refusal(
        answer.status_code, problem.type.rpartition(":")[2] or "refused", problem.detail, errors, extra=extra
    )


def acting(alert: Alert, person: str) -> dict[str, str]:
    """Headers that name the person in whose name we call, and the alert's trace."""
    headers = {"whistle-city": alert.city, "whistle-person": quote(person)}
    return {**headers, "traceparent": alert.trace} if alert.trace else headers


def _seen(answer: httpx.Response) -> CaseSeen | None:
    try:
        return seen(answer.content, answer.headers.get("etag", ""))
    except msgspec.DecodeError:
        return None

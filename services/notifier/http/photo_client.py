"""Calls to intake in a person's name: the photos of a case, small, and a photo of what was done."""

import hashlib

import httpx

from services.notifier.documents.alert import Alert
from services.notifier.http.router_client import NOT_RECORDED, acting, refusal_of
from shared.kernel.errors import Refusal, unavailable
from shared.kernel.ids import plain_id
from shared.runtime.http_client import client as http_client
from shared.runtime.settings import Settings

NOT_SHOWN = "Photos cannot be shown now."


class PhotoClient:
    """HTTP calls to intake's routes for photos."""

    def __init__(self, settings: Settings, auth: httpx.Auth, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = http_client.client(settings.intake_url, transport=transport, auth=auth)

    async def send(self, alert: Alert, content: bytes, *, key: str) -> str:
        """Stores a photo as the alert's recipient; its id. The same bytes under the same ``key`` are one photo.

        Raises ``Refusal``: intake's (413, 415, 422, 429), or 503 when it is away.
        """
        own = plain_id("photo", key, hashlib.sha256(content).hexdigest())
        headers = {"idempotency-key": own, "content-type": "application/octet-stream", **acting(alert, alert.recipient)}
        try:
            answer = await self._client.post("/v1/photos", content=content, headers=headers)
        except httpx.HTTPError as away:
            raise unavailable(NOT_RECORDED) from away
        if answer.status_code != 201:
            raise refusal_of(answer)
        return str(answer.json()["id"])

    async def thumb(self, alert: Alert, photo: str) -> bytes | None:
        """A clean photo, small, as JPEG; None where there is none that he may see. Raises ``Refusal`` 503."""
        headers = acting(alert, alert.recipient)
        try:
            answer = await self._client.get(f"/v1/photos/{photo}", params={"size": "thumb"}, headers=headers)
        except httpx.HTTPError as away:
            raise unavailable(NOT_SHOWN) from away
        if answer.status_code == 200:
            return answer.content
        refusal: Refusal = refusal_of(answer)
        if refusal.status == 503:
            raise refusal
        return None

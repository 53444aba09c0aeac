"""Photos lie with intake: a command that shows some claims them there before it is carried out."""

import httpx

from shared.kernel.errors import FieldError, invalid, unavailable
from shared.runtime.http_client import client as http_client
from shared.runtime.settings import Settings


class PhotoClaims:
    """Asks intake over HTTP."""

    def __init__(self, settings: Settings, auth: httpx.Auth, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = http_client.client(settings.intake_url, transport=transport, auth=auth)

    async def claim(self, city: str, photos: tuple[str, ...], case: str) -> None:
        """All of ``photos`` belong to ``case`` from here on. Raises ``Refusal`` 422 for one that is not to be had."""
        try:
            answer = await self._client.post(
                "/v1/photos:claim",
                json={"city": city, "photos": list(photos), "case": case},
            )
        except httpx.HTTPError as away:
            raise unavailable("Photos cannot be attached now. Repeat with the same key.") from away
        if answer.status_code == 422:
            missing = set(answer.json().get("missing", ()))
            raise invalid(
                *(
                    FieldError(f"/photos/{i}", "is no photo that you sent and that is still free")
                    for i, photo in enumerate(photos)
                    if photo in missing
                )
            )
        if answer.status_code != 200:
            raise unavailable("Photos cannot be attached now. Repeat with the same key.")

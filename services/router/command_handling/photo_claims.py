"""Photos are stored by intake: before a command with photos is carried out, they are bound to the case there."""

import httpx

from shared.kernel.errors import FieldError, invalid, unavailable
from shared.runtime.http_client import client as http_client
from shared.runtime.settings import Settings


class PhotoClaims:
    """Intake's ``POST /v1/photos:claim``."""

    def __init__(self, settings: Settings, auth: httpx.Auth, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = http_client.client(settings.intake_url, transport=transport, auth=auth)

    async def claim(self, city: str, photos: tuple[str, ...], case: str) -> None:
        """Binds all of ``photos`` to ``case``.

        Raises ``Refusal``: 422 for a photo that is unknown or not free any more, 503 when intake is away.
        """
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

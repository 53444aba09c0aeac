"""What router and intake answer to the console's pages, for one officer with some open work."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

SESSION = "whk_session_" + "a" * 64
NOW = datetime(2026, 3, 4, 2, 30, tzinfo=UTC)
OFFER = {
    "city": "harbour",
    "person": "qs-desk",
    "name": "Desk <one>",
    "unit_name": "Quayside",
    "totp_uri": "otpauth://totp/Whistle:harbour%2Fqs-desk?secret=JBSWY3DPEHPK3PXP&issuer=Whistle",
}


def row(number: int, priority: str, state: str, minutes: int | None, assignee: str | None = None) -> dict[str, Any]:
    """A case of the queue, due in so many minutes."""
    return {
        "id": f"c{number}",
        "state": state,
        "priority": priority,
        "category": "water_pipe",
        "place": "建华园2号楼",
        "summary": "水管破裂，楼道积水",
        "due_at": (NOW + timedelta(minutes=minutes)).isoformat() if minutes is not None else None,
        "assignee": assignee,
    }


def refused(status: int, pointer: str = "", **headers: str) -> httpx.Response:
    """A problem document."""
    errors = [{"pointer": pointer, "detail": "x"}] if pointer else []
    return httpx.Response(status, json={"type": "urn:whistle:problem:x", "errors": errors}, headers=headers)


class MadeRouter:
    """Answers as the services do. ``refuses``: method and path → answer in its place."""

    def __init__(self) -> None:
        self.refuses: dict[str, httpx.Response] = {}
        own = row(1, "danger", "on_site", 135, "qs-desk")
        self._answers: dict[str, Any] = {
            "GET /v1/me": {
                "session": "0123456789abcdef",
                "city": "harbour",
                "person": "qs-desk",
                "unit": "quayside",
                "now": NOW.isoformat(),
            },
            "GET /v1/units/quayside": {"id": "quayside", "name": "交通路社区", "name_en": "Quayside"},
            "GET /v1/categories": {"items": [{"code": "water_pipe", "name": "供水管网", "name_en": "Water pipe"}]},
            "GET /v1/queues/quayside/cases?mine=true": {"items": [own]},
            "GET /v1/queues/quayside/cases?mine=false": {
                "items": [own, row(2, "urgent", "queued", -40), row(3, "normal", "acknowledged", None)]
            },
        }

    def __call__(self, request: httpx.Request) -> httpx.Response:
        asked = f"{request.method} {request.url.path}"
        if asked in self.refuses:
            return self.refuses[asked]
        if asked == "POST /v1/sessions":
            return httpx.Response(201, json={"token": SESSION, "city": "harbour"})
        if asked.startswith("GET /v1/invitations/"):
            return httpx.Response(200, json=OFFER)
        if "mine" in request.url.params:
            asked += f"?mine={request.url.params['mine']}"
        return httpx.Response(200, json=self._answers.get(asked, {}))

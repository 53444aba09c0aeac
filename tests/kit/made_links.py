"""A login link as the router has it: asked for in one browser, pressed in any, good once for the one that asked."""

import json

import httpx

ASKED = "whk_link_" + "d" * 64
NUMBER = 42
LINK = "AbC-1_x"
"""The token of the address in the message."""
SHOWN = {
    "name": "Desk <one>",
    "unit_name": "Quayside",
    "numbers": [17, NUMBER, 88],
    "device": "a browser",
    "demonstration": False,
}


class MadeLinks:
    """``state``: none, sent, pressed, used or refused; ``over``: its ten minutes are. ``sent``: what came, by path."""

    def __init__(self, session: dict[str, str]) -> None:
        self.state = "none"
        self.over = False
        self.sent: list[tuple[str, dict[str, object]]] = []
        self._session = session

    def answer(self, asked: str, request: httpx.Request) -> httpx.Response | None:
        """None for what is not about links."""
        about = asked.startswith(("POST /v1/login-links", "GET /v1/login-links/")) or asked == "POST /v1/sessions:link"
        if not about:
            return None
        body = json.loads(request.content or b"{}")
        self.sent.append((asked, body))
        if asked == "POST /v1/login-links":
            self.state = "sent"
            return httpx.Response(202, json={"asked": ASKED, "number": NUMBER})
        if asked == "POST /v1/sessions:link":
            return self._opened(body["asked"])
        return self._behind(asked, body)

    def _behind(self, asked: str, body: dict[str, object]) -> httpx.Response:
        """What the address in the message leads to."""
        if f"/{LINK}" not in asked:
            return _refused(404, "not-found")
        if self.over:
            return _refused(410, "link-over")
        if self.state not in ("none", "sent"):
            return _refused(409, "link-used")
        if not asked.endswith(":press"):
            return httpx.Response(200, json=SHOWN)
        self.state = "pressed" if body["number"] == NUMBER else "refused"
        return httpx.Response(204) if self.state == "pressed" else _refused(409, "wrong-number")

    def _opened(self, asker: object) -> httpx.Response:
        if self.over or asker != ASKED or self.state in ("used", "refused"):
            return _refused(410, "link-over")
        if self.state != "pressed":
            return _refused(409, "link-waiting")
        self.state = "used"
        return httpx.Response(201, json=self._session)


def _refused(status: int, kind: str) -> httpx.Response:
    return httpx.Response(status, json={"type": f"urn:whistle:problem:{kind}", "errors": []})

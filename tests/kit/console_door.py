"""The console as an ASGI application before services that are made up: requests as bytes, as no client would send."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import unescape
from urllib.parse import unquote, urlencode

import httpx
from starlette.types import Message, Scope

from services.console.app import build
from services.console.frame.forms import csrf_token
from shared.runtime.settings import Settings
from tests.kit.made_router import SESSION

Headers = Sequence[tuple[bytes, bytes]]
OWN_FORM: Headers = (
    (b"sec-fetch-site", b"same-origin"),
    (b"content-type", b"application/x-www-form-urlencoded"),
    (b"user-agent", b"a browser"),
)


@dataclass
class Got:
    """An answer as it was sent."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    @property
    def text(self) -> str:
        return unescape(self.body.decode())

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)

    def attributes(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every such element of the page."""
        return [
            dict(re.findall(r'([\w-]+)(?:="([^"]*)")?', inside))
            for inside in re.findall(rf"<{tag}\b([^>]*)>", self.text)
        ]


class ConsoleDoor:
    """``answers``: what the services behind answer. ``asked``: what came to them."""

    def __init__(self, answers: Callable[[httpx.Request], httpx.Response], settings: Settings | None = None) -> None:
        self.asked: list[httpx.Request] = []
        self._answers = answers
        self.app = build(settings or Settings(), transport=httpx.MockTransport(self._answer))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        self.asked.append(request)
        answer = self._answers(request)
        return httpx.Response(
            answer.status_code, headers=answer.headers, stream=httpx.ByteStream(answer.content)
        )  # not read yet, as one from a connection

    async def request(
        self, method: str, target: str, headers: Headers = (), body: bytes = b"", *, scheme: str = "http"
    ) -> Got:
        """``target``: path and query as they stand in the request's first line."""
        path, _, query = target.partition("?")
        host: Headers = () if any(name == b"host" for name, _ in headers) else ((b"host", b"grid.example"),)
        length: Headers = ((b"content-length", str(len(body)).encode()),) if body else ()
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": scheme,
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [*host, *headers, *length],
            "client": ("192.0.2.7", 1234),
            "server": ("grid.example", 80),
        }
        got = Got()

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                got.status = message["status"]
                got.headers = [(k.decode("latin-1"), v.decode("latin-1")) for k, v in message["headers"]]
            else:
                got.body += message.get("body", b"")

        await self.app(scope, receive, send)
        return got

    async def get(self, target: str, headers: Headers = (), *, scheme: str = "http") -> Got:
        return await self.request("GET", target, headers, scheme=scheme)

    async def send_signed(self, target: str, **fields: str) -> Got:
        """The same from a page that was shown to ``SESSION``."""
        body = urlencode({**fields, "csrf": csrf_token(SESSION)}).encode()
        return await self.request("POST", target, (*OWN_FORM, (b"cookie", f"whistle={SESSION}".encode())), body)

    async def send_form(self, target: str, *, scheme: str = "http", **fields: str) -> Got:
        """A form as a browser sends it from our own page."""
        return await self.request("POST", target, OWN_FORM, urlencode(fields).encode(), scheme=scheme)

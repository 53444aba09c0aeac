"""A rider app's end of a webhook: a small HTTP server that takes only what is signed as Standard Webhooks say."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

BODY_MAX = 256 * 1024


@dataclass(frozen=True)
class Received:
    """A verified delivery: its ``webhook-id``, what happened, and to which version of which case."""

    id: str
    type: str
    case: str
    version: int
    data: dict[str, Any]


@dataclass
class Receiver:
    """What came. ``secret`` is set once the webhook is registered; until then everything is refused."""

    url: str
    secret: str = ""
    received: list[Received] = field(default_factory=list)
    forged: int = 0

    def take(self, body: bytes, headers: dict[str, str]) -> int:
        """Verify and keep a delivery; the HTTP status to answer."""
        try:
            Webhook(self.secret).verify(body, headers)
        except (WebhookVerificationError, ValueError):
            self.forged += 1
            return 401
        told = json.loads(body)
        case = told["data"]["case"]["id"]
        self.received.append(Received(headers["webhook-id"], told["type"], case, told["data"]["version"], told["data"]))
        return 204


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a free port of this machine, as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            size = min(int(self.headers.get("content-length", "0")), BODY_MAX)
            status = receiver.take(self.rfile.read(size), {k.lower(): v for k, v in self.headers.items()})
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing: the demo tells what came."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}/whistle")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield receiver
        finally:
            server.shutdown()

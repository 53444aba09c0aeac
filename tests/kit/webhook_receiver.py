"""A rider app's end of a webhook: an HTTP server of this machine whose answers the test chooses."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Hook:
    """A receiver whose answers the test chooses."""

    url: str = ""
    got: list[tuple[dict[str, str], str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    hangs: bool = False


@contextlib.contextmanager
def receiver(*answers: int, hangs: bool = False) -> Iterator[Hook]:
    """Answers ``answers`` in turn, then 204; or hangs until the test ends."""
    hook, over = Hook(answers=list(answers), hangs=hangs), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            hook.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            if hook.hangs:
                over.wait(30)
                return
            self.send_response(hook.answers.pop(0) if hook.answers else 204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook.url = f"http://127.0.0.1:{server.server_address[1]}/in"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hook
    finally:
        over.set()
        server.shutdown()
        server.server_close()

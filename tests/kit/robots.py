"""A chat group's robot, or any other receiver of JSON, on a port of its own: remembers everything, answers as told."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[[dict[str, Any]], Any]
"""From what was posted to what is answered: an object, or an HTTP status."""
OK = {"errcode": 0, "errmsg": "ok", "code": 0, "msg": "success"}
"""Yes, to WeCom, DingTalk and Feishu alike."""


@dataclass
class Robot:
    """What was posted, with path and headers; what is answered; ``hung``: set while nothing is."""

    url: str = ""
    got: list[dict[str, Any]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    answer: Answer = lambda _: OK
    asked: list[str] = field(default_factory=list)
    """Paths that were read, with their queries."""
    answer_read: Callable[[str], Any] = lambda _: OK
    hangs: bool = False
    hung: threading.Event = field(default_factory=threading.Event)

    @property
    def texts(self) -> list[str]:
        """What robots of any kind were told."""
        return [str(one.get("text", one).get("content", one.get("content", {}).get("text"))) for one in self.got]


@contextlib.contextmanager
def robot(answer: Answer = lambda _: OK, *, hangs: bool = False) -> Iterator[Robot]:
    """A robot until the block ends."""
    made, over = Robot(answer=answer, hangs=hangs), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
            made.paths.append(self.path)
            made.headers.append({name.lower(): value for name, value in self.headers.items()})
            made.got.append(body)
            if made.hangs:
                made.hung.set()
                over.wait(30)
                return
            self._say(made.answer(body))

        def do_GET(self) -> None:
            made.asked.append(self.path)
            self._say(made.answer_read(self.path))

        def _say(self, said: Any) -> None:
            status, content = (said, b"") if isinstance(said, int) else (200, json.dumps(said).encode())
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_address[1]}/robot"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        over.set()
        server.shutdown()
        server.server_close()

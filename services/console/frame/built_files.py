"""What ``build.mjs`` made of ``client/``: scripts and styles with a hash in their names, kept in memory and served for
ever. ``make setup`` builds them; a wheel has them inside."""

import hashlib
import json
import mimetypes
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from shared.runtime.http_server.route import Call, Route, get

BUILT = Path(__file__).parent.parent / "built"
URL = "/built"
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
TYPES = ("text/javascript", "text/css", "image/png")


class NotBuiltError(RuntimeError):
    """The pages cannot be shown without their files."""


class BuiltFiles:
    """Raises ``NotBuiltError`` where the folder is not there, or not whole."""

    def __init__(self, folder: Path = BUILT) -> None:
        try:
            self._names: dict[str, str] = json.loads((folder / "manifest.json").read_text())
            self._files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}
        except (OSError, ValueError) as missing:
            raise NotBuiltError(f"The pages' files are not built in {folder}: run `make setup`.") from missing
        if gone := set(self._names.values()) - set(self._files):
            raise NotBuiltError(f"{folder} lacks {', '.join(sorted(gone))}: remove it and run `make setup`.")

    def url(self, entry: str) -> str:
        """The address of an entry of ``build.mjs``, such as ``console.js``."""
        return f"{URL}/{self._names[entry]}"

    @property
    def edition(self) -> str:
        """Another one when any file is another."""
        return hashlib.sha256("".join(sorted(self._names.values())).encode()).hexdigest()[:12]

    def worker(self, entry: str, scope: str) -> Response:
        """A service worker at an address of its own, asked for again each time: what it is may change there."""
        headers = {"cache-control": "no-cache", "x-content-type-options": "nosniff", "service-worker-allowed": scope}
        return Response(self._files[self._names[entry]], 200, headers, mimetypes.guess_type(entry)[0])

    def routes(self) -> list[Route]:
        return [get(f"{URL}/{{name}}", self._answer, "A script or style", media=TYPES, answers={200: None, 404: None})]

    async def _answer(self, call: Call) -> Response:
        name = call.path["name"]
        if name not in self._files or name.endswith(tuple(ending for _, ending in ENCODINGS)):
            return Response(status_code=404)
        encoding, ending = self._best(name, call.request)
        headers = {
            "cache-control": "public, max-age=31536000, immutable",
            "vary": "accept-encoding",
            "x-content-type-options": "nosniff",
            **({"content-encoding": encoding} if encoding else {}),
        }
        return Response(self._files[name + ending], 200, headers, mimetypes.guess_type(name)[0])

    def _best(self, name: str, request: Request) -> tuple[str, str]:
        """The smallest that the browser takes: encoding and ending; both empty for the file as it is."""
        asked = [one.strip().lower() for one in request.headers.get("accept-encoding", "").split(",")]
        taken = {one.partition(";")[0] for one in asked if not one.replace(" ", "").endswith(";q=0")}
        return next((one for one in ENCODINGS if one[0] in taken and name + one[1] in self._files), ("", ""))

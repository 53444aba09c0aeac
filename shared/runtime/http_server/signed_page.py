"""The HTML page behind a signed link: text, one button, perhaps a text field; no script and no external resource."""

from dataclasses import asdict, dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from starlette.responses import HTMLResponse

HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
}
_template = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True).get_template("page.html")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The content of the page. ``said``: the result of the button that was pressed. ``most``: show a text field
    ``text`` of at most so many characters. ``notice``: what stands above all.
    """

    language: str
    title: str
    heading: str | None = None
    text: str = ""
    said: str | None = None
    button: str | None = None
    most: int | None = None
    notice: str | None = None

    def answer(self, status: int) -> HTMLResponse:
        return HTMLResponse(_template.render(asdict(self)), status, HEADERS)

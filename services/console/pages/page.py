"""What all pages have in common: language, headers, templates, forms."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.console.words import NOT_FOR_SECRETS, Words, language_of
from shared.runtime.http_server.route import Call

FORM_MAX = 4096
FIELDS_MAX = 10
_UNSENDABLE = re.compile(r"[^ -~]")
HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
}
"""``same-origin``: with ``no-referrer`` browsers send ``Origin: null``, by which a form is told to be ours."""
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent / "templates"), autoescape=True, undefined=StrictUndefined
)


def words_for(request: Request) -> Words:
    return Words(language_of(request.query_params.get("lang"), request.headers.get("accept-language", "")))


def page(template: str, words: Words, status: int = 200, **values: Any) -> HTMLResponse:
    """A page in one language; every page says that the system is not for secrets."""
    shown = {"said": "", "at": "", **values}
    text = _templates.get_template(template).render(words=words, not_for_secrets=words(NOT_FOR_SECRETS), **shown)
    return HTMLResponse(text, status, HEADERS)


def said(words: Words, name: str, *values: object, at: str = "") -> dict[str, str]:
    """What the page says above its form; ``at``: the field that it is about, to which it leads."""
    return {"said": words(name, *values), "at": at}


def go_to(path: str) -> Response:
    """See other: what follows a form."""
    return RedirectResponse(path, 303, {"cache-control": "no-store"})


def form_of(call: Call) -> dict[str, str]:
    """The form's fields; none of what is no form."""
    try:
        fields = parse_qs(call.raw.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def from_client(call: Call) -> dict[str, str]:
    """Headers by which the router knows whose request it is: address and browser."""
    agent = _UNSENDABLE.sub("?", call.request.headers.get("user-agent", ""))
    return {"x-forwarded-for": call.address, "user-agent": agent[:200]}

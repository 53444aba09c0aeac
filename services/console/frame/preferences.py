"""Language and light or dark: asked for by ``?lang=`` and ``?theme=``, then kept by the browser in cookies."""

from dataclasses import dataclass
from typing import Literal, get_args
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response

from services.console.frame.languages import Language, language_of

Theme = Literal["auto", "light", "dark"]
THEMES: tuple[Theme, ...] = get_args(Theme)
_KEPT = 365 * 24 * 3600
_LANGUAGE, _THEME = "whistle-lang", "whistle-theme"


@dataclass(frozen=True, slots=True)
class Preferences:
    """How somebody wants to see pages."""

    language: Language
    theme: Theme


def preferences_of(request: Request) -> Preferences:
    query, cookies = request.query_params, request.cookies
    accepted = request.headers.get("accept-language", "")
    asked = (query.get("theme"), cookies.get(_THEME))
    theme: Theme = next((known for one in asked for known in THEMES if known == one), "auto")
    return Preferences(language_of(query.get("lang"), cookies.get(_LANGUAGE), accepted=accepted), theme)


def keep(response: Response, request: Request, preferences: Preferences) -> None:
    """The browser remembers what was asked for."""
    for asked, name, value in (
        ("lang", _LANGUAGE, preferences.language.code),
        ("theme", _THEME, preferences.theme),
    ):
        if asked in request.query_params:
            secure = request.scope["scheme"] == "https"
            response.set_cookie(name, value, max_age=_KEPT, path="/", secure=secure, httponly=True, samesite="lax")


def changed(request: Request, **asked: str) -> str:
    """The address of this page, seen otherwise."""
    query = dict(parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True))
    return f"?{urlencode({**query, **asked})}"

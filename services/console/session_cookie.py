"""The cookie of a session: an opaque token, out of reach of scripts, sent to this origin alone.

Over https it is ``__Host-whistle`` (RFC 6265bis: Secure, no Domain, Path=/). Without https browsers refuse it, so that
on a development machine it is ``whistle`` and not Secure.
"""

import re

from starlette.requests import Request
from starlette.responses import Response

from shared.runtime.identity.sessions import LIFE

SECURE, PLAIN = "__Host-whistle", "whistle"
_TOKEN = re.compile(r"whk_session_[0-9a-f]{64}")


def token_of(request: Request) -> str:
    """The session's token; empty where there is none, or something that never was one."""
    token = request.cookies.get(_name(request), "")
    return token if _TOKEN.fullmatch(token) else ""


def keep(response: Response, request: Request, token: str) -> None:
    """The browser sends the token from now on."""
    secure = _is_https(request)
    age = int(LIFE.total_seconds())
    response.set_cookie(_name(request), token, max_age=age, path="/", secure=secure, httponly=True, samesite="lax")


def forget(response: Response, request: Request) -> None:
    response.delete_cookie(_name(request), path="/", secure=_is_https(request), httponly=True, samesite="lax")


def is_own_form(request: Request) -> bool:
    """Whether a POST comes from a page of this origin: no other site may press our buttons (OWASP, CSRF).

    Browsers say ``Sec-Fetch-Site``; those that do not say ``Origin``; a request with neither is refused.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("origin") == f"{request.scope['scheme']}://{request.headers.get('host', '')}"


def _name(request: Request) -> str:
    return SECURE if _is_https(request) else PLAIN


def _is_https(request: Request) -> bool:
    return bool(request.scope["scheme"] == "https")

"""The cookies of a session and of a computer: opaque tokens, out of reach of scripts, sent to this origin alone.

Over https it is ``__Host-whistle`` (RFC 6265bis: Secure, no Domain, Path=/). Without https browsers refuse it, so that
on a development machine it is ``whistle`` and not Secure.
"""

import re
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

from shared.runtime.identity.sessions import LIFE

SECURE, PLAIN = "__Host-whistle", "whistle"
_COMPUTER = "-computer"
_COMPUTER_KEPT = timedelta(days=180)
_LINK = "-link"
_LINK_KEPT = timedelta(minutes=10)
_LINK_VALUE = re.compile(r"(whk_link_[0-9a-f]{64})\.([1-9][0-9])\.([A-Za-z0-9_.~%-]{0,2000})")
_BACK_MAX = 2000
_TOKEN = re.compile(r"whk_session_[0-9a-f]{64}")
_COMPUTER_TOKEN = re.compile(r"whk_computer_[0-9a-f]{64}")


def token_of(request: Request) -> str:
    """The session's token; empty where there is none, or something that never was one."""
    token = request.cookies.get(_name(request), "")
    return token if _TOKEN.fullmatch(token) else ""


def computer_of(request: Request) -> str:
    """The computer's token; empty where nobody has signed in at it, or for something that never was one."""
    token = request.cookies.get(_name(request) + _COMPUTER, "")
    return token if _COMPUTER_TOKEN.fullmatch(token) else ""


def keep(response: Response, request: Request, token: str, computer: str) -> None:
    """The browser sends both tokens from now on; the computer's also after the session has ended."""
    for name, value, kept in ((_name(request), token, LIFE), (_name(request) + _COMPUTER, computer, _COMPUTER_KEPT)):
        if value:
            age, secure = int(kept.total_seconds()), _is_https(request)
            response.set_cookie(name, value, max_age=age, path="/", secure=secure, httponly=True, samesite="lax")


class AskedHere(NamedTuple):
    """The login link that this browser asked for: its token, what its screen shows, and where the person wanted to be.
    Empty and 0: none."""

    token: str = ""
    number: int = 0
    back: str = ""


def keep_link(response: Response, request: Request, asked: AskedHere) -> None:
    """The browser that asked for a login link is known by it until the link has ended."""
    age, secure, back = int(_LINK_KEPT.total_seconds()), _is_https(request), quote(asked.back, safe="")
    value = f"{asked.token}.{asked.number}.{back if len(back) <= _BACK_MAX else ''}"
    response.set_cookie(
        _name(request) + _LINK, value, max_age=age, path="/", secure=secure, httponly=True, samesite="lax"
    )


def forget_link(response: Response, request: Request) -> None:
    name, secure = _name(request) + _LINK, _is_https(request)
    response.delete_cookie(name, path="/", secure=secure, httponly=True, samesite="lax")


def link_of(request: Request) -> AskedHere:
    """What ``keep_link`` kept. ``back`` is as the browser has it: whoever goes there checks that it is ours."""
    found = _LINK_VALUE.fullmatch(request.cookies.get(_name(request) + _LINK, ""))
    return AskedHere(found[1], int(found[2]), unquote(found[3])) if found else AskedHere()


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

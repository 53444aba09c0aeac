"""What a browser keeps while its person signs in at the organisation: for each attempt a cookie of its own, so that two
tabs do not spoil each other, and afterwards that the session began there.

As other cookies of the console they are opaque, out of reach of scripts, and sent to this origin alone. They are Lax:
the provider leads the browser back by a link.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

from shared.runtime.identity.sessions import LIFE

SECURE, PLAIN = "__Host-whistle-sso", "whistle-sso"
KEPT = timedelta(minutes=10)
ATTEMPTS_MAX = 5
"""A browser that began more keeps the newest alone."""
BACK_MAX = 2000
"""Of an address as it stands in the cookie; of a longer one nothing is kept: browsers would drop the cookie."""
_STATE = re.compile(r"[0-9a-f]{32}")
_OF_STATE = re.compile(r"-[0-9a-f]{16}")
_VALUE = re.compile(r"(whk_sso_[0-9a-f]{64})\.([A-Za-z0-9_.~%-]*)")


@dataclass(frozen=True, slots=True)
class Attempt:
    """``token``: of the attempt; ``back``: where the person wanted to be, as he said it."""

    token: str
    back: str


def attempt_of(request: Request, state: str) -> Attempt | None:
    """What this browser began under ``state``; None where it began nothing."""
    if not _STATE.fullmatch(state):
        return None
    found = _VALUE.fullmatch(request.cookies.get(_name(request, state), ""))
    return Attempt(found[1], unquote(found[2])) if found else None


def keep_attempt(response: Response, request: Request, state: str, attempt: Attempt) -> None:
    base, back = _base(request), quote(attempt.back, safe="")
    begun = [name for name in request.cookies if name.startswith(base) and _OF_STATE.fullmatch(name, len(base))]
    for name in begun if len(begun) >= ATTEMPTS_MAX else ():
        _forget(response, request, name)
    value = f"{attempt.token}.{back if len(back) <= BACK_MAX else ''}"
    _keep(response, request, _name(request, state), value, KEPT)


def forget_attempt(response: Response, request: Request, state: str) -> None:
    """It was used, or came to nothing."""
    _forget(response, request, _name(request, state))


def began_there(request: Request) -> bool:
    """Whether somebody signed in at the organisation in this browser."""
    return _base(request) in request.cookies


def keep_began_there(response: Response, request: Request) -> None:
    _keep(response, request, _base(request), "yes", LIFE)


def forget_began_there(response: Response, request: Request) -> None:
    _forget(response, request, _base(request))


def _keep(response: Response, request: Request, name: str, value: str, kept: timedelta) -> None:
    age, secure = int(kept.total_seconds()), _is_https(request)
    response.set_cookie(name, value, max_age=age, path="/", secure=secure, httponly=True, samesite="lax")


def _forget(response: Response, request: Request, name: str) -> None:
    response.delete_cookie(name, path="/", secure=_is_https(request), httponly=True, samesite="lax")


def _name(request: Request, state: str) -> str:
    return f"{_base(request)}-{state[:16]}"


def _base(request: Request) -> str:
    return SECURE if _is_https(request) else PLAIN


def _is_https(request: Request) -> bool:
    return bool(request.scope["scheme"] == "https")

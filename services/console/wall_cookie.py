"""The cookie of a screen on the wall: its device key, out of reach of scripts and sent to this origin alone."""

import re

from starlette.requests import Request
from starlette.responses import Response

KEPT = 400 * 24 * 3600
"""Browsers keep nothing longer; each answer to the screen begins it anew."""
KEY = re.compile(r"whk_wall_[0-9a-f]{64}")


def key_of(request: Request) -> str:
    """Empty where there is none, or something that never was one."""
    key = request.cookies.get(_name(request), "")
    return key if KEY.fullmatch(key) else ""


def keep(response: Response, request: Request, key: str) -> None:
    secure = request.scope["scheme"] == "https"
    response.set_cookie(_name(request), key, KEPT, path="/", secure=secure, httponly=True, samesite="strict")


def _name(request: Request) -> str:
    return "__Host-whistle-wall" if request.scope["scheme"] == "https" else "whistle-wall"

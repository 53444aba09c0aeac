"""The cookies of the rider's page: his session, and where he has no app the name of this browser.

They are opaque, out of reach of scripts and sent to this origin alone, like the officers' (``session_cookie``). A
browser in which an app opened the page is that app's: it is never taken for one without an app, or a report that is
sent again would be another person's.
"""

import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from shared.runtime.identity.rider_sessions import LIFE

SESSION, DEVICE, APP = "rider", "rider-device", "rider-app"
DEVICE_KEPT = 365 * 24 * 3600
_TOKEN = re.compile(r"whk_rider_[0-9a-f]{64}")
_DEVICE = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Rider:
    """Who the browser says that it is. ``of_app``: an app opened the page in it."""

    token: str
    device: str
    of_app: bool


def rider_of(request: Request) -> Rider:
    """Empty where there is none, or something that never was one."""

    def given(name: str, shape: re.Pattern[str]) -> str:
        value = request.cookies.get(_name(request, name), "")
        return value if shape.fullmatch(value) else ""

    return Rider(given(SESSION, _TOKEN), given(DEVICE, _DEVICE), _name(request, APP) in request.cookies)


def keep(response: Response, request: Request, rider: Rider) -> None:
    """The browser sends these from now on, and no others."""
    values = {SESSION: rider.token, DEVICE: rider.device, APP: "yes" if rider.of_app else ""}
    for name, value in values.items():
        age = int(LIFE.total_seconds()) if name == SESSION else DEVICE_KEPT
        secure = request.scope["scheme"] == "https"
        if value:
            response.set_cookie(
                _name(request, name), value, max_age=age, path="/", secure=secure, httponly=True, samesite="lax"
            )
        elif _name(request, name) in request.cookies:
            response.delete_cookie(_name(request, name), path="/", secure=secure, httponly=True, samesite="lax")


def _name(request: Request, name: str) -> str:
    return f"__Host-whistle-{name}" if request.scope["scheme"] == "https" else f"whistle-{name}"

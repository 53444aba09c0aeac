"""What follows a sign-in, with a password or a PIN: the browser keeps the session, and the one before ends."""

import contextlib
from typing import TypeVar

from starlette.responses import Response

from services.console.frame.problem_pages import is_ours
from services.console.frame.visit import OpenVisit
from services.console.router_client import Opened
from services.console.session_cookie import keep
from shared.kernel.errors import Refusal

HOME = "/me"
R = TypeVar("R", bound=Response)


async def entered(visit: OpenVisit, opened: Opened, response: R) -> R:
    """``response`` with the session's cookie. The session of before ends: it was perhaps another person's."""
    if before := visit.token:
        with contextlib.suppress(Refusal):
            await visit.services.sign_out(before)
    keep(response, visit.request, opened.token, opened.computer)
    return response


def home(visit: OpenVisit, back: str = "") -> Response:
    """To where the person wanted to be, else to the open work."""
    return visit.go(back if is_ours(back) else HOME)

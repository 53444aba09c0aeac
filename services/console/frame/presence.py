"""That whoever is signed in is still there: each act is told to the router, once a minute.

An act is a page that somebody opens and a form that somebody sends. What a script reads by itself is none: the router
locks the session of a shared computer where nothing else comes.
"""

from collections import OrderedDict
from datetime import datetime, timedelta

from starlette.requests import Request

from services.console.sign_in_client import SignInCalls
from shared.kernel.errors import Refusal
from shared.runtime.identity.tokens import token_hash

TOLD_EVERY = timedelta(minutes=1)
KNOWN_MAX = 10_000


class Presence:
    """Tells, and keeps in memory what was answered last."""

    def __init__(self, calls: SignInCalls) -> None:
        self._calls = calls
        self._told: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    async def acts(self, token: str, now: datetime) -> int:
        """Seconds without an act after which the session is locked; 0: it is not. Raises ``Refusal`` 401."""
        hashed = token_hash(token)
        at, locks_after = self._told.get(hashed, (None, 0))
        if at is None or not timedelta(0) <= now - at < TOLD_EVERY:
            try:
                locks_after = (await self._calls.here(token)).locks_after
            except Refusal as refusal:
                if refusal.status == 401:
                    raise
            self._told[hashed] = now, locks_after
            self._told.move_to_end(hashed)
            while len(self._told) > KNOWN_MAX:
                self._told.popitem(last=False)
        return locks_after


def is_act(request: Request) -> bool:
    """Whether a person did this, as far as the browser tells."""
    return request.method == "POST" or ("hx-request" not in request.headers and request.scope["path"] != "/live")

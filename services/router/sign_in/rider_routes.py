"""``/v1/rider-sessions``: an app's server gets an address for one of its reporters; whoever opens it may report as he.

None takes an Idempotency-Key: a repeat makes another address, and an address opens one session.
"""

from datetime import datetime
from typing import Annotated

import msgspec

from services.router.sign_in.bodies import UNSTORED
from shared.kernel.clock import Clock
from shared.kernel.errors import not_found
from shared.runtime.http_server.route import Answer, Call, Route, delete, post
from shared.runtime.identity.directory import Directory
from shared.runtime.identity.rider_sessions import pseudonym


class NamedReporter(msgspec.Struct, forbid_unknown_fields=True):
    """``ref``: the app's own reference of the person, as in its reports."""

    ref: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class RiderSessionBody(msgspec.Struct, forbid_unknown_fields=True):
    reporter: NamedReporter


class RiderSessionLink(msgspec.Struct, frozen=True, kw_only=True):
    """``url``: for the app's webview; it opens once, until ``expires_at``."""

    url: str
    expires_at: datetime


class OpenedRiderSession(msgspec.Struct, frozen=True, kw_only=True):
    """``token``: shown here alone. It reports, reads, adds, rates, withdraws, exports and erases as that reporter."""

    token: str
    city: str
    app: str
    expires_at: datetime


class RiderRoutes:
    """The routes."""

    def __init__(self, directory: Directory, secret: str, page: str, clock: Clock) -> None:
        """``page``: the address that the console's pages begin with."""
        self._directory = directory
        self._secret = secret.encode()
        self._page = page.rstrip("/")
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            post(
                "/v1/rider-sessions",
                self.make,
                "An address that opens the rider's page once, as one reporter of the app",
                roles=frozenset({"rider_app"}),
                body=RiderSessionBody,
                answers={201: RiderSessionLink},
            ),
            post(
                "/v1/rider-sessions/{token}:open",
                self.open,
                "Open such an address",
                answers={201: OpenedRiderSession, 404: None},
            ),
            delete(
                "/v1/rider-sessions",
                self.end,
                "End this session",
                roles=frozenset({"rider"}),
                answers={204: None},
            ),
        ]

    async def make(self, call: Call) -> Answer:
        who, ref = call.principal, call.body_as(RiderSessionBody).reporter.ref
        reporter = pseudonym(self._secret, who.city, who.who, ref)
        token, until = await self._directory.riders.make_link(who.city, who.who, reporter, self._clock.now())
        return Answer(RiderSessionLink(url=f"{self._page}/r/s/{token}", expires_at=until), 201, UNSTORED)

    async def open(self, call: Call) -> Answer:
        """404 whether the address never was, was opened or is over: whoever has it asks his app for another."""
        opened = await self._directory.riders.open(call.path["token"], self._clock.now())
        if opened is None:
            raise not_found("address that still opens")
        token, session = opened
        shown = OpenedRiderSession(token=token, city=session.city, app=session.app, expires_at=session.expires_at)
        return Answer(shown, 201, UNSTORED)

    async def end(self, call: Call) -> Answer:
        await self._directory.riders.end(call.token, self._clock.now())
        return Answer(None, 204)

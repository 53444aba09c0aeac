"""Sign-in at the organisation over HTTP. As other sign-in calls they take no Idempotency-Key.

The routes are there, and answer 404, where no provider is configured: ``GET /v1/sign-in`` says whether one is.
"""

from datetime import datetime
from typing import Annotated

import msgspec

from services.router.sign_in.bodies import DEVICE_MAX, UNSTORED, OpenedSession
from services.router.sign_in.record import SignInRecord
from services.router.sign_in.sso.organisation import CameBack, OrganisationSignIn, RefusedPersonError
from shared.kernel.errors import Refusal, not_found
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.identity.directory import EVERY_CITY

NOBODY = "unknown"
AskerToken = Annotated[str, msgspec.Meta(pattern="^whk_sso_[0-9a-f]{64}$")]
State = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
Issuer = Annotated[str, msgspec.Meta(max_length=2000)]


class SsoBody(msgspec.Struct, forbid_unknown_fields=True):
    """``shared``: others use the computer too: the provider is to ask who it is, though somebody is signed in there."""

    shared: bool = False


class SsoSessionBody(msgspec.Struct, forbid_unknown_fields=True):
    """``asked``: what beginning answered; ``state``, ``code``, ``issuer`` (``iss``): came back with the browser."""

    asked: AskerToken
    state: State
    code: Code
    issuer: Issuer = ""


class BegunSso(msgspec.Struct, kw_only=True):
    """``asked``: to be kept by the browser; ``state``: what it comes back with; ``url``: where it is to go."""

    asked: str
    state: str
    url: str
    expires_at: datetime


class SsoLeaving(msgspec.Struct, kw_only=True):
    """``url``: where one signs out there too; empty where it has no such address."""

    url: str


class SsoRoutes:
    """``/v1/sign-in/sso`` and ``/v1/sessions:sso``. ``sso``: None where no provider is configured."""

    def __init__(self, sso: OrganisationSignIn | None, record: SignInRecord) -> None:
        self._given = sso
        self._record = record

    def routes(self) -> list[Route]:
        return [
            post(
                "/v1/sign-in/sso",
                self.begin,
                "Begin to sign in at the organisation",
                body=SsoBody,
                answers={201: BegunSso, 404: None, 429: None, 503: None},
            ),
            get(
                "/v1/sign-in/sso",
                self.leave,
                "Where one signs out at the organisation",
                answers={200: SsoLeaving, 404: None, 503: None},
            ),
            post(
                "/v1/sessions:sso",
                self.open,
                "Sign in with what the organisation's sign-in sent back",
                body=SsoSessionBody,
                answers={201: OpenedSession, 401: None, 403: None, 404: None, 410: None, 503: None},
            ),
        ]

    @property
    def _sso(self) -> OrganisationSignIn:
        if self._given is None:
            raise not_found("sign-in at the organisation")
        return self._given

    async def begin(self, call: Call) -> Answer:
        begun = await self._sso.begin(call.address, shared=call.body_as(SsoBody).shared)
        return Answer(
            BegunSso(asked=begun.token, state=begun.state, url=begun.url, expires_at=begun.ends), 201, UNSTORED
        )

    async def leave(self, _: Call) -> Answer:
        return Answer(SsoLeaving(url=await self._sso.leave()))

    async def open(self, call: Call) -> Answer:
        body = call.body_as(SsoSessionBody)
        back = CameBack(
            token=body.asked,
            state=body.state,
            code=body.code,
            issuer=body.issuer,
            address=call.address,
            device=call.request.headers.get("user-agent", "")[:DEVICE_MAX],
        )
        try:
            token, session = await self._sso.open(back)
        except Refusal as refusal:
            if refusal.status == 401:
                await self._record.write(call, EVERY_CITY, NOBODY, "session.sso", "401")
            raise
        except RefusedPersonError as error:
            city, person = error.city or EVERY_CITY, error.person or NOBODY
            await self._record.write(call, city, person, "session.sso", "403", on=error.subject)
            raise _unknown(error.name) from None
        await self._record.write(call, session.city, session.person, "session.sso", "201", session.id)
        return Answer(OpenedSession.of(token, session, ""), 201, UNSTORED)


def _unknown(name: str) -> Refusal:
    return Refusal(
        403,
        "unknown-person",
        f"Your organisation says that you are {name or 'nobody'}, and no list of people here has that: ask who keeps "
        "the list (posts.yaml) to enter it, or sign in with your password.",
        extra={"name": name},
    )

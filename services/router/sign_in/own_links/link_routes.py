"""Login links over HTTP. As other sign-in calls they take no Idempotency-Key."""

from datetime import datetime
from typing import Annotated

import msgspec

from services.router.city_scope import city_named
from services.router.sign_in.bodies import DEVICE_MAX, UNSTORED, CityId, OpenedSession, PersonId
from services.router.sign_in.own_links.login_links import LinkRequest, LoginLinks
from services.router.sign_in.record import SignInRecord
from shared.kernel.errors import Refusal
from shared.runtime.http_server.route import Answer, Call, Route, get, post
from shared.runtime.pack_library import PackLibrary

AskerToken = Annotated[str, msgspec.Meta(pattern="^whk_link_[0-9a-f]{64}$")]
Number = Annotated[int, msgspec.Meta(ge=10, le=99)]


class LinkBody(msgspec.Struct, forbid_unknown_fields=True):
    """``city``: where several are loaded. ``shared``: others use the computer too."""

    person: PersonId
    city: CityId | None = None
    shared: bool = False


class PressBody(msgspec.Struct, forbid_unknown_fields=True):
    """``number``: the one on the screen of the browser that asked."""

    number: Number


class LinkSessionBody(msgspec.Struct, forbid_unknown_fields=True):
    """``asked``: what asking for the link answered."""

    asked: AskerToken


class AskedLink(msgspec.Struct, kw_only=True):
    """The same whether anybody was written to or not. ``asked``: to be kept by the browser; ``number``: to be shown."""

    asked: str
    number: int
    expires_at: datetime


class ShownLink(msgspec.Struct, kw_only=True):
    """``numbers``: of which one stands on the screen that asked. ``device``: which browser that is, as it says."""

    person: str
    name: str
    unit_name: str
    numbers: list[int]
    device: str
    asked_at: datetime
    expires_at: datetime
    demonstration: bool = False


class LinkRoutes:
    """``/v1/login-links`` and ``/v1/sessions:link``."""

    def __init__(self, links: LoginLinks, packs: PackLibrary, record: SignInRecord) -> None:
        self._links = links
        self._packs = packs
        self._record = record

    def routes(self) -> list[Route]:
        return [
            post(
                "/v1/login-links",
                self.ask,
                "Send somebody a login link, over channels of his own",
                body=LinkBody,
                answers={202: AskedLink, 422: None, 429: None},
            ),
            get(
                "/v1/login-links/{token}",
                self.shown,
                "What a login link offers",
                answers={200: ShownLink, 404: None, 409: None, 410: None},
            ),
            post(
                "/v1/login-links/{token}:press",
                self.press,
                "Choose the number of the browser that asked: it is signed in",
                body=PressBody,
                answers={204: None, 404: None, 409: None, 410: None, 422: None},
            ),
            post(
                "/v1/sessions:link",
                self.open,
                "Sign in with a link that was pressed, in the browser that asked",
                body=LinkSessionBody,
                answers={201: OpenedSession, 401: None, 409: None, 410: None, 422: None},
            ),
        ]

    async def ask(self, call: Call) -> Answer:
        body = call.body_as(LinkBody)
        city = city_named(self._packs, body.city)
        request = LinkRequest(
            city=city,
            person=body.person,
            address=call.address,
            device=call.request.headers.get("user-agent", "")[:DEVICE_MAX],
            shared=body.shared,
            trace=call.trace,
        )
        asked = await self._links.ask(request)
        if asked.sent:
            await self._record.write(call, city, body.person, "link.ask", "202")
        return Answer(AskedLink(asked=asked.token, number=asked.number, expires_at=asked.ends), 202, UNSTORED)

    async def shown(self, call: Call) -> Answer:
        link, person, pack, numbers = await self._links.shown(call.path["token"])
        shown = ShownLink(
            person=person.id,
            name=person.name,
            unit_name=pack.units[person.unit].name,
            numbers=numbers,
            device=link.device,
            asked_at=link.asked_at,
            expires_at=link.ends,
            demonstration=pack.city.demonstration,
        )
        return Answer(shown, headers=UNSTORED)

    async def press(self, call: Call) -> Answer:
        token, number = call.path["token"], call.body_as(PressBody).number
        link, *_ = await self._links.shown(token)
        try:
            await self._links.press(token, number)
        except Refusal as refusal:
            await self._record.write(call, link.city, link.person, "link.press", str(refusal.status))
            raise
        await self._record.write(call, link.city, link.person, "link.press", "204")
        return Answer(None, 204)

    async def open(self, call: Call) -> Answer:
        token, session = await self._links.open(call.body_as(LinkSessionBody).asked, call.address)
        await self._record.write(call, session.city, session.person, "session.link", "201", session.id)
        return Answer(OpenedSession.of(token, session, ""), 201, UNSTORED)

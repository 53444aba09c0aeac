"""PINs over HTTP. As other sign-in calls they take no Idempotency-Key."""

from services.router.city_scope import city_named
from services.router.sign_in.bodies import DEVICE_MAX, UNSTORED, OpenedSession, PinBody, PinSessionBody
from services.router.sign_in.pins import PinRequest, Pins
from services.router.sign_in.record import SignInRecord
from shared.kernel.errors import Refusal
from shared.runtime.http_server.route import Answer, Call, Route, post
from shared.runtime.pack_library import PackLibrary


class PinRoutes:
    """``/v1/sessions:pin`` and ``/v1/sessions:set-pin``."""

    def __init__(self, pins: Pins, packs: PackLibrary, record: SignInRecord) -> None:
        self._pins = pins
        self._packs = packs
        self._record = record

    def routes(self) -> list[Route]:
        return [
            post(
                "/v1/sessions:pin",
                self.open,
                "Sign in with a PIN, at a computer where the person signed in with the password within twelve hours",
                body=PinSessionBody,
                answers={201: OpenedSession, 401: None, 422: None, 429: None, 503: None},
            ),
            post(
                "/v1/sessions:set-pin",
                self.set,
                "Set one's PIN, or have none any more",
                roles=frozenset({"officer"}),
                body=PinBody,
                answers={204: None, 401: None, 409: None, 422: None, 429: None, 503: None},
                logged="sign_in",
            ),
        ]

    async def open(self, call: Call) -> Answer:
        body = call.body_as(PinSessionBody)
        city = city_named(self._packs, body.city)
        request = PinRequest(
            city=city,
            person=body.person,
            pin=body.pin,
            computer=body.computer,
            address=call.address,
            device=call.request.headers.get("user-agent", "")[:DEVICE_MAX],
        )
        try:
            token, session = await self._pins.open(request)
        except Refusal as refusal:
            if refusal.status == 401:
                await self._record.write(call, city, body.person, "session.pin", "401")
            raise
        await self._record.write(call, city, body.person, "session.pin", "201", session.id)
        return Answer(OpenedSession.of(token, session, body.computer), 201, UNSTORED)

    async def set(self, call: Call) -> Answer:
        body = call.body_as(PinBody)
        await self._pins.set(call.principal, body.password, body.pin)
        return Answer(None, 204)

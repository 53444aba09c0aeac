"""``GET /v1/sign-in``: what the sign-in page offers to people who are not known yet."""

import msgspec

from shared.runtime.http_server.route import Answer, Call, Route, get
from shared.runtime.pack_library import PackLibrary


class SignInOffer(msgspec.Struct, kw_only=True):
    """``demonstration``: every city here only demonstrates the system. ``sso``: one may sign in at the organisation."""

    demonstration: bool
    sso: bool = False


class SignInOffers:
    """The route. ``sso``: whether a provider is configured."""

    def __init__(self, packs: PackLibrary, *, sso: bool = False) -> None:
        self._packs = packs
        self._sso = sso

    def routes(self) -> list[Route]:
        return [get("/v1/sign-in", self.offer, "How one signs in here", answers={200: SignInOffer})]

    async def offer(self, _: Call) -> Answer:
        cities = [self._packs.current(city).city for city in self._packs.cities]
        demonstration = bool(cities) and all(city.demonstration for city in cities)
        return Answer(SignInOffer(demonstration=demonstration, sso=self._sso))

"""Shared computers: who may take over there with a PIN, and that whoever is signed in is still there."""

from services.router.sign_in.account import Accounts
from services.router.sign_in.bodies import UNSTORED, ComputerBody, PeopleHere, PersonHere, SessionStands
from services.router.sign_in.computers import Computers
from shared.kernel.clock import Clock
from shared.kernel.errors import conflict
from shared.runtime.http_server.route import Answer, Call, Route, post
from shared.runtime.identity.sessions import Sessions
from shared.runtime.pack_library import PackLibrary


class Presence:
    """The routes. Whoever has a computer's token sits at it: no list of people is told to anybody else."""

    def __init__(
        self, accounts: Accounts, computers: Computers, sessions: Sessions, packs: PackLibrary, clock: Clock
    ) -> None:
        self._accounts = accounts
        self._computers = computers
        self._sessions = sessions
        self._packs = packs
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            post(
                "/v1/sessions:here",
                self.here,
                "The person of this session did something: it is not locked yet",
                roles=frozenset({"officer"}),
                answers={200: SessionStands, 409: None},
            ),
            post(
                "/v1/sessions:people-here",
                self.people,
                "Whose PINs open sessions at a computer",
                body=ComputerBody,
                answers={200: PeopleHere},
            ),
        ]

    async def here(self, call: Call) -> Answer:
        session = await self._sessions.here(call.token, self._clock.now())
        if session is None:
            raise conflict("no-session", "This token is no session, or it has just ended.")
        return Answer(SessionStands(person=session.person, by=session.by, locks_after=session.locks_after))

    async def people(self, call: Call) -> Answer:
        computer = call.body_as(ComputerBody).computer
        found = [await self._of(*one) for one in await self._computers.people(computer, self._clock.now())]
        return Answer(PeopleHere([one for one in found if one is not None]), headers=UNSTORED)

    async def _of(self, city: str, id_: str) -> PersonHere | None:
        account = await self._accounts.get(city, id_)
        pack = self._packs.current(city)
        person = pack.people.get(id_)
        if account is None or account.pin is None or person is None:
            return None
        unit = pack.units[person.unit].name
        return PersonHere(city=city, person=id_, name=person.name, name_en=person.name_en, unit_name=unit)

"""A login link to oneself: sent over personal channels alone, good for ten minutes, once, for the browser that asked.

The browser that asked shows two digits. Whoever opens the link, on his telephone or there, chooses them among three
numbers, and then the browser that asked is signed in, and no other: a link that somebody else asked for, or reads,
opens nothing for him. A wrong number ends the link. Everybody gets the same answer, whether the person exists or not.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.router.sign_in.account import Account, Accounts
from services.router.sign_in.failures import OF_ACCOUNT, OF_ADDRESS, Failures, network_of
from services.router.sign_in.own_links.link_store import LinkStore, LoginLink
from services.router.sign_in.sign_in import ID_BYTES, SignIn
from shared.city.model.people import Person
from shared.city.pack import Pack
from shared.contracts.catalogue import encode
from shared.contracts.envelope import DANGER, Envelope
from shared.contracts.people import TOPIC, PersonLinkAsked
from shared.kernel.clock import Clock
from shared.kernel.errors import Refusal, conflict, not_found
from shared.kernel.ids import Ids, event_id
from shared.runtime.http_server.invitation_links import LOGIN_LINKS, InvitationLinks
from shared.runtime.identity.directory import Directory
from shared.runtime.identity.sessions import Session
from shared.runtime.identity.tokens import new_token, token_hash
from shared.runtime.pack_library import PackLibrary
from shared.runtime.timekeeping.wall_clock import real_now

LIFE = timedelta(minutes=10)
LEAST, NUMBERS, OFFERED = 10, 90, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequest:
    """``address``: the client's; ``device``: as the client names itself; ``shared``: others use the computer too."""

    city: str
    person: str
    address: str
    device: str
    shared: bool
    trace: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What the browser that asked keeps (``token``) and shows (``number``). ``sent``: whether anybody was written to,
    which is for the security log alone."""

    token: str
    number: int
    ends: datetime
    sent: bool


class LoginLinks:
    """All methods raise ``MongoError``."""

    def __init__(
        self,
        sign_in: SignIn,
        accounts: Accounts,
        failures: Failures,
        links: LinkStore,
        directory: Directory,
        packs: PackLibrary,
        secret: str,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._sign_in = sign_in
        self._accounts = accounts
        self._failures = failures
        self._links = links
        self._directory = directory
        self._packs = packs
        self._secret = secret.encode()
        self._signed = InvitationLinks(secret, LOGIN_LINKS)
        self._clock = clock
        self._ids = ids

    async def ask(self, request: LinkRequest) -> Asked:
        """Send a link, where the person has an account and a channel of his own. Raises ``Refusal`` 429."""
        now, city = self._clock.now(), request.city
        await self._failures.begin(self._of_address(request.address), OF_ADDRESS, now)
        await self._failures.begin(_of_person(city, request.person), OF_ACCOUNT, now)
        token = new_token("link")
        number = LEAST + int(token_hash(token)[:8], 16) % NUMBERS
        account = await self._with_channel(self._packs.current(city), request.person)
        link = LoginLink(
            id=self._ids(ID_BYTES),
            city=city,
            person=request.person,
            number=number,
            asker=token_hash(token),
            accepted=account.accepted if account is not None else "",
            device=request.device,
            shared=request.shared,
            asked_at=now,
            ends=now + LIFE,
            made_at=real_now(),
        )
        events = [self._event(link, request.trace)] if account is not None else []
        await self._links.add(link, events)
        return Asked(token, number, link.ends, bool(events))

    async def shown(self, token: str) -> tuple[LoginLink, Person, Pack, list[int]]:
        """The link behind an address, and the numbers to choose from. Changes nothing.

        Raises ``Refusal`` 404 (not ours), 409 (pressed already), 410 (over)."""
        found = self._signed.read(token)
        if found is None:
            raise not_found("login link")
        link = await self._links.get(found.invitation)
        if found.ends <= self._clock.now() or link is None:
            raise _over()
        if link.state != "sent":
            raise conflict("link-used", "The link was used already; ask for another one where you want to sign in.")
        pack = self._packs.current(link.city)
        person = pack.people.get(link.person)
        if person is None:
            raise _over()
        return link, person, pack, self._numbers(link)

    async def press(self, token: str, number: int) -> LoginLink:
        """The number that the asking browser shows: it is signed in when it asks next.

        Raises ``Refusal`` as ``shown`` does, and 409 for a wrong number, with which the link ends."""
        link, *_ = await self.shown(token)
        right = number == link.number
        if not await self._links.move(link, "pressed" if right else "refused"):
            raise conflict("link-used", "The link was used already; ask for another one where you want to sign in.")
        if not right:
            raise conflict(
                "wrong-number",
                "This is not the number on the screen that asked, so the link has ended. If you asked for none, "
                "somebody else did: nothing was opened for him.",
            )
        return link

    async def open(self, asker: str, address: str) -> tuple[str, Session]:
        """A session for the browser that asked, once. ``address``: the client's, at which the link counts no more.

        Raises ``Refusal`` 409 (nobody pressed yet), 410 (over)."""
        link, now = await self._links.asked_by(token_hash(asker)), self._clock.now()
        if link is None or link.ends <= now or link.state in ("used", "refused"):
            raise _over()
        if link.state == "sent":
            raise conflict("link-waiting", "The link in the message has not been pressed yet.")
        account = await self._accounts.get(link.city, link.person)
        known = await self._directory.person(link.city, link.person)
        if account is None or known is None or account.accepted != link.accepted:
            raise _over()
        if not await self._links.move(link, "used"):
            raise _over()
        locks_after = self._sign_in.idle if link.shared else timedelta(0)
        token, session = await self._directory.sessions.open(
            link.city, link.person, link.device, now, by="link", locks_after=locks_after
        )
        await self._sign_in.check_unchanged(account, session)
        await self._failures.forget(_of_person(link.city, link.person))
        await self._failures.take_back(self._of_address(address))
        return token, session

    def _of_address(self, address: str) -> str:
        """Under what the links that were asked for at an address are counted."""
        network = hmac.digest(self._secret, f"link/{network_of(address)}".encode(), "sha256").hex()[:32]
        return f"link-address/{network}"

    async def _with_channel(self, pack: Pack, person: str) -> Account | None:
        """The account of somebody who can be written to; a city in shadow mode writes to nobody."""
        account = await self._accounts.get(pack.city.id, person)
        if account is None or account.password is None or pack.city.shadow or not pack.receivers.personal(person):
            return None
        return account if await self._directory.person(pack.city.id, person) is not None else None

    def _numbers(self, link: LoginLink) -> list[int]:
        """The right one and two others, the same at every look."""
        digest = hmac.digest(self._secret, f"numbers/{link.id}".encode(), "sha256")
        others = (LEAST + byte % NUMBERS for byte in digest)
        return sorted(list(dict.fromkeys((link.number, *others)))[:OFFERED])

    def _event(self, link: LoginLink, trace: str) -> Envelope:
        data = PersonLinkAsked(
            person=link.person,
            link=link.id,
            ends=link.ends,
            pack_version=self._packs.current(link.city).version,
        )
        return Envelope(
            id=event_id(link.id, 1, 0),
            type="person.link_asked.v1",
            topic=TOPIC,
            key=link.city,
            subject=link.id,
            city=link.city,
            sequence=1,
            time=link.asked_at,
            lane=DANGER,
            trace=trace,
            data=encode(data),
        )


def _of_person(city: str, person: str) -> str:
    return f"link/{city}/{person}"


def _over() -> Refusal:
    return Refusal(410, "link-over", "The link has ended; ask for another one where you want to sign in.")

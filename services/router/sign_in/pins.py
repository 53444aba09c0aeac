"""A PIN, with which people take turns at a shared computer without typing their passwords.

Whoever has signed in with the password may set one of six to twelve digits. For twelve hours it opens sessions at
computers where the person signed in with the password, and nowhere else. Such a session ends with the person's shift,
after eight hours at the latest, and no one-time code is taken for it: what asks for one asks for the password first.
A new invitation voids the PIN.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from services.router.sign_in.account import Account, Accounts
from services.router.sign_in.computers import Computers
from services.router.sign_in.failures import OF_ACCOUNT, Failures
from services.router.sign_in.passwords import Passwords
from services.router.sign_in.sign_in import SignIn, pin_session, wrong_credentials
from shared.city.pack import Pack
from shared.city.people.rota import DAY, RotaChanges
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, Refusal, conflict, invalid
from shared.runtime.identity.directory import Directory, Principal
from shared.runtime.identity.sessions import Session
from shared.runtime.identity.tokens import token_hash
from shared.runtime.pack_library import PackLibrary

LONGEST_SESSION = timedelta(hours=8)
LEAST_DIFFERENT = 3
"""A PIN has as many different digits, so that nobody sees it by watching one or two keys."""
Decided = Callable[[str, datetime, datetime], Awaitable[RotaChanges]]
"""Swaps and leave of a city that were decided about a time from, to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PinRequest:
    """``computer``: the token that a sign-in with the password gave; ``device``: as the client names itself."""

    city: str
    person: str
    pin: str
    computer: str
    address: str
    device: str


class Pins:
    """All methods raise ``MongoError``."""

    def __init__(
        self,
        sign_in: SignIn,
        accounts: Accounts,
        failures: Failures,
        computers: Computers,
        directory: Directory,
        passwords: Passwords,
        packs: PackLibrary,
        decided: Decided,
        clock: Clock,
    ) -> None:
        self._sign_in = sign_in
        self._accounts = accounts
        self._failures = failures
        self._computers = computers
        self._directory = directory
        self._passwords = passwords
        self._packs = packs
        self._decided = decided
        self._clock = clock

    async def set(self, who: Principal, password: str, pin: str | None) -> None:
        """Set the PIN of whoever signed in; None: he has none any more.

        Raises ``Refusal`` 401 (not the password), 409 (no session, or one that a PIN opened), 422 (a PIN that is seen
        or guessed easily), 429 and 503.
        """
        account = await self._of_full_session(who)
        if pin is not None and is_weak(pin):
            raise invalid(FieldError("/pin", "is easily guessed; take at least three digits, in no row"))
        name, now = f"set-pin/{who.city}/{who.person}", self._clock.now()
        await self._failures.begin(name, OF_ACCOUNT, now)
        if not await self._fits(name, password, account.password):
            raise Refusal(401, "wrong-credentials", "This is not your password.")
        await self._failures.forget(name)
        hashed = await self._passwords.hashed(pin) if pin is not None else None
        if not await self._accounts.set_pin(account, hashed):
            raise Refusal(401, "wrong-credentials", "The password was set anew meanwhile; sign in again.")

    async def open(self, request: PinRequest) -> tuple[str, Session]:
        """A session and its token. Raises ``Refusal`` 401 (the same for every reason), 429 and 503."""
        now, city, person = self._clock.now(), request.city, request.person
        account = await self._accounts.get(city, person)
        known = await self._computers.remembers(city, person, request.computer, now)
        if account is None or account.pin is None or not known:  # a stranger has no PIN compared
            await self._sign_in.check_address(request.address, now)
            await self._sign_in.count_address(request.address, now)
            raise wrong_credentials()
        name = f"pin/{city}/{person}/{token_hash(request.computer)[:32]}"
        await self._failures.begin(name, OF_ACCOUNT, now)
        if not await self._fits(name, request.pin, account.pin) or await self._directory.person(city, person) is None:
            raise wrong_credentials()
        await self._failures.forget(name)
        ends = await self._end(self._packs.current(city), person, now)
        token, session = await self._directory.sessions.open(
            city, person, request.device, now, by="pin", expires_at=ends, locks_after=self._sign_in.idle
        )
        await self._sign_in.check_unchanged(account, session)
        return token, session

    async def _of_full_session(self, who: Principal) -> Account:
        account = await self._accounts.get(who.city, who.person or "")
        session = await self._directory.sessions.find(who.city, who.session, self._clock.now()) if who.session else None
        if account is None or session is None:
            raise conflict("no-session", "Only who signed in with a password sets a PIN; this token is no session.")
        if session.by == "pin":
            raise pin_session()
        return account

    async def _fits(self, name: str, given: str, stored: str | None) -> bool:
        try:
            return (await self._passwords.matches(given, stored))[0]
        except Refusal:
            await self._failures.take_back(name)
            raise

    async def _end(self, pack: Pack, person: str, now: datetime) -> datetime:
        """When the shift ends that the person is on, after eight hours at the latest."""
        latest = now + LONGEST_SESSION
        if person not in pack.people:
            return latest
        decided = await self._decided(pack.city.id, now - DAY, latest)
        day = now.astimezone(pack.posts.zone).date()
        turns = pack.posts.turns(pack.people[person], day - DAY, day, decided)
        ends = [turn.end for turn in turns if turn.start <= now < turn.end and turn.why != "always"]
        return min(max(ends, default=latest), latest)


def is_weak(pin: str) -> bool:
    """Few different digits, or digits that follow one another (123456, 987654)."""
    steps = {(int(after) - int(digit)) % 10 for digit, after in pairwise(pin)}
    return len(set(pin)) < LEAST_DIFFERENT or steps in ({1}, {9})

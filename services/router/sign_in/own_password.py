"""``POST /v1/sessions:set-password``: another password, by whoever knows the one that holds.

All other sessions of the person end, the PIN is void and no computer is remembered: whoever else knew the old password
is out. An authenticator stays.
"""

import msgspec

from services.router.sign_in.account import Account, Accounts
from services.router.sign_in.bodies import Password
from services.router.sign_in.computers import Computers
from services.router.sign_in.failures import OF_ACCOUNT, Failures
from services.router.sign_in.passwords import Passwords
from services.router.sign_in.sign_in import ID_BYTES, about, pin_session
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, Refusal, conflict, invalid
from shared.kernel.ids import Ids
from shared.runtime.http_server.route import Answer, Call, Route, post
from shared.runtime.identity.directory import Principal
from shared.runtime.identity.sessions import Session, Sessions
from shared.runtime.pack_library import PackLibrary


class NewPasswordBody(msgspec.Struct, forbid_unknown_fields=True):
    """``password``: the one that holds."""

    password: Password
    new: Password


class OwnPassword:
    """The route. A session that a PIN opened is refused."""

    def __init__(
        self,
        accounts: Accounts,
        failures: Failures,
        computers: Computers,
        sessions: Sessions,
        passwords: Passwords,
        packs: PackLibrary,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._accounts = accounts
        self._failures = failures
        self._computers = computers
        self._sessions = sessions
        self._passwords = passwords
        self._packs = packs
        self._clock = clock
        self._ids = ids

    def routes(self) -> list[Route]:
        return [
            post(
                "/v1/sessions:set-password",
                self.set,
                "Another password; all other sessions of one's own end",
                roles=frozenset({"officer"}),
                body=NewPasswordBody,
                answers={204: None, 401: None, 409: None, 422: None, 429: None, 503: None},
                logged="account",
            )
        ]

    async def set(self, call: Call) -> Answer:
        """Raises ``Refusal`` 401 (not the password), 409 (no session, or one that a PIN opened), 422 and 429."""
        body, who, now = call.body_as(NewPasswordBody), call.principal, self._clock.now()
        account, session = await self._of_full_session(who)
        name = f"set-password/{who.city}/{who.person}"
        await self._failures.begin(name, OF_ACCOUNT, now)
        if not await self._fits(name, body.password, account):
            raise Refusal(401, "wrong-credentials", "This is not your password.")
        await self._failures.forget(name)
        pack = self._packs.current(account.city)
        try:
            await self._passwords.check_strength(body.new, about(pack, pack.people[account.person]))
        except Refusal as weak:
            raise _of_new(weak) from None
        hashed = await self._passwords.hashed(body.new)
        if not await self._accounts.change_password(account, hashed, self._ids(ID_BYTES)):
            raise Refusal(401, "wrong-credentials", "The password was set anew meanwhile; sign in again.")
        await self._computers.forget_all(account.city, account.person)
        await self._sessions.end_all(account.city, account.person, now, but=session)
        return Answer(None, 204)

    async def _of_full_session(self, who: Principal) -> tuple[Account, Session]:
        account = await self._accounts.get(who.city, who.person or "")
        session = await self._sessions.find(who.city, who.session, self._clock.now()) if who.session else None
        if account is None or session is None:
            raise conflict("no-session", "Only who signed in has a password; this token is no session.")
        if session.by == "pin":
            raise pin_session()
        return account, session

    async def _fits(self, name: str, given: str, account: Account) -> bool:
        try:
            return (await self._passwords.matches(given, account.password))[0]
        except Refusal:
            await self._failures.take_back(name)
            raise


def _of_new(weak: Refusal) -> Refusal:
    """The same, about the field ``new``."""
    return invalid(*(FieldError("/new", error.detail) for error in weak.errors)) if weak.errors else weak

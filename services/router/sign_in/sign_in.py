"""Invitations and sign-ins: who may have an account, how it is opened, and what a sign-in costs.

An account is bound to a person of the pack. It is opened by an invitation, which is an address signed by the
installation; a further invitation is how a password is set anew. Accounts and sessions end with the person's place in
the pack.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from services.router.sign_in.account import Account, Accounts, Invitation
from services.router.sign_in.failures import OF_ACCOUNT, OF_ADDRESS, Failures, network_of
from services.router.sign_in.one_time_codes import OneTimeCodes
from services.router.sign_in.passwords import Passwords
from shared.city.model.people import Person
from shared.city.pack import Pack
from shared.kernel.clock import Clock
from shared.kernel.errors import Refusal, conflict, forbidden, not_found
from shared.kernel.ids import Ids
from shared.runtime.http_server.invitation_links import InvitationLinks
from shared.runtime.identity.directory import Directory, Principal
from shared.runtime.identity.sessions import Session
from shared.runtime.pack_library import PackLibrary

log = structlog.get_logger()
INVITATION_LIFE = timedelta(days=3)
ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class Invited:
    """An open invitation."""

    person: Person
    pack: Pack
    ends: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInRequest:
    """``address``: the client's; ``device``: as the client names itself. ``shared``: others use the computer too."""

    city: str
    person: str
    password: str
    totp: str | None
    address: str
    device: str
    shared: bool = False


class SignIn:
    """All methods raise ``MongoError``."""

    def __init__(
        self,
        accounts: Accounts,
        failures: Failures,
        directory: Directory,
        packs: PackLibrary,
        secret: str,
        codes: OneTimeCodes,
        passwords: Passwords,
        clock: Clock,
        ids: Ids,
        idle: timedelta = timedelta(0),
    ) -> None:
        """``idle``: how long somebody may do nothing at a shared computer; nothing: as long as he likes."""
        self.idle = idle
        self._accounts = accounts
        self._failures = failures
        self._directory = directory
        self._packs = packs
        self._secret = secret.encode()
        self._links = InvitationLinks(secret)
        self._codes = codes
        self._passwords = passwords
        self._clock = clock
        self._ids = ids

    async def invite(self, by: Principal, city: str, person: str) -> tuple[str, Invitation]:
        """A new invitation and the token of its address; one that was open is void. Raises ``Refusal`` 403, 404."""
        self.check_may_invite(by, city, person)
        now = self._clock.now()
        invitation = Invitation(id=self._ids(ID_BYTES), made_by=by.who, made_at=now, ends=now + INVITATION_LIFE)
        await self._accounts.invite(city, person, invitation)
        return self._links.token(city, person, invitation.id, invitation.ends), invitation

    def check_may_invite(self, by: Principal, city: str, person: str) -> None:
        """Whether ``by`` decides about the person's account. Raises ``Refusal`` 403, 404."""
        pack = self._packs.current(city)
        invited = pack.people.get(person)
        if invited is None or not _sees(by, pack, invited):
            raise _no_person(city, person)
        if not may_invite(by, pack, invited):
            raise forbidden(
                "A supervisor of the person's unit or of one above may do this; for an administrator, and for whoever "
                "reads confidential reports that the supervisor does not read, ops."
            )

    async def invitation(self, token: str) -> Invited:
        """What an invitation offers. Raises ``Refusal`` 404 (not ours), 410 (over), 409 (used, or a newer one came)."""
        _, invitation, person, pack = await self._open(token)
        return Invited(person, pack, invitation.ends)

    async def accept(self, token: str, password: str, address: str) -> str:
        """Set the password; every session of before ends. Offers one-time codes, which hold from the first one on that
        is given (``confirm``): what an authenticator reads (``otpauth://``), answered this once.

        ``address``: the client's. Raises ``Refusal`` as ``invitation`` does, 422 for a weak password.
        """
        account, invitation, person, pack = await self._open(token)
        city = pack.city
        await self._passwords.check_strength(password, about(pack, person))
        hashed, offered = await self._passwords.hashed(password), self._codes.new()
        known = self._hashed(address)
        if not await self._accounts.accept(city.id, person.id, invitation.id, hashed, offered, known):
            raise _used()
        await self._directory.sessions.end_all(city.id, person.id, self._clock.now())
        await self._failures.forget(_of_account(city.id, account.person))
        return self._codes.uri(offered, f"{city.id}/{person.id}")

    async def open(self, request: SignInRequest) -> tuple[str, Session]:
        """A session and its token. Raises ``Refusal`` 401 (the same for every reason), 429 and 503."""
        now, address = self._clock.now(), self._hashed(request.address)
        account = await self._accounts.get(request.city, request.person)
        known = account is not None and address in account.addresses
        of_account = _of_account(request.city, request.person, address if known else "")
        if not known:
            await self.check_address(request.address, now)
        await self._failures.begin(of_account, OF_ACCOUNT, now)
        if not await self._judged(account, request, of_account) or account is None:
            await self.count_address(request.address, now)
            raise wrong_credentials()
        await self._failures.forget(of_account)
        await self._accounts.signed_in_from(account, address)
        token, session = await self._directory.sessions.open(
            account.city,
            account.person,
            request.device,
            now,
            confirmed=request.totp is not None,
            locks_after=self.idle if request.shared else timedelta(0),
        )
        await self.check_unchanged(account, session)
        return token, session

    async def check_address(self, address: str, now: datetime) -> None:
        """Raises ``Refusal`` 429 while the client's address has to wait."""
        await self._failures.check(f"address/{self._hashed(address)}", OF_ADDRESS, now)

    async def count_address(self, address: str, now: datetime) -> None:
        """A failure from the client's address."""
        await self._failures.count(f"address/{self._hashed(address)}", now)

    async def _judged(self, account: Account | None, request: SignInRequest, of_account: str) -> bool:
        """Whether the account is proved. A person without one is refused after as long as one with a wrong password."""
        try:
            if account is None:
                await self._passwords.matches(request.password, None)
                return False
            return await self._proved(account, request)
        except Refusal:
            await self._failures.take_back(of_account)
            raise

    async def check_unchanged(self, account: Account, session: Session) -> None:
        """Whoever accepts an invitation or loads a pack ends all sessions; not yet one that is opened meanwhile."""
        present = await self._accounts.get(account.city, account.person)
        if present is None or present.accepted != account.accepted:
            await self._directory.sessions.end(session, self._clock.now())
            raise wrong_credentials()

    async def _proved(self, account: Account, request: SignInRequest) -> bool:
        """Whether password and code, where one is given, are the account's, and the person is in the pack."""
        fits, newer = await self._passwords.matches(request.password, account.password)
        if not fits or await self._directory.person(account.city, account.person) is None:
            return False
        if request.totp is not None and not await self._takes(account, request.totp):
            return False
        if newer is not None:
            await self._accounts.set_password(account, newer)
        return True

    async def confirm(self, who: Principal, token: str, totp: str) -> None:
        """A one-time code for the session of ``token``; the first code of an authenticator sets it up.

        Raises ``Refusal`` 401, 409 (none was set up or offered, or a PIN opened the session), 429.
        """
        if who.session is None or who.person is None:
            raise conflict("no-session", "Only a session is confirmed; this token is none.")
        now, name = self._clock.now(), f"code/{who.city}/{who.person}"
        session = await self._directory.sessions.find(who.city, who.session, now)
        if session is not None and session.by == "pin":
            raise pin_session()
        account = await self._accounts.get(who.city, who.person)
        if account is None or (account.codes is None and account.offered is None):
            raise conflict("no-second-factor", "No authenticator was set up: accept a new invitation with one.")
        await self._failures.begin(name, OF_ACCOUNT, now)
        if not (await self._takes(account, totp) or await self._sets_up(account, totp)):
            raise Refusal(401, "wrong-code", "This is not the code that the authenticator shows now.")
        await self._failures.forget(name)
        await self._directory.sessions.confirm(token, now)

    async def left(self, city: str, people: list[str]) -> None:
        """A pack was loaded: who is not in it any more has no account and no session, also when he comes back."""
        await self._accounts.keep_only(city, people)
        await self._directory.sessions.end_of_others(city, people, self._clock.now())

    async def _takes(self, account: Account, code: str) -> bool:
        step = self._codes.step_of(account.codes, code) if account.codes is not None else None
        return step is not None and await self._accounts.take_code(account.city, account.person, step)

    async def _sets_up(self, account: Account, code: str) -> bool:
        step = self._codes.step_of(account.offered, code) if account.offered is not None else None
        return step is not None and await self._accounts.set_up_codes(account, step)

    async def _open(self, token: str) -> tuple[Account, Invitation, Person, Pack]:
        found = self._links.read(token)
        if found is None:
            raise not_found("invitation")
        city, id_, invitation, ends = found
        if ends <= self._clock.now():
            raise Refusal(410, "invitation-over", "The invitation has ended; ask for a new one.")
        account = await self._accounts.get(city, id_)
        if account is None or account.invitation is None or account.invitation.id != invitation:
            raise _used()
        pack = self._packs.current(city)
        person = pack.people.get(id_)
        if person is None or await self._directory.person(city, id_) is None:
            raise Refusal(410, "invitation-over", "The person is not in the city's pack any more.")
        return account, account.invitation, person, pack

    def _hashed(self, address: str) -> str:
        return hmac.digest(self._secret, f"address/{network_of(address)}".encode(), "sha256").hex()[:32]


def _of_account(city: str, person: str, address: str = "") -> str:
    """What failures are counted under; ``address``: one from which the person signed in before, by its hash."""
    return f"account/{city}/{person}" + (f"/{address}" if address else "")


def about(pack: Pack, person: Person) -> list[str]:
    """Names that are guessed first."""
    city = pack.city
    return [person.id, person.name, person.name_en, city.id, city.name, "whistle"]


def wrong_credentials() -> Refusal:
    """The same for every reason."""
    return Refusal(401, "wrong-credentials", "City, person, password or code is wrong.")


def pin_session() -> Refusal:
    """What a session that a PIN opened is refused."""
    return conflict("pin-session", "A PIN opened this session: sign in with your password, then repeat this.")


def _no_person(city: str, person: str) -> Refusal:
    return Refusal(
        404,
        "not-found",
        f"The pack of {city} has no person with the id {person}, or none that you may see. Ids stand in posts.yaml; "
        "who was added to it since is here once the pack is loaded (whistle city load).",
    )


def _used() -> Refusal:
    return conflict(
        "invitation-used", "The invitation was used, or a newer one was made. Sign in, or ask for a new one."
    )


def _sees(by: Principal, pack: Pack, person: Person) -> bool:
    """Ops see everybody of the city; an officer the people of his subtree."""
    if by.kind != "officer" or "ops" in by.offices:
        return True
    return by.unit is not None and by.unit in pack.units[person.unit].path


def may_invite(by: Principal, pack: Pack, person: Person) -> bool:
    """Whoever invites can take the account over, so nobody invites whoever may do more than he."""
    if by.kind != "officer" or "ops" in by.offices:
        return True
    appointed = pack.city.administrators
    administers = person.id in {*appointed.ops, *appointed.setup, *appointed.auditor}
    reads_no_more = pack.handlers.read_by(person.id) <= pack.handlers.read_by(by.person)
    return by.role == "supervisor" and not administers and reads_no_more

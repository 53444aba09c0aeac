"""Invitations and sessions over HTTP.

Sign-in calls take no Idempotency-Key: a repeated sign-in is another session, a repeated acceptance is refused.
"""

from datetime import datetime
from typing import Annotated

import msgspec

from services.router.sign_in.invitations_sent import InvitationsSent
from services.router.sign_in.sign_in import SignIn, SignInRequest
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, Refusal, invalid, not_found
from shared.runtime.http_server.route import Answer, Call, Route, delete, get, post
from shared.runtime.identity.directory import EVERY_CITY, Directory, Principal
from shared.runtime.identity.security_log import SecurityLog
from shared.runtime.identity.sessions import Session
from shared.runtime.pack_library import PackLibrary

PersonId = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_.:-]{1,120}$")]
CityId = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_.-]{1,60}$")]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Code = Annotated[str, msgspec.Meta(pattern="^[0-9]{6}$")]
DEVICE_MAX = 200
MAY_INVITE = frozenset({"officer", "ops"})
UNSTORED = {"cache-control": "no-store"}


class InvitationBody(msgspec.Struct, forbid_unknown_fields=True):
    """``city``: for a key of the installation's ops where several cities are loaded. ``printed``: the address is to be
    printed for the person, and is not sent."""

    person: PersonId
    city: CityId | None = None
    printed: bool = False


class AcceptBody(msgspec.Struct, forbid_unknown_fields=True):
    """``totp``: the code that the authenticator shows, where one is set up."""

    password: Password
    totp: Code | None = None


class SessionBody(msgspec.Struct, forbid_unknown_fields=True):
    """``city``: where several cities are loaded."""

    person: PersonId
    password: Password
    totp: Code | None = None
    city: CityId | None = None


class ConfirmBody(msgspec.Struct, forbid_unknown_fields=True):
    totp: Code


class SessionsQuery(msgspec.Struct, forbid_unknown_fields=True):
    """``person``: whose; oneself without it."""

    person: PersonId | None = None
    city: CityId | None = None


class MadeInvitation(msgspec.Struct, kw_only=True):
    """``url``: the address, shown this once; to be given to the person alone. ``sent_by``: the kinds of the person's
    own channels over which it is sent; empty: over none."""

    person: str
    sent_by: list[str]
    url: str
    expires_at: datetime


class ShownInvitation(msgspec.Struct, kw_only=True):
    """``totp_uri``: what an authenticator reads from a QR code."""

    city: str
    person: str
    name: str
    unit: str
    unit_name: str
    totp_uri: str
    expires_at: datetime


class AcceptedInvitation(msgspec.Struct, kw_only=True):
    """``second_factor``: whether one-time codes were set up."""

    city: str
    person: str
    second_factor: bool


class OpenedSession(msgspec.Struct, kw_only=True):
    """``token``: to be sent as bearer, shown this once. It ends at ``expires_at`` or after twelve hours without use."""

    token: str
    id: str
    person: str
    city: str
    expires_at: datetime


class SessionView(msgspec.Struct, kw_only=True):
    id: str
    person: str
    device: str
    opened_at: datetime
    seen_at: datetime
    expires_at: datetime
    current: bool


class SessionPage(msgspec.Struct, kw_only=True):
    items: list[SessionView]
    next: str | None = None


class SignInRoutes:
    """``/v1/invitations`` and ``/v1/sessions``."""

    def __init__(
        self,
        sign_in: SignIn,
        directory: Directory,
        packs: PackLibrary,
        security_log: SecurityLog,
        sent: InvitationsSent,
        public_url: str,
        clock: Clock,
    ) -> None:
        self._sign_in = sign_in
        self._directory = directory
        self._packs = packs
        self._security_log = security_log
        self._sent = sent
        self._public_url = public_url.rstrip("/")
        self._clock = clock

    def routes(self) -> list[Route]:
        session = frozenset({"officer"})
        return [
            post(
                "/v1/invitations",
                self.invite,
                "Send a person of the pack an address for setting a password; one that was open is void",
                roles=MAY_INVITE,
                body=InvitationBody,
                answers={201: MadeInvitation},
                logged="account",
            ),
            get(
                "/v1/invitations/{token}",
                self.invitation,
                "What an invitation offers",
                answers={200: ShownInvitation, 404: None, 409: None, 410: None},
            ),
            post(
                "/v1/invitations/{token}:accept",
                self.accept,
                "Set the password, and one-time codes",
                body=AcceptBody,
                answers={200: AcceptedInvitation, 404: None, 409: None, 410: None, 422: None, 503: None},
            ),
            post(
                "/v1/sessions",
                self.open,
                "Sign in",
                body=SessionBody,
                answers={201: OpenedSession, 401: None, 422: None, 429: None, 503: None},
            ),
            post(
                "/v1/sessions:confirm",
                self.confirm,
                "A one-time code: acts that ask for one are open for ten minutes",
                roles=session,
                body=ConfirmBody,
                answers={200: SessionView, 401: None, 409: None, 429: None},
                logged="sign_in",
            ),
            get(
                "/v1/sessions",
                self.list,
                "Sessions that have not ended",
                roles=MAY_INVITE,
                query=SessionsQuery,
                answers={200: SessionPage},
            ),
            delete(
                "/v1/sessions/{id}",
                self.end,
                "End a session",
                roles=MAY_INVITE,
                query=SessionsQuery,
                answers={204: None, 404: None},
                logged="account",
            ),
        ]

    async def invite(self, call: Call) -> Answer:
        body, who = call.body_as(InvitationBody), call.principal
        city = self._city(body.city if who.city == EVERY_CITY else who.city)
        call.city, call.on = city, body.person
        self._sign_in.check_may_invite(who, city, body.person)
        await self._directory.check_confirmed(who, call.token)
        token, invitation = await self._sign_in.invite(who, city, body.person)
        pack, sent = self._packs.current(city), list[str]()
        if self._public_url and not body.printed:
            sent = await self._sent.send(pack, body.person, invitation, call.trace)
        url = f"{self._public_url}/i/{token}"
        made = MadeInvitation(person=body.person, url=url, sent_by=sent, expires_at=invitation.ends)
        return Answer(made, 201, UNSTORED)

    async def invitation(self, call: Call) -> Answer:
        offered = await self._sign_in.invitation(call.path["token"])
        person = offered.person
        shown = ShownInvitation(
            city=offered.pack.city.id,
            person=person.id,
            name=person.name,
            unit=person.unit,
            unit_name=offered.pack.units[person.unit].name,
            totp_uri=offered.totp_uri,
            expires_at=offered.ends,
        )
        return Answer(shown, headers=UNSTORED)

    async def accept(self, call: Call) -> Answer:
        body = call.body_as(AcceptBody)
        offered = await self._sign_in.invitation(call.path["token"])
        city, person = offered.pack.city.id, offered.person.id
        try:
            await self._sign_in.accept(call.path["token"], body.password, body.totp, call.address)
        except Refusal as refusal:
            await self._log(call, city, person, "invitation.accept", str(refusal.status))
            raise
        await self._log(call, city, person, "invitation.accept", "200")
        return Answer(AcceptedInvitation(city=city, person=person, second_factor=body.totp is not None))

    async def open(self, call: Call) -> Answer:
        body = call.body_as(SessionBody)
        city = self._city(body.city)
        request = SignInRequest(
            city=city,
            person=body.person,
            password=body.password,
            totp=body.totp,
            address=call.address,
            device=call.request.headers.get("user-agent", "")[:DEVICE_MAX],
        )
        try:
            token, session = await self._sign_in.open(request)
        except Refusal as refusal:
            if refusal.status == 401:  # what has to wait was not judged, and would fill the log
                await self._log(call, city, body.person, "session.open", "401")
            raise
        await self._log(call, city, body.person, "session.open", "201", session.id)
        opened = OpenedSession(
            token=token, id=session.id, person=session.person, city=city, expires_at=session.expires_at
        )
        return Answer(opened, 201, UNSTORED)

    async def confirm(self, call: Call) -> Answer:
        who = call.principal
        await self._sign_in.confirm(who, call.token, call.body_as(ConfirmBody).totp)
        session = await self._directory.sessions.find(who.city, who.session or "", self._clock.now())
        if session is None:
            raise not_found("session")
        return Answer(_view(session, who))

    async def list(self, call: Call) -> Answer:
        city, person = self._whose(call)
        items = [
            _view(one, call.principal) for one in await self._directory.sessions.of(city, person, self._clock.now())
        ]
        return Answer(SessionPage(items=items))

    async def end(self, call: Call) -> Answer:
        """One's own; ops and supervisors above end those of others. ``all`` as id ends all of a person's."""
        city, person = self._whose(call)
        now = self._clock.now()
        call.city, call.on = city, person
        if call.path["id"] == "all":
            await self._directory.sessions.end_all(city, person, now)
            return Answer(None, 204)
        session = await self._directory.sessions.find(city, call.path["id"], now)
        if session is None or session.person != person:
            raise not_found("session")
        await self._directory.sessions.end(session, now)
        return Answer(None, 204)

    def _whose(self, call: Call) -> tuple[str, str]:
        """City and person whose sessions are meant. Raises ``Refusal`` 403, 404, 422."""
        query, who = call.query_as(SessionsQuery), call.principal
        if who.kind == "officer" and query.person in (None, who.person):
            return who.city, who.who
        city = self._city(query.city if who.city == EVERY_CITY else who.city)
        if query.person is None:
            raise invalid(FieldError("?person", "is required: a key has no sessions of its own"))
        self._sign_in.check_may_invite(who, city, query.person)
        return city, query.person

    def _city(self, named: str | None) -> str:
        """The city that is meant: the only one that is loaded, where none is named. Raises ``Refusal`` 404, 422."""
        cities = self._packs.cities
        if named is not None:
            if named not in cities:
                raise not_found("city")
            return named
        if len(cities) != 1:
            raise invalid(FieldError("/city", "is required where several cities are loaded"))
        return next(iter(cities))

    async def _log(self, call: Call, city: str, person: str, what: str, outcome: str, session: str = "") -> None:
        await self._security_log.write(
            city=city,
            kind="sign_in",
            what=what,
            who=person,
            role="officer",
            outcome=outcome,
            session=session,
            address=call.address,
            trace=call.trace,
        )


def _view(session: Session, who: Principal) -> SessionView:
    return SessionView(
        id=session.id,
        person=session.person,
        device=session.device,
        opened_at=session.opened_at,
        seen_at=session.seen_at,
        expires_at=session.expires_at,
        current=session.id == who.session,
    )

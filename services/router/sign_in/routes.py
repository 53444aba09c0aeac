"""Invitations and sessions over HTTP.

Sign-in calls take no Idempotency-Key: a repeated sign-in is another session, a repeated acceptance is refused.
"""

from services.router.city_scope import city_named
from services.router.sign_in.bodies import (
    DEVICE_MAX,
    UNSTORED,
    AcceptBody,
    AcceptedInvitation,
    ConfirmBody,
    InvitationBody,
    MadeInvitation,
    OpenedSession,
    SessionBody,
    SessionPage,
    SessionsQuery,
    SessionView,
    ShownInvitation,
)
from services.router.sign_in.computers import Computers
from services.router.sign_in.invitations_sent import InvitationsSent
from services.router.sign_in.record import SignInRecord
from services.router.sign_in.sign_in import SignIn, SignInRequest
from shared.kernel.clock import Clock
from shared.kernel.errors import FieldError, Refusal, invalid, not_found
from shared.runtime.http_server.route import Answer, Call, Route, delete, get, post
from shared.runtime.identity.directory import EVERY_CITY, Directory
from shared.runtime.pack_library import PackLibrary

MAY_INVITE = frozenset({"officer", "ops"})


class SignInRoutes:
    """``/v1/invitations`` and ``/v1/sessions``."""

    def __init__(
        self,
        sign_in: SignIn,
        directory: Directory,
        packs: PackLibrary,
        record: SignInRecord,
        sent: InvitationsSent,
        computers: Computers,
        public_url: str,
        clock: Clock,
    ) -> None:
        self._sign_in = sign_in
        self._directory = directory
        self._packs = packs
        self._record = record
        self._sent = sent
        self._computers = computers
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
                "Set the password; offers one-time codes",
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
        city = city_named(self._packs, body.city if who.city == EVERY_CITY else who.city)
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
            expires_at=offered.ends,
            demonstration=offered.pack.city.demonstration,
        )
        return Answer(shown, headers=UNSTORED)

    async def accept(self, call: Call) -> Answer:
        body = call.body_as(AcceptBody)
        offered = await self._sign_in.invitation(call.path["token"])
        city, person = offered.pack.city.id, offered.person.id
        try:
            totp_uri = await self._sign_in.accept(call.path["token"], body.password, call.address)
        except Refusal as refusal:
            await self._record.write(call, city, person, "invitation.accept", str(refusal.status))
            raise
        await self._computers.forget_all(city, person)
        await self._record.write(call, city, person, "invitation.accept", "200")
        return Answer(AcceptedInvitation(city=city, person=person, totp_uri=totp_uri), headers=UNSTORED)

    async def open(self, call: Call) -> Answer:
        body = call.body_as(SessionBody)
        city = city_named(self._packs, body.city)
        request = SignInRequest(
            city=city,
            person=body.person,
            password=body.password,
            totp=body.totp,
            address=call.address,
            device=call.request.headers.get("user-agent", "")[:DEVICE_MAX],
            shared=body.shared,
        )
        try:
            token, session = await self._sign_in.open(request)
        except Refusal as refusal:
            if refusal.status == 401:  # what has to wait was not judged, and would fill the log
                await self._record.write(call, city, body.person, "session.open", "401")
            raise
        await self._record.write(call, city, body.person, "session.open", "201", session.id)
        computer = await self._computers.remember(city, session.person, body.computer, self._clock.now())
        return Answer(OpenedSession.of(token, session, computer), 201, UNSTORED)

    async def confirm(self, call: Call) -> Answer:
        who = call.principal
        await self._sign_in.confirm(who, call.token, call.body_as(ConfirmBody).totp)
        session = await self._directory.sessions.find(who.city, who.session or "", self._clock.now())
        if session is None:
            raise not_found("session")
        return Answer(SessionView.of(session, who))

    async def list(self, call: Call) -> Answer:
        city, person = self._whose(call)
        items = [
            SessionView.of(one, call.principal)
            for one in await self._directory.sessions.of(city, person, self._clock.now())
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
        city = city_named(self._packs, query.city if who.city == EVERY_CITY else who.city)
        if query.person is None:
            raise invalid(FieldError("?person", "is required: a key has no sessions of its own"))
        self._sign_in.check_may_invite(who, city, query.person)
        return city, query.person

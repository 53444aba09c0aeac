"""What invitations and sessions are asked for, and what they answer."""

from datetime import datetime
from typing import Annotated, Self

import msgspec

from shared.runtime.identity.directory import Principal
from shared.runtime.identity.sessions import OpenedBy, Session

PersonId = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_.:-]{1,120}$")]
CityId = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_.-]{1,60}$")]
Password = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
DEVICE_MAX = 200
UNSTORED = {"cache-control": "no-store"}
Code = Annotated[str, msgspec.Meta(pattern="^[0-9]{6}$")]
Pin = Annotated[str, msgspec.Meta(pattern="^[0-9]{6,12}$")]
Computer = Annotated[str, msgspec.Meta(pattern="^whk_computer_[0-9a-f]{64}$")]


class InvitationBody(msgspec.Struct, forbid_unknown_fields=True):
    """``city``: for a key of the installation's ops where several cities are loaded. ``printed``: the address is to be
    printed for the person, and is not sent."""

    person: PersonId
    city: CityId | None = None
    printed: bool = False


class AcceptBody(msgspec.Struct, forbid_unknown_fields=True):
    password: Password


class SessionBody(msgspec.Struct, forbid_unknown_fields=True):
    """``city``: where several cities are loaded. ``computer``: what an earlier sign-in at this computer answered.
    ``shared``: others use the computer too: the session is over when its person does nothing there for half an hour."""

    person: PersonId
    password: Password
    totp: Code | None = None
    city: CityId | None = None
    computer: Computer | None = None
    shared: bool = False


class PinSessionBody(msgspec.Struct, forbid_unknown_fields=True):
    """``computer``: what the sign-in with the password answered at this computer. ``city``: as above."""

    person: PersonId
    pin: Pin
    computer: Computer
    city: CityId | None = None


class PinBody(msgspec.Struct, forbid_unknown_fields=True):
    """``pin``: six to twelve digits; null: none any more. ``password``: of whoever signed in."""

    password: Password
    pin: Pin | None


class ConfirmBody(msgspec.Struct, forbid_unknown_fields=True):
    totp: Code


class SessionsQuery(msgspec.Struct, forbid_unknown_fields=True):
    """``person``: whose; oneself without it."""

    person: PersonId | None = None
    city: CityId | None = None


class ComputerBody(msgspec.Struct, forbid_unknown_fields=True):
    """``computer``: what the sign-in with the password answered at this computer."""

    computer: Computer


class PersonHere(msgspec.Struct, kw_only=True):
    """Somebody whose PIN opens a session at this computer now."""

    city: str
    person: str
    name: str
    name_en: str
    unit_name: str


class PeopleHere(msgspec.Struct):
    """The one who signed in last is first."""

    items: list[PersonHere]


class SessionStands(msgspec.Struct, kw_only=True):
    """``locks_after``: seconds without an act of its person after which the session is over; 0: it is not before the
    end that every session has."""

    person: str
    by: OpenedBy
    locks_after: int


class MadeInvitation(msgspec.Struct, kw_only=True):
    """``url``: the address, shown this once; to be given to the person alone. ``sent_by``: the kinds of the person's
    own channels over which it is sent; empty: over none."""

    person: str
    sent_by: list[str]
    url: str
    expires_at: datetime


class ShownInvitation(msgspec.Struct, kw_only=True):
    """``demonstration``: whether the city only demonstrates the system."""

    city: str
    person: str
    name: str
    unit: str
    unit_name: str
    expires_at: datetime
    demonstration: bool = False


class AcceptedInvitation(msgspec.Struct, kw_only=True):
    """``totp_uri``: what an authenticator reads from a QR code, answered this once. Its first code, sent to
    ``POST /v1/sessions:confirm`` after a sign-in, sets it up."""

    city: str
    person: str
    totp_uri: str


class OpenedSession(msgspec.Struct, kw_only=True):
    """``token``: to be sent as bearer, shown this once. It ends at ``expires_at`` or after twelve hours without use.
    ``computer``: to be kept where it was signed in, for PINs; after a PIN the one that was sent."""

    token: str
    id: str
    person: str
    city: str
    expires_at: datetime
    computer: str

    @classmethod
    def of(cls, token: str, session: Session, computer: str) -> Self:
        return cls(
            token=token,
            id=session.id,
            person=session.person,
            city=session.city,
            expires_at=session.expires_at,
            computer=computer,
        )


class SessionView(msgspec.Struct, kw_only=True):
    """``by``: with what it was opened."""

    id: str
    person: str
    device: str
    opened_at: datetime
    seen_at: datetime
    expires_at: datetime
    current: bool
    by: OpenedBy

    @classmethod
    def of(cls, session: Session, who: Principal) -> Self:
        return cls(
            id=session.id,
            person=session.person,
            device=session.device,
            opened_at=session.opened_at,
            seen_at=session.seen_at,
            expires_at=session.expires_at,
            current=session.id == who.session,
            by=session.by,
        )


class SessionPage(msgspec.Struct, kw_only=True):
    items: list[SessionView]
    next: str | None = None

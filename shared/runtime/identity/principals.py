"""Who holds a key or token, and with which rights: as the edge has it, and as the rows that keys and people lie in."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from shared.contracts.sight import Sight, names_of
from shared.runtime.identity.sessions import Session
from shared.runtime.storage.mongo import Document

KEY_ID_LENGTH = 16
EVERY_CITY = "*"
MINUTE = timedelta(minutes=1)
SETS_UP = frozenset({"ops", "setup"})
"""Offices in which people make the keys of all screens of a city."""

Minutes = Sequence[Sequence[str]]
"""The ids of units, for each of consecutive minutes."""


class Principal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whose key or token it is. ``kind``: rider_app, rider, wall, importer, ops, officer, service."""

    kind: str
    city: str
    app: str | None = None
    reporter: str | None = None
    """Of a rider's session: the pseudonym of the reporter of ``app`` who opened it."""
    person: str | None = None
    unit: str | None = None
    role: str | None = None
    post: str | None = None
    rate: int | None = None
    """Requests a second of this key; None: the installation's ``WHISTLE_KEY_RATE``."""
    name: str | None = None
    """The name given to an ops key when it was made; ops keys of version 0.1.0 and the installation's own have none."""
    on_duty_for: tuple[str, ...] = ()
    """Units other than his own for which an officer is on duty now: as a stand-in, or because it is his home."""
    offices: tuple[str, ...] = ()
    """What the pack appoints an officer to (``administrators`` of ``city.yaml``): ops, setup, auditor."""
    sees_as: str | None = None
    """Of the key of a screen that a supervisor made: his unit, which must see what it shows."""
    maker: str | None = None
    """Of the key of a screen: the person who made it; None where a key of ops did, which is nobody of the pack."""
    session: str | None = None
    """Id of the session that he signed in with; None for a development token."""

    @property
    def who(self) -> str:
        """The name under which idempotency keys and acts are recorded."""
        if self.reporter is not None:
            return f"{self.app}/{self.reporter}"
        return self.person or self.app or self.kind

    @property
    def sight(self) -> Sight | None:
        """Which cases an officer or a screen sees; None for other principals, who see all cases of the city."""
        if self.kind == "wall":
            return self._of_screen
        if self.kind != "officer":
            return None
        return Sight(names_of(self.unit, self.person), frozenset(self.on_duty_for))

    def sight_in(self, unit: str) -> Sight | None:
        """The same in the queue of ``unit``: what its own people see there needs no look at who else does."""
        own = self.sees_as if self.kind == "wall" else self.unit
        return None if own == unit else self.sight

    @property
    def _of_screen(self) -> Sight:
        """What the unit of the supervisor sees who made it; made in an office, it is nobody of the unit, and sees what
        a stand-in there does."""
        if self.sees_as is not None:
            return Sight(names_of(self.sees_as, None))
        return Sight(frozenset(), names_of(self.unit, None))

    @property
    def units(self) -> tuple[str, ...]:
        """An officer's own unit and those for which he is on duty now."""
        return (*((self.unit,) if self.unit is not None else ()), *self.on_duty_for)

    def may_enter(self, city: str) -> bool:
        return self.city in (EVERY_CITY, city)


class PersonRights(msgspec.Struct, frozen=True, kw_only=True):
    """A person of a city's posts. Appointed from ``since`` until before ``until``; None: no such bound."""

    id: str
    unit: str
    role: str
    post: str | None
    home: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    offices: tuple[str, ...] = ()


def of_pack(person: PersonRights) -> Document:
    return {
        "unit": person.unit,
        "role": person.role,
        "post": person.post,
        "home": person.home,
        "since": person.since,
        "until": person.until,
        "offices": list(person.offices),
    }


def at_minute(written: tuple[datetime, Minutes] | None, at: datetime) -> tuple[str, ...]:
    """The units for the minute of ``at``; none outside of the minutes that are written."""
    if written is None:
        return ()
    start, units = written
    nth = (at - start) // MINUTE
    return tuple(units[nth]) if 0 <= nth < len(units) else ()


def key_id(key: Document) -> str:
    """The public id of a key: the first characters of its hash, from which the token cannot be derived."""
    return str(key["_id"])[:KEY_ID_LENGTH]


def holder(key: Document) -> Principal:
    """The principal of a stored key that is not a person's."""
    name = key.get("name") if key["kind"] in ("ops", "wall") else None
    return Principal(
        kind=key["kind"],
        city=key["city"],
        app=key.get("app"),
        rate=key.get("rate"),
        name=name,
        unit=key.get("unit") if key["kind"] == "wall" else None,
        sees_as=key.get("sees_as"),
        maker=key.get("maker"),
    )


def maker_id(key: Document) -> str | None:
    """The row of the person who made the key of a screen; None where nobody of the pack did."""
    return f"{key['city']}/{key['maker']}" if key.get("maker") is not None else None


def screen(key: Document, people: Mapping[str, Document], now: datetime) -> Principal | None:
    """The principal of a screen's key; None where who made it has not the right any more by which he did: as a
    supervisor of the unit of which he was one, or in an office. ``people``: rows by id, his among them."""
    if "maker" not in key:  # of before this was kept
        return None
    found, id_ = holder(key), maker_id(key)
    if id_ is None:
        return found
    maker = officer(people[id_], now, key["created_at"]) if id_ in people else None
    if maker is None:
        return None
    if found.sees_as is not None:
        return found if (maker.role, maker.unit) == ("supervisor", found.sees_as) else None
    return None if SETS_UP.isdisjoint(maker.offices) else found


def officer(row: Document, now: datetime, made_at: datetime | None = None) -> Principal | None:
    """The principal of a person; None outside of the appointment. Rows written by version 0.1.0 have no bounds.

    ``made_at``: when the session or key was made by which he comes: of before he came (back) into the pack it is None.
    """
    since, until, told = row.get("since"), row.get("until"), row.get("stands_in")
    if made_at is not None and (joined := row.get("joined")) is not None and made_at < joined:
        return None
    if (since is not None and now < since) or (until is not None and until <= now):
        return None
    stands_in = at_minute((told["from"], told["units"]) if told is not None else None, now)
    home = (row["home"],) if row.get("home") is not None else ()
    return Principal(
        kind="officer",
        city=row["city"],
        person=row["_id"].removeprefix(f"{row['city']}/"),
        unit=row["unit"],
        role=row["role"],
        post=row["post"],
        on_duty_for=tuple(sorted({*stands_in, *home} - {row["unit"]})),
        offices=tuple(row.get("offices", ())),
    )


def signed_in(officer: Principal | None, session: Session | None) -> Principal | None:
    """``officer`` by a session, if it was one."""
    if officer is None or session is None:
        return officer
    return msgspec.structs.replace(officer, session=session.id)


def key_document(who: Principal, now: datetime, made_by: str) -> Document:
    return {
        "name": who.name or who.app or who.person,
        "made_by": made_by,
        "kind": who.kind,
        "city": who.city,
        "app": who.app,
        "person": who.person,
        "rate": who.rate,
        **({"unit": who.unit, "sees_as": who.sees_as, "maker": who.maker} if who.kind == "wall" else {}),
        "created_at": now,
        "revoked_at": None,
    }

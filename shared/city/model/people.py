"""Who is on duty, and who stands in."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from shared.city.model.channels import Channels
from shared.city.model.entry import DutyDay, Entry, Hours, Id, Name, Word
from shared.kernel.vocabulary import Role


class Shift(Entry, frozen=True, kw_only=True):
    """When somebody is on duty, in the city's time. An end that is not after its start is on the next day.

    With a ``calendar`` its holidays are ``holiday`` and no weekday, and its made-up working days are the weekday whose
    hours they have.
    """

    days: tuple[DutyDay, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday")
    hours: Hours
    calendar: Id | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class Person(Entry, frozen=True, kw_only=True):
    """``posts.yaml``. Valid from ``valid_from`` until before ``valid_to``: a letter of appointment. No ``shifts`` =
    always on duty. ``home``: a grid whose ground a part-time member stands on as well."""

    id: Id
    name: Name
    name_en: str = ""
    unit: Id
    role: Role
    post: Literal["A", "B"] | None = None
    home: Id | None = None
    channels: Channels = {}
    languages: tuple[Word, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    shifts: tuple[Shift, ...] = ()


class Swap(Entry, frozen=True, kw_only=True, rename={"from_": "from"}):
    """``to`` stands in for ``from`` in what begins on the day ``on``, and ``from`` for ``to`` on ``in_return``."""

    from_: Id
    to: Id
    on: date
    in_return: date | None = None


class Leave(Entry, frozen=True, kw_only=True, rename={"from_": "from"}):
    """``person`` is away from the day ``from`` until before the day ``until``."""

    person: Id
    from_: date
    until: date


class Pair(Entry, frozen=True, kw_only=True):
    """A rider and a grid member who look after somebody on ``unit``'s ground together."""

    unit: Id
    rider: Id
    member: Id | None = None


class Cover(Entry, frozen=True, kw_only=True):
    """When nobody of ``unit``'s ``post`` is on duty, ``by`` is: people, whether they are on or not, or who is on at a
    unit; in order."""

    unit: Id
    post: Literal["A", "B"] | None = None
    by: Annotated[tuple[Id, ...], Meta(min_length=1)]

"""People, shifts, swaps, leave and cover."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from shared.city.model.channels import Channels
from shared.city.model.entry import DutyDay, Entry, Hours, Id, Name, Word
from shared.kernel.vocabulary import Role

POSTS: tuple[Literal["A", "B"], ...] = ("A", "B")


class Shift(Entry, frozen=True, kw_only=True):
    """When somebody is on duty, in the city's time. An end that is not after its start is on the next day.

    With a ``calendar``, its holidays count as ``holiday`` and not as their weekday, and its make-up working days as the
    weekday whose hours they have.
    """

    days: tuple[DutyDay, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday")
    hours: Hours
    calendar: Id | None = None
    valid_from: date | None = None
    valid_to: date | None = None


class Person(Entry, frozen=True, kw_only=True):
    """``posts.yaml``. Appointed from ``valid_from`` until before ``valid_to``. Without ``shifts``: always on duty.
    ``post``: ``AB`` for somebody who is at the desk and goes there too. ``home``: a further grid for which a part-time
    member is on duty, and somebody with both posts goes there."""

    id: Id
    name: Name
    name_en: str = ""
    unit: Id
    role: Role
    post: Literal["A", "B", "AB"] | None = None
    home: Id | None = None
    channels: Channels = {}
    languages: tuple[Word, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None
    shifts: tuple[Shift, ...] = ()

    @property
    def posts(self) -> tuple[Literal["A", "B"], ...]:
        """Each post that the person has."""
        return tuple(post for post in POSTS if self.post is not None and post in self.post)

    def has(self, post: str | None) -> bool:
        """Whether the person has that post; None: whoever is there."""
        return post is None or post in self.posts


class Swap(Entry, frozen=True, kw_only=True, rename={"from_": "from"}):
    """``to`` takes the duty of ``from`` that begins on the day ``on``, and ``from`` that of ``to`` on ``in_return``."""

    from_: Id
    to: Id
    on: date
    in_return: date | None = None


class Leave(Entry, frozen=True, kw_only=True, rename={"from_": "from"}):
    """``person`` is on leave from the day ``from`` until before the day ``until``."""

    person: Id
    from_: date
    until: date


class Pair(Entry, frozen=True, kw_only=True):
    """A rider and a grid member who look after somebody on ``unit``'s ground together."""

    unit: Id
    rider: Id
    member: Id | None = None


class Cover(Entry, frozen=True, kw_only=True):
    """When nobody is on duty at ``unit``'s ``post``, these are, in order: persons, on duty or not, or whoever is on
    duty at a unit."""

    unit: Id
    post: Literal["A", "B"] | None = None
    by: Annotated[tuple[Id, ...], Meta(min_length=1)]

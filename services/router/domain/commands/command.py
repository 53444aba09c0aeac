"""What all commands of officers share: the base class, the actor, and the rule that says when a command is open.

Each command is a class of its own in the module of its subject, beside the function that decides it and its ``Rule``;
``registry.py`` collects the rules.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeAlias, TypeVar, runtime_checkable

from services.router.domain.case import Case, State
from services.router.domain.clock import SlaClock
from services.router.domain.domain_event import DomainEvent
from shared.kernel.errors import FieldError, Refusal, forbidden, invalid
from shared.kernel.vocabulary import DESK_ROLES, RefusalReason
from shared.kernel.working_time import ALWAYS, Calendar


@dataclass(frozen=True, slots=True)
class Actor:
    """The officer who sends the command, with the rights that the pack gives him."""

    person: str
    unit: str
    role: str
    post: str | None = None
    guest: bool = False
    """The case belongs to another unit: it is only offered to the actor's unit, or that is only called in or consulted.
    """
    below_owner: bool = False
    """The case was moved up from the actor's unit: commands that only ``DECIDING`` roles have are refused."""
    path: tuple[str, ...] = ()
    """Ids from the root down to the actor's unit."""
    consults: bool = False
    """Whether consultations are held at the actor's level."""
    home: tuple[str, ...] = ()
    """Ids from the root down to the unit where the person is placed, wherever he acts now."""
    trusted: bool = False
    """Whether the pack lets the actor see who reported this case; where it is confidential, also what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command on a case. A subclass has all fields of its command; values from the pack were looked up before."""

    NAME: ClassVar[str]
    """The last segment of the path, as in ``POST /v1/cases/{id}/claim``."""


@runtime_checkable
class HasPhotos(Protocol):
    """A command with a field ``photos``: ids of pictures, which are claimed at intake before it is carried out."""

    @property
    def photos(self) -> tuple[str, ...]: ...


Calendars: TypeAlias = Mapping[str, Calendar]
"""Commitment → working calendar, from the pack version that started the clock."""


def calendar_of(clock: SlaClock, calendars: Calendars) -> Calendar:
    """The calendar on which ``clock`` runs. Raises ``KeyError`` when it was not looked up."""
    return ALWAYS if clock.calendar == ALWAYS.id else calendars[clock.commitment]


DESK = frozenset[str](DESK_ROLES)
"""Roles that run a desk."""
DECIDING = DESK | {"inspector"}
"""A command that only these roles may give decides about the case: it is for the desk that has it now."""
DESK_AND_FIELD = DESK | {"grid_member", "parttime_grid_member", "member", "inspector"}
"""The desk roles and those that go to the place, work there and inspect: everybody who may handle a case."""

C = TypeVar("C", bound=Command)
Decision = list[DomainEvent]
Decide: TypeAlias = Callable[[Case, C, Actor, datetime], Decision]


class WhyNot(NamedTuple):
    """Why a command is not open: the reason for programs, and in words for people."""

    reason: RefusalReason
    detail: str


NOT_NOW = WhyNot("state", "Not in this state ({state}).")
UNDECIDED = WhyNot("undecided", "What its words suggest, of recusal or sensitivity, is decided first.")


def never_blocked(case: Case, actor: Actor | None) -> WhyNot | None:
    """For rules where only the state counts."""
    return None


def never_refused(case: Case, command: Command, actor: Actor) -> WhyNot | None:
    """For rules where the command's fields do not count."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[C]):
    """When a command is open, for whom, and which events follow."""

    command: type[C]
    decide: Decide[C]
    """The events that follow; none if the command changes nothing. Raises ``Refusal`` 422 for a wrong field."""
    open_in: frozenset[State]
    roles: frozenset[str]
    """Roles that may use it."""
    blocked: Callable[[Case, Actor | None], WhyNot | None] = never_blocked
    """Why it is not open although the state is right; None: it is open. Without an actor: why it is open to nobody."""
    refused: Callable[[Case, C, Actor], WhyNot | None] = never_refused
    """Why the command with these fields cannot be carried out, for example for the part that it names; None: it can.
    May raise ``Refusal`` 403 and 422."""
    other_states: WhyNot = NOT_NOW
    """The answer in the states that are not in ``open_in``, while the case has not ended."""
    open_to_guests: bool = False
    """Whether guests may use it (``Actor.guest``)."""
    roles_for_own_part: frozenset[str] = frozenset()
    """Further roles that may use it while their unit has a part that is called and not ended, also as guests."""
    trusted_only: bool = False
    """Whether only actors with ``trusted`` may use it."""


AnyRule: TypeAlias = Rule[Any]
"""A rule of any command; it is only given commands of its own class."""


def required(value: str | None, pointer: str, detail: str) -> str:
    """``value``. Raises ``Refusal`` 422 that names the field when it is left out or blank."""
    if value is None or not value.strip():
        raise invalid(FieldError(pointer, detail))
    return value


def may_not(reason: RefusalReason, detail: str) -> Refusal:
    """403 with the reason for programs."""
    return forbidden(detail, reason=reason)

"""What an officer can ask of a case, who is asking, and what a rule about it consists of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from services.router.domain.case import Case, State, UnitOnPath
from services.router.domain.clock import Clock
from services.router.domain.clock_renewal import Promise
from services.router.domain.event import Happened
from shared.kernel.errors import FieldError, invalid
from shared.kernel.vocabulary import DESK_ROLES, ClockKind, Priority
from shared.kernel.working_time import ALWAYS, Calendar


@dataclass(frozen=True, slots=True)
class Actor:
    """A person with the pack's rights."""

    person: str
    unit: str
    role: str
    post: str | None = None
    guest: bool = False
    """The case is only offered to the actor's unit, or it is only called in or consulted: it is still another's."""
    path: tuple[str, ...] = ()
    """Ids from the root down to the actor's unit."""
    consults: bool = False
    """Whether consultations are held at the actor's level."""
    trusted: bool = False
    """The pack names the actor for who reported this case; for what it says too, when it is confidential."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A unit that is called in, looked up in the pack: its path, and the clocks that its part starts."""

    unit: str
    path: tuple[UnitOnPath, ...]
    clocks: tuple[Clock, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A part of a works plan: which unit does what by when."""

    unit: str
    path: tuple[UnitOnPath, ...]
    work: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Pausable:
    """A reason of the pack's catalogue: for which clocks, how long at most (ISO 8601), and who grants it."""

    code: str
    clocks: frozenset[ClockKind]
    longest: str
    approved_by: Literal["own", "parent"] = "parent"


@dataclass(frozen=True, slots=True)
class Asking:
    """What the pack says of asking a reporter: the clocks that stand still, and what follows without an answer."""

    pauses: tuple[ClockKind, ...] = ()
    unanswered: Literal["back", "close"] = "back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """``name`` is the path's last segment. Only the fields that the command takes are set."""

    name: str
    text: str | None = None
    """Reason or words."""
    photos: tuple[str, ...] = ()
    to: str | None = None
    to_path: tuple[UnitOnPath, ...] = ()
    """For moves: the path of ``to``, looked up in the pack by the caller."""
    at: datetime | None = None
    """When it was, as the actor says."""
    where: tuple[float, float] | None = None
    """Where the actor is: longitude and latitude, WGS-84."""
    how: str | None = None
    ok: bool = True
    fresh_clock: Clock | None = None
    """For ``reopen``: the resolve clock that starts now; for ``request_info`` the confirm clock."""
    clock: str | None = None
    """The kind of the clock that is meant."""
    until: datetime | None = None
    category: str | None = None
    priority: Priority | None = None
    pausable: Pausable | None = None
    """For ``pause``: what the pack says of the reason."""
    asking: Asking | None = None
    promise: Promise | None = None
    """What holds in the new unit, or for the new category."""
    into: str | None = None
    older: Case | None = None
    """For ``merge``: the case ``into``, where the actor sees it."""
    reports: tuple[str, ...] = ()
    left: int = 1
    """For ``split``: how many reports the case has without ``reports``, counted by the caller."""
    matter: str | None = None
    """For ``split``: words of a second case from the same report, which stays."""
    called: tuple[Called, ...] = ()
    part: str | None = None
    parties: tuple[str, ...] = ()
    works: tuple[Work, ...] = ()
    turn_clocks: tuple[Clock, ...] = ()
    """The clocks of the planned part whose turn comes by this."""
    follow_up: datetime | None = None
    calendars: Mapping[str, Calendar] = field(default_factory=dict)
    """By commitment, as its pack has it."""

    def calendar_of(self, clock: Clock) -> Calendar:
        """The calendar that ``clock`` runs on. ``KeyError`` when it was not looked up."""
        return ALWAYS if clock.calendar == ALWAYS.id else self.calendars[clock.commitment]


DESK = frozenset[str](DESK_ROLES)
"""Who signs, assigns and ends."""
GROUND = DESK | {"grid_member", "parttime_grid_member", "member", "inspector"}
"""Who goes there, works and looks, beside the desks."""

Decision = list[Happened]
Decide = Callable[[Case, Command, Actor, datetime], Decision]


def never_blocked(case: Case, actor: Actor | None) -> str | None:
    """Nothing beside the state stands in the way."""
    return None


def never_against(case: Case, command: Command, actor: Actor) -> str | None:
    """Nothing in the command itself stands in its way."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A command of officers, whole: when it is open, for whom, and what it decides."""

    decide: Decide
    """Events, none when it is done already. Raises ``Refusal`` 422 when a field is missing."""
    open_in: frozenset[State]
    may: frozenset[str]
    """Roles."""
    blocked: Callable[[Case, Actor | None], str | None] = never_blocked
    """What beside the state stands in its way, in words; the actor is None when only the case is looked at."""
    against: Callable[[Case, Command, Actor], str | None] = never_against
    """What in the command itself stands in its way, such as the part that it names. May raise ``Refusal`` 403, 422."""
    otherwise: str = "Not in this state ({state})."
    """Why it is not open in the other states, as long as the case has not ended."""
    guests: bool = False
    """Whether a unit may that the case is only offered to, or that is only called in."""
    for_their_part: frozenset[str] = frozenset()
    """Roles that may, beside ``may``, while their unit has a part of the case in work, be it a guest otherwise."""
    trusted: bool = False
    """Whether only those may whom the pack trusts with it."""


def required(value: str | None, pointer: str, detail: str) -> str:
    """``value``, or 422 that names the field."""
    if value is None or not value.strip():
        raise invalid(FieldError(pointer, detail))
    return value

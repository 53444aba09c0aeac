"""Requests for a pause or an extension of a clock, and their approval by another person.

For the case's own clocks the owner's desk asks and a level above grants. For the clocks of a part the called unit asks,
and the unit that called it, or one above, grants.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from services.router.domain.case import ACTIVE, Case, State
from services.router.domain.case_parts.work import Part
from services.router.domain.clock import Ask, SlaClock
from services.router.domain.clock_events import ClockEvent
from services.router.domain.clock_operations import is_named, live
from services.router.domain.commands.call_in import is_of
from services.router.domain.commands.command import (
    DESK,
    DESK_AND_FIELD,
    Actor,
    Command,
    Decide,
    Decision,
    WhyNot,
    may_not,
    required,
)
from services.router.domain.values import replace
from shared.kernel.errors import FieldError, Refusal, invalid
from shared.kernel.vocabulary import SUPERIOR_ROLES, ClockKind

SUPERIORS = frozenset[str](SUPERIOR_ROLES)
"""Roles that may grant a pause at their own desk, where the pack says so."""
WITH_CLOCKS = ACTIVE | {State.WAITING_REPORTER}
"""States of a case in which clocks of it or of its parts run."""
OF_THE_PART = DESK_AND_FIELD - {"inspector"}
"""Roles that may ask for the clocks of their own unit's part; the same that may report in."""
_KINDS_OF_PARTS = ("report_in", "finish_part")
_WAITS = WhyNot("waits_for_reporter", "The work waits for the reporter's answer.")
Approvable = Literal["pause", "extension"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockCommand(Command):
    """A command about a clock, named by its kind; ``part``: whose clock it is, None: the case's own."""

    clock: ClockKind
    part: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseApproval(ClockCommand):
    """Refuses a pause or an extension that was asked for."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedClockEvent(ClockEvent):
    """A pause or an extension was requested, approved, refused or ended."""

    clock: ClockKind

    def changed(self, case: Case, clock: SlaClock, changed: SlaClock) -> Case:
        return replace(case, clocks=tuple(changed if each is clock else each for each in case.clocks))

    def named(self, case: Case) -> SlaClock | None:
        return next((c for c in case.clocks if is_named(c, self.clock, self.due_at, self.part)), None)

    def concerned(self, case: Case) -> list[str]:
        """The unit whose clock it is; for a part's clock the case's owner too, but not the unit that decided."""
        both = dict.fromkeys((self.unit_meant(case), case.unit))
        return [case.unit] if self.part is None else [unit for unit in both if unit != self.by_unit]

    def settled(self, case: Case, what: Approvable) -> Case:
        """``case`` without the request that this answers."""
        meant = (what, self.clock, self.part)
        return replace(case, asks=tuple(ask for ask in case.asks if (ask.what, ask.clock, ask.part) != meant))


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequested(NamedClockEvent):
    """Somebody asks for a pause or an extension; the clock runs on. ``tell``: the unit that can grant it."""

    SAYS_WHY: ClassVar[bool] = True
    ask: Ask
    tell: str

    @property
    def until_meant(self) -> datetime | None:
        return self.ask.until

    def applied(self, case: Case) -> Case:
        return replace(case, asks=(*case.asks, self.ask))

    def tells(self, case: Case) -> list[str]:
        return [self.tell]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRefused(NamedClockEvent):
    """A request was refused; the clock runs on."""

    WHAT: ClassVar[Approvable]
    SAYS_WHY: ClassVar[bool] = True
    asked_by: str | None = None
    """Who asked for it, and hears that it is refused."""

    @property
    def asked_by_meant(self) -> str | None:
        return self.asked_by

    def tells(self, case: Case) -> list[str]:
        return [self.unit_meant(case)]

    def applied(self, case: Case) -> Case:
        return self.settled(case, self.WHAT)


def refusing(refused: type[ApprovalRefused]) -> Decide[RefuseApproval]:
    """The decision that makes the event ``refused``."""

    def decide(case: Case, command: RefuseApproval, actor: Actor, now: datetime) -> Decision:
        clock = live_clock(case, command)
        ask = open_request(case, refused.WHAT, command, actor)
        text = required(command.reason, "/reason", "is required")
        return [
            refused(
                at=now,
                by=actor.person,
                by_unit=actor.unit,
                text=text,
                clock=clock.kind,
                due_at=clock.due_at,
                part=clock.part,
                asked_by=ask.asked_by,
            )
        ]

    return decide


def live_clock(case: Case, command: ClockCommand) -> SlaClock:
    """The clock that the command names, running or paused. Raises ``Refusal`` 422."""
    clock = live(case, command.clock, command.part)
    if clock is not None:
        return clock
    named = (c for c in case.clocks if c.kind == command.clock and c.part == command.part)
    mine = (c for c in named if c.superseded_at is None)
    late = any(c.state == "breached" for c in mine)
    words = "has been breached: a breach stays, nothing undoes it" if late else "does not run on this case"
    raise wrong("/clock", words)


def running_clock(case: Case, command: ClockCommand, now: datetime) -> SlaClock:
    """The clock that the command names, if it runs and is not past its deadline. Raises ``Refusal`` 422.

    A deadline that passed is a breach, also before the timer has stored it.
    """
    clock = live_clock(case, command)
    if clock.state == "running" and clock.due_at <= now:
        raise wrong("/clock", "has been breached: a breach stays, nothing undoes it")
    if clock.state == "paused":
        raise wrong("/clock", "is paused")
    return clock


def wrong(pointer: str, words: str) -> Refusal:
    return invalid(FieldError(pointer, words))


def open_request(case: Case, what: Approvable, command: ClockCommand, actor: Actor) -> Ask:
    """The open request for the clock that the command names.

    Raises ``Refusal`` 422 if there is none or the actor may not answer it.
    """
    meant = (what, command.clock, command.part)
    ask = next((ask for ask in case.asks if (ask.what, ask.clock, ask.part) == meant), None)
    if ask is None:
        raise wrong("/clock", f"nobody asks for {'a pause' if what == 'pause' else 'an extension'} of it")
    if not grants(case, ask, actor):
        raise wrong("/clock", "is for another to grant")
    return ask


def rulers(case: Case, part: Part | None) -> list[str]:
    """Units that can grant, from the top down: those above the owner; for a part the caller and those above it.

    Once the caller is not on the case's path, all units of the path; never the called unit itself.
    """
    ids = [unit.id for unit in case.path]
    if part is None:
        return ids[:-1]
    over = ids[: ids.index(part.caller) + 1] if part.caller in ids else ids
    return over[: over.index(part.unit)] if part.unit in over else over


def asks_whom(case: Case, part: Part | None) -> str:
    """The unit whose desk is alerted of the request: the nearest that can grant it, else the own unit."""
    over = rulers(case, part)
    return over[-1] if over else case.unit if part is None else part.unit


def grants(case: Case, ask: Ask, actor: Actor) -> bool:
    """Whether the actor may answer: units above may; a pause may also be answered by a superior of the own desk, where
    the pack says so or no unit is above. Nobody answers his own request; a superior of a called unit may not either."""
    if actor.person == ask.asked_by:
        return False
    part = case.part(ask.part)
    over = rulers(case, part)
    if actor.unit in over:
        return True
    own = case.unit if part is None else part.unit
    at_own_desk = not over or (part is None and ask.approver == "own")
    return ask.what == "pause" and at_own_desk and actor.unit == own and actor.role in SUPERIORS


def at_desk(actor: Actor) -> bool:
    """Whether the actor's role and unit may decide about the case's own clocks."""
    return actor.role in DESK and not actor.guest


def nothing_to_ask(case: Case, actor: Actor | None) -> WhyNot | None:
    """Why the actor can ask for nothing now."""
    if askable(case, actor):
        return None
    return _WAITS if case.state is State.WAITING_REPORTER else WhyNot("no_clock", "No clock of it runs.")


def askable(case: Case, actor: Actor | None) -> list[SlaClock]:
    """Running clocks for which the actor may ask something; not the time of who has to rule."""
    own = (c for c in case.clocks if c.kind != "review")
    return [c for c in own if c.state == "running" and c.waits and _may_ask(case, c, actor)]


def _may_ask(case: Case, clock: SlaClock, actor: Actor | None) -> bool:
    part = case.part(clock.part)
    if part is not None:
        return actor is None or (is_of(actor, part) and actor.role in OF_THE_PART)
    return case.state in ACTIVE and (actor is None or at_desk(actor))


def part_of_clock(case: Case, command: ClockCommand) -> Part | None:
    """The part whose clock the command names; None: the case's own. Raises ``Refusal`` 422."""
    if command.clock == "review":
        raise wrong("/clock", "is the time of who has to rule: it is neither paused nor extended")
    if command.part is None:
        if command.clock in _KINDS_OF_PARTS:
            raise wrong("/part", f"names the part whose {command.clock} clock it is")
        return None
    part = case.part(command.part)
    if part is None:
        raise wrong("/part", f"is none of {', '.join(p.id for p in case.parts)}")
    return part


def not_to_ask(what: Approvable) -> Callable[[Case, ClockCommand, Actor], WhyNot | None]:
    """A ``Rule.refused``: why the actor cannot ask for ``what`` for the clock that the command names."""

    def refused(case: Case, command: ClockCommand, actor: Actor) -> WhyNot | None:
        """Raises ``Refusal`` 403, 422."""
        part = part_of_clock(case, command)
        if part is not None and not is_of(actor, part):
            raise may_not("not_your_part", f"The part {part.id} is {part.unit}'s.")
        if part is None and not at_desk(actor):
            raise may_not("not_your_clock", f"It is {case.unit}'s: who is called in asks for its own part.")
        if part is None and case.state not in ACTIVE:
            return _WAITS
        if any((ask.what, ask.clock, ask.part) == (what, command.clock, command.part) for ask in case.asks):
            return WhyNot("asked_already", "It is asked for already and waits for its approval.")
        return None

    return refused


def not_asked(case: Case, actor: Actor | None, what: Approvable, nothing: str) -> WhyNot | None:
    """Why there is no request that the actor may answer; ``nothing``: the text if there is no request at all."""
    asks = [ask for ask in case.asks if ask.what == what]
    if not asks:
        return WhyNot("nothing_asked", nothing)
    if actor is not None and not any(grants(case, ask, actor) for ask in asks):
        who = dict.fromkeys(asks_whom(case, case.part(ask.part)) for ask in asks)
        return WhyNot("not_yours_to_grant", f"It is for {', '.join(who)} to grant, and not for who asked.")
    return None

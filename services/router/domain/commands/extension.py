"""Extensions 延期: a later deadline, requested by one officer and approved by another; the old one is recorded."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from services.router.domain.case import Case
from services.router.domain.clock import Ask, Extension, Moments, SlaClock
from services.router.domain.clock_operations import moved
from services.router.domain.clock_operations import until as extended_until
from services.router.domain.commands.clock_approvals import (
    OF_THE_PART,
    WITH_CLOCKS,
    ApprovalRefused,
    ApprovalRequested,
    ClockCommand,
    NamedClockEvent,
    RefuseApproval,
    askable,
    asks_whom,
    not_asked,
    not_to_ask,
    nothing_to_ask,
    open_request,
    refusing,
    rulers,
    running_clock,
    wrong,
)
from services.router.domain.commands.command import (
    DESK,
    Actor,
    Calendars,
    Decision,
    Rule,
    WhyNot,
    calendar_of,
    required,
)
from services.router.domain.values import replace
from shared.kernel.working_time import Calendar

EXTENSIONS_MAX = 5
"""Extensions of one clock."""
EXTENSION_LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestExtension(ClockCommand):
    """``until``: the deadline that is asked for."""

    NAME: ClassVar[str] = "request_extension"
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveExtension(ClockCommand):
    """``until``: another deadline than the one that was asked for."""

    NAME: ClassVar[str] = "approve_extension"
    until: datetime | None = None
    calendars: Calendars


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseExtension(RefuseApproval):
    NAME: ClassVar[str] = "refuse_extension"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRequested(ApprovalRequested):
    TYPE: ClassVar[str] = "clock.extension_requested.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended(NamedClockEvent):
    TYPE: ClassVar[str] = "clock.extended.v1"
    extension: Extension
    then: Moments

    @property
    def asked_by_meant(self) -> str | None:
        return self.extension.asked_by

    def tells(self, case: Case) -> list[str]:
        return self.concerned(case)

    def applied(self, case: Case) -> Case:
        case = self.settled(case, "extension")
        clock = self.named(case)
        if clock is None or clock.state != "running":
            return case
        extended = replace(clock, extensions=(*clock.extensions, self.extension))
        return self.changed(case, clock, moved(extended, self.then))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRefused(ApprovalRefused):
    TYPE: ClassVar[str] = "clock.extension_refused.v1"
    WHAT = "extension"


def _request_extension(case: Case, command: RequestExtension, actor: Actor, now: datetime) -> Decision:
    clock = running_clock(case, command, now)
    text = required(command.reason, "/reason", "is required")
    _later(command.until, clock, now)
    if len(clock.extensions) >= EXTENSIONS_MAX:
        raise wrong("/clock", f"was put off {EXTENSIONS_MAX} times: no more")
    part = case.part(clock.part)
    if not rulers(case, part):
        raise wrong("/clock", "there is no level above to put it off")
    ask = Ask(
        what="extension",
        clock=clock.kind,
        at=now,
        reason=text,
        asked_by=actor.person,
        until=command.until,
        part=clock.part,
    )
    return [
        ExtensionRequested(
            at=now,
            by=actor.person,
            by_unit=actor.unit,
            text=text,
            clock=clock.kind,
            due_at=clock.due_at,
            part=clock.part,
            ask=ask,
            tell=asks_whom(case, part),
        )
    ]


def _later(until: datetime | None, clock: SlaClock, now: datetime) -> datetime:
    """``until``, if it can be a later deadline. Raises ``Refusal`` 422."""
    if until is None or not max(clock.due_at, now) < until <= now + EXTENSION_LONGEST:
        says = f"lies after the deadline, {clock.due_at.isoformat()}, and within {EXTENSION_LONGEST.days} days"
        raise wrong("/until", says)
    return until


def _approve_extension(case: Case, command: ApproveExtension, actor: Actor, now: datetime) -> Decision:
    clock, ask = running_clock(case, command, now), open_request(case, "extension", command, actor)
    ends = _later(command.until or ask.until, clock, now)
    extension = Extension(
        at=now,
        was_due_at=clock.due_at,
        due_at=ends,
        reason=ask.reason,
        asked_by=ask.asked_by,
        approved_by=actor.person,
    )
    return [
        Extended(
            at=now,
            by=actor.person,
            by_unit=actor.unit,
            text=ask.reason,
            clock=clock.kind,
            due_at=clock.due_at,
            part=clock.part,
            extension=extension,
            then=extended_until(clock, ends, calendar_of(clock, command.calendars)),
        )
    ]


def put_off(clock: SlaClock, ends: datetime, reason: str, actor: Actor, now: datetime, calendar: Calendar) -> Extended:
    """The event that gives ``clock`` the deadline ``ends`` without a request: ``actor`` could grant one."""
    extension = Extension(
        at=now,
        was_due_at=clock.due_at,
        due_at=ends,
        reason=reason,
        asked_by=actor.person,
        approved_by=actor.person,
    )
    then = extended_until(clock, ends, calendar)
    return Extended(
        at=now,
        by=actor.person,
        by_unit=actor.unit,
        text=reason,
        clock=clock.kind,
        due_at=clock.due_at,
        part=clock.part,
        extension=extension,
        then=then,
    )


def _nobody_above(case: Case, actor: Actor | None) -> WhyNot | None:
    if (nothing := nothing_to_ask(case, actor)) is not None:
        return nothing
    granted = any(rulers(case, case.part(clock.part)) for clock in askable(case, actor))
    return None if granted else WhyNot("no_level_above", "There is no level above to grant it.")


def _extension_not_asked(case: Case, actor: Actor | None) -> WhyNot | None:
    return not_asked(case, actor, "extension", "No extension is asked for.")


RULES = (
    Rule(
        command=RequestExtension,
        decide=_request_extension,
        open_in=WITH_CLOCKS,
        roles=DESK,
        roles_for_own_part=OF_THE_PART,
        blocked=_nobody_above,
        refused=not_to_ask("extension"),
    ),
    Rule(
        command=ApproveExtension,
        decide=_approve_extension,
        open_in=WITH_CLOCKS,
        roles=DESK,
        blocked=_extension_not_asked,
    ),
    Rule(
        command=RefuseExtension,
        decide=refusing(ExtensionRefused),
        open_in=WITH_CLOCKS,
        roles=DESK,
        blocked=_extension_not_asked,
    ),
)

"""Extensions 延期: a deadline is put off, asked for here and granted by somebody else; the old one stays on record."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar

from services.router.domain.case import Case
from services.router.domain.clock import Ask, Clock, Extension, Moments
from services.router.domain.clock_operations import moved, until
from services.router.domain.commands.clock_approvals import (
    OF_THE_PART,
    WITH_CLOCKS,
    Asked,
    NotGranted,
    OfAClock,
    askable,
    asked,
    asks_whom,
    not_asked,
    not_to_ask,
    nothing_to_ask,
    refusing,
    rulers,
    running,
    wrong,
)
from services.router.domain.commands.command import DESK, Actor, Command, Decision, Rule, required

EXTENSIONS_MAX = 5
"""Of one clock."""
EXTENSION_LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRequested(Asked):
    TYPE: ClassVar[str] = "clock.extension_requested.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended(OfAClock):
    TYPE: ClassVar[str] = "clock.extended.v1"
    extension: Extension
    then: Moments

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
class ExtensionRefused(NotGranted):
    TYPE: ClassVar[str] = "clock.extension_refused.v1"
    WHAT = "extension"


def _request_extension(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    clock = running(case, command, now)
    text = required(command.text, "/reason", "is required")
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


def _later(until: datetime | None, clock: Clock, now: datetime) -> datetime:
    """``until``, if it can be a later deadline."""
    if until is None or not max(clock.due_at, now) < until <= now + EXTENSION_LONGEST:
        says = f"lies after the deadline, {clock.due_at.isoformat()}, and within {EXTENSION_LONGEST.days} days"
        raise wrong("/until", says)
    return until


def _approve_extension(case: Case, command: Command, actor: Actor, now: datetime) -> Decision:
    clock, ask = running(case, command, now), asked(case, "extension", command, actor)
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
            then=until(clock, ends, command.calendar_of(clock)),
        )
    ]


def _nobody_above(case: Case, actor: Actor | None) -> str | None:
    if (nothing := nothing_to_ask(case, actor)) is not None:
        return nothing
    granted = any(rulers(case, case.part(clock.part)) for clock in askable(case, actor))
    return None if granted else "There is no level above to grant it."


def _extension_not_asked(case: Case, actor: Actor | None) -> str | None:
    return not_asked(case, actor, "extension", "No extension is asked for.")


_answer = partial(Rule, open_in=WITH_CLOCKS, may=DESK, blocked=_extension_not_asked)

RULES = {
    "request_extension": Rule(
        decide=_request_extension,
        open_in=WITH_CLOCKS,
        may=DESK,
        for_their_part=OF_THE_PART,
        blocked=_nobody_above,
        against=not_to_ask,
    ),
    "approve_extension": _answer(decide=_approve_extension),
    "refuse_extension": _answer(decide=refusing(ExtensionRefused)),
}

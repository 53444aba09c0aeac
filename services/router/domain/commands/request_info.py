"""Asking the reporter: the work waits for the reporter's answer, at most until the deadline of the confirm clock."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, Literal

from services.router.domain.case import ACTIVE, Case, Question, State
from services.router.domain.case_parts.call_back import CallPlan
from services.router.domain.case_parts.remark import Remark
from services.router.domain.clock import Pause, SlaClock
from services.router.domain.clock_operations import after_pause, live, met
from services.router.domain.clock_renewal import CLOCKS_MAX
from services.router.domain.commands.command import (
    DESK,
    DESK_AND_FIELD,
    Actor,
    Calendars,
    Command,
    Decision,
    Rule,
    WhyNot,
    calendar_of,
    required,
)
from services.router.domain.commands.pause import Paused, end_of_pause
from services.router.domain.commands.rulings.requests import PENDING
from services.router.domain.domain_event import DomainEvent
from services.router.domain.events import Closed
from services.router.domain.values import replace
from shared.kernel.vocabulary import ClockKind

REPORTER_ASKED: Final = "reporter_asked"
"""Reason of the pauses while a reporter is asked. They need no approval; the answer or the confirm clock ends them."""


@dataclass(frozen=True, slots=True)
class InfoRequestRule:
    """The pack's rule for asking a reporter: which clocks are paused, and what happens when no answer comes.

    ``call_plan``: when the reporter is called of a case that is closed so.
    """

    pauses: tuple[ClockKind, ...] = ()
    unanswered: Literal["back", "close"] = "back"
    call_plan: CallPlan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestInfo(Command):
    """``confirm_clock``: starts now; until its deadline the work waits for the answer."""

    NAME: ClassVar[str] = "request_info"
    question: str
    asking: InfoRequestRule
    confirm_clock: SlaClock
    calendars: Calendars


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerInfo(Command):
    """An officer heard the answer."""

    NAME: ClassVar[str] = "answer_info"
    text: str
    photos: tuple[str, ...] = ()
    calendars: Calendars


@dataclass(frozen=True, slots=True, kw_only=True)
class InfoRequested(DomainEvent):
    """``clock``: the confirm clock that starts. Asking the reporter also acknowledges the case."""

    TYPE: ClassVar[str] = "case.info_requested.v1"
    question: Question
    clock: SlaClock

    def applied(self, case: Case) -> Case:
        asked = replace(case, state=State.WAITING_REPORTER, question=self.question, offered_to=None)
        return met(replace(asked, clocks=(*case.clocks, self.clock)), "acknowledge", at=self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class InfoGiven(DomainEvent):
    """The reporter answered, or an officer heard the answer."""

    TYPE: ClassVar[str] = "case.info_given.v1"

    def applied(self, case: Case) -> Case:
        return _back_to_work(met(case, "confirm", at=self.at))

    def tells(self, case: Case) -> list[str]:
        return [case.unit]

    @property
    def attends(self) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class InfoMissing(DomainEvent):
    """Nobody answered in time."""

    TYPE: ClassVar[str] = "case.info_missing.v1"

    def applied(self, case: Case) -> Case:
        return _back_to_work(case)

    def tells(self, case: Case) -> list[str]:
        return [case.unit]

    @property
    def attends(self) -> bool:
        return True


def _back_to_work(case: Case) -> Case:
    if case.question is None:
        return case
    unclaimed = case.question.back_to is State.CLAIMED and case.claimed_by is None
    return replace(case, state=State.ACKNOWLEDGED if unclaimed else case.question.back_to, question=None)


def _request_info(case: Case, command: RequestInfo, actor: Actor, now: datetime) -> Decision:
    text = required(command.question, "/text", "is what the reporter is asked")
    asking, clock = command.asking, command.confirm_clock
    back_to = State.ACKNOWLEDGED if case.state in (State.QUEUED, State.REOPENED) else case.state
    question = Question(now, text, actor.person, clock.due_at, back_to, asking.unanswered, asking.call_plan)
    asked = InfoRequested(at=now, by=actor.person, by_unit=actor.unit, text=text, question=question, clock=clock)
    waits = [p for kind in asking.pauses if (p := _pause(case, kind, asked, command.calendars)) is not None]
    return [asked, *waits]


def _pause(case: Case, kind: ClockKind, asked: InfoRequested, calendars: Calendars) -> Paused | None:
    """The clock of this kind is paused until the answer, at most until the confirm clock's deadline."""
    clock = live(case, kind)
    if clock is None or clock.state != "running" or clock.due_at <= asked.at or kind == "acknowledge":
        return None
    since, ends = asked.at, asked.clock.due_at
    then = after_pause(clock, since, ends, calendar_of(clock, calendars))
    pause = Pause(since=since, until=ends, reason=REPORTER_ASKED, asked_by=asked.by, then=then)
    return Paused(
        at=since,
        by=asked.by,
        by_unit=asked.by_unit,
        remark=Remark(REPORTER_ASKED),
        clock=kind,
        due_at=clock.due_at,
        pause=pause,
    )


def answered(case: Case, given: InfoGiven, calendars: Calendars) -> list[DomainEvent]:
    """The answer, and the clocks that run again."""
    return [given, *_running_again(case, given.at, calendars)]


def _running_again(case: Case, now: datetime, calendars: Calendars) -> list[DomainEvent]:
    """The clocks that were paused for the reporter's answer."""
    waiting = [c for c in case.clocks if c.state == "paused" and c.pauses and c.pauses[-1].reason == REPORTER_ASKED]
    return [ended for clock in waiting if (ended := end_of_pause(case, clock.kind, now, calendars)) is not None]


def missing(case: Case, now: datetime) -> list[DomainEvent]:
    """Events if no answer came in time: the work goes on, or the case is closed if the pack says so."""
    if case.state is not State.WAITING_REPORTER or case.question is None:
        return []
    back = InfoMissing(at=now)
    closed = Closed(at=now, call_plan=case.question.call_plan)
    return [back, closed] if case.question.unanswered == "close" else [back]


def _answer_info(case: Case, command: AnswerInfo, actor: Actor, now: datetime) -> Decision:
    text = required(command.text, "/text", "is what the reporter answered")
    given = InfoGiven(at=now, by=actor.person, by_unit=actor.unit, text=text, photos=command.photos)
    return answered(case, given, command.calendars)


def _cannot_ask(case: Case, actor: Actor | None) -> WhyNot | None:
    if case.ruling is not None:
        return PENDING
    return WhyNot("asked_too_often", "The reporter was asked too often.") if len(case.clocks) >= CLOCKS_MAX else None


RULES = (
    Rule(
        command=RequestInfo,
        decide=_request_info,
        open_in=ACTIVE,
        roles=DESK | {"grid_member"},
        blocked=_cannot_ask,
    ),
    Rule(
        command=AnswerInfo,
        decide=_answer_info,
        open_in=frozenset({State.WAITING_REPORTER}),
        roles=DESK_AND_FIELD - {"inspector"},
        other_states=WhyNot("nobody_asked", "The reporter is not asked ({state})."),
    ),
)

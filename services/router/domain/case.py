"""A case: one hazard in exactly one queue, with its clocks. Immutable; ``decide`` and ``apply`` make new values."""

from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import Literal

import msgspec

from services.router.domain.case_parts.call_back import CallBack, CallPlan, Verdict
from services.router.domain.case_parts.history_line import Entry
from services.router.domain.case_parts.marks import Found, NotOurs, Sensitive
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.case_parts.place_question import PlaceQuestion
from services.router.domain.case_parts.report import Location, Report, Routing
from services.router.domain.case_parts.ruling import Rejection, Ruling
from services.router.domain.case_parts.work import Consultation, Outcome, Part, Supervision
from services.router.domain.clock import Ask, LookAgain, SlaClock, Watch
from services.router.domain.same_hazard.similarity import Traits
from shared.kernel.vocabulary import (
    ENDED_STATES,
    Priority,
    ReportChannel,
    ReportKind,
    Suspicion,
)


class State(StrEnum):
    """The states of a case, as the API names them."""

    QUEUED = "queued"
    ACKNOWLEDGED = "acknowledged"
    CLAIMED = "claimed"
    ON_SITE = "on_site"
    IN_PROGRESS = "in_progress"
    WAITING_REPORTER = "waiting_reporter"
    RESOLVED = "resolved"
    CLOSED = "closed"
    REJECTED = "rejected"
    MERGED = "merged"
    REOPENED = "reopened"


ENDED = frozenset(State(name) for name in ENDED_STATES)
OPEN = frozenset(State) - ENDED
ACTIVE = OPEN - {State.WAITING_REPORTER, State.RESOLVED}
"""States in which officers must work on the case."""
WATCHED = ACTIVE | {State.RESOLVED}
"""States in which officers are alerted when nobody does anything; a resolved case must still be inspected."""

HISTORY_KEPT = 50
REPORTS_KEPT = 20
PARTS_MAX = 20
"""Of one case, finished and excused parts included."""


class Question(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the reporter is asked. ``back_to``: the state after the answer."""

    at: datetime
    text: str
    asked_by: str
    until: datetime
    back_to: State
    unanswered: Literal["back", "close"] = "back"
    call_plan: CallPlan | None = None
    """When the reporter is called, where the case is closed because no answer came."""


class Case(msgspec.Struct, frozen=True, omit_defaults=True):
    """The aggregate. ``path``: the units from the root to the owner."""

    id: str
    city: str
    version: int
    state: State
    priority: Priority
    category: str
    kind: ReportKind
    path: tuple[UnitOnPath, ...]
    routing: Routing
    location: Location
    opened_at: datetime
    clocks: tuple[SlaClock, ...]
    reports: tuple[Report, ...]
    report_count: int = 1
    within: str | None = None
    """The deepest unit that covers the place (a grid), whose people on post B go there."""
    description: str = ""
    photos: tuple[str, ...] = ()
    offered_to: str | None = None
    refusals: int = 0
    assignee: str | None = None
    claimed_by: str | None = None
    claimed_at: datetime | None = None
    resolved_by: str | None = None
    resolved_how: str | None = None
    outcome: Outcome | None = None
    """Of the resolution or rejection that holds; cleared when the case is reopened."""
    inspected_by: str | None = None
    """Set once an inspection passed; cleared when the case is reopened."""
    rating: int | None = None
    confidential: bool = False
    historic: bool = False
    """Dealt with before it was imported: it is in no queue, no clock runs, nobody is told."""
    quiet_until: datetime | None = None
    """When it was imported, still open: what happened until then is recorded and tells nobody."""
    parts: tuple[Part, ...] = ()
    consultation: Consultation | None = None
    follow_up: datetime | None = None
    """When the responsible desk is reminded to check the case again, closed or not."""
    look_again: LookAgain | None = None
    """Of a case that is kept on the books 挂账: what happens from ``follow_up`` on."""
    history: tuple[Entry, ...] = ()
    asks: tuple[Ask, ...] = ()
    supervision: Supervision | None = None
    question: Question | None = None
    place_question: PlaceQuestion | None = None
    """Open until its answer, a move to another unit, or the end of the case."""
    ruling: Ruling | None = None
    """What the owner asks a level above to rule on; the case stays with the owner meanwhile."""
    asked_before: tuple[tuple[str, str], ...] = ()
    """(what, unit) of every request for a ruling: a unit asks for the same once."""
    rejection: Rejection | None = None
    """Of a rejected case; cleared when the case is reopened."""
    bound: str | None = None
    """The owner whose request to return it was refused: it must handle the case."""
    passes: int = 0
    """How often units passed it on: offers that were accepted, and returns that were granted."""
    held_since: datetime | None = None
    """When the present owner got it; None: since it was opened."""
    watch: Watch | None = None
    ended_at: datetime | None = None
    """Since when it is closed, rejected or merged; None while it is open."""
    traits: Traits | None = None
    """What later reports are compared with; None if every report of this kind gets its own case."""
    reported_at: datetime | None = None
    """Arrival of the newest report; None if there is only the first."""
    apps: tuple[str, ...] = ()
    """Apps whose reports were attached to it."""
    merged_into: str | None = None
    linked_to: str | None = None
    """Id of an earlier case of the same hazard."""
    absorbed: bool = False
    """Other cases were merged into it."""
    risen: int = 0
    """The highest report threshold that has raised its priority."""
    officer_moves: int = 1
    """The ETag: counts changes by commands, clocks and moves only."""
    recused: tuple[str, ...] = ()
    """Units that the case is about (回避): neither they nor units below them see it (``cases.visibility``)."""
    suspected: tuple[Suspicion, ...] = ()
    """What the words of the report suggest and nobody has decided yet."""
    sensitive: Sensitive | None = None
    not_ours: NotOurs | None = None
    """What the words of the report suggest, for the desk to decide."""
    channel: ReportChannel = "app"
    """How the report came that opened it. ``patrol``: no reporter is told, asked, called back or thanked for it."""
    found: Found | None = None
    """Stays when the case is opened again: then it was not as its finder said."""
    handled_by: tuple[str, ...] = ()
    """Officers who ever did something of the work: they do not ask the reporter how it was (回访)."""
    withdrawn: tuple[str, ...] = ()
    """Reports that were withdrawn: nobody calls their reporters."""
    call_back: CallBack | None = None
    """The call to the reporter (回访) that is to come or waits on a list; None: nobody has to call."""
    verdict: Verdict | None = None
    """What the reporter said of the present ending; None: nothing."""
    verdicts_before: tuple[Verdict, ...] = ()
    """What was heard of endings after which it was opened again."""
    head: str = ""
    """Newest hash of the chain over all events; empty for a case of version 0.1.0 that has not changed since."""

    @property
    def unit(self) -> str:
        return self.path[-1].id

    @property
    def sampled(self) -> bool:
        """Whether it waits for the inspection for which a patrol find was drawn."""
        return self.found is not None and self.state is State.RESOLVED and self.resolved_by == self.found.by

    @property
    def inspected_above(self) -> bool:
        """Whether the level above inspects it: a patrol find that was drawn, or what may be about the owner (回避)."""
        return self.sampled or "about_us" in self.suspected

    @property
    def level_above(self) -> str:
        """The nearest unit above the owner that the case is not about; the owner itself where there is none."""
        above = list(takewhile(lambda unit: unit.id not in self.recused, self.path[:-1]))
        return above[-1].id if above else self.unit

    @property
    def one_up(self) -> tuple[UnitOnPath, ...]:
        """The path to the owner once its reporter is not satisfied: one level up. A confidential case stays with its
        handlers, whom nobody above may replace; nor does it go to who is recused."""
        above = self.path[:-1] or self.path
        return self.path if self.confidential or above[-1].id in self.recused else above

    @property
    def reporter_to_call(self) -> str | None:
        """The report whose reporter is called (回访): the first one that was not withdrawn; None: nobody is left. What
        officers found on patrol has no reporter."""
        asked = (one for one in self.reports if one.channel != "patrol" and one.id not in self.withdrawn)
        return next((report.id for report in asked), None)

    @property
    def closed_to_stand_ins(self) -> bool:
        """Whether only people placed at a unit that sees it see it, and nobody who stands in there from elsewhere."""
        return self.confidential or bool(self.recused)

    @property
    def wordless(self) -> bool:
        """Whether no word of it leaves the case: neither to events, nor to queues, alerts, apps and reporters of
        others. Words are read on the case itself, and who reads those of a sensitive case is recorded."""
        return self.confidential or self.sensitive is not None

    @property
    def discreet(self) -> bool:
        """Whether no word of it is for a chat group, nor its place for apps nearby: who reads there is not known. Of
        what is confidential nothing is for them anyway."""
        return bool(self.recused or self.suspected or self.sensitive)

    @property
    def next_due(self) -> datetime | None:
        """The earliest time at which a clock, the watch, a follow-up or a call is due; None if nothing is."""
        if self.historic or self.state is State.MERGED:
            return None
        if self.state is State.REJECTED:
            objected = (clock.next_at for clock in self.clocks if clock.kind == "review" and self.ruling is not None)
            return min((at for at in objected if at is not None), default=None)
        moments = [self.looks_at] if self.looks_at is not None else []
        if self.call_back is not None and self.call_back.since is None:
            moments.append(self.call_back.due_at)
        if self.state is not State.CLOSED:
            moments += [at for clock in self.clocks if (at := clock.next_at) is not None]
            moments += [at for at in (self.wakes_at,) if at is not None]
        return min(moments, default=None)

    @property
    def looks_at(self) -> datetime | None:
        """When the next reminder to check the case again is due. Kept on the books, it reminds level by level."""
        kept = self.look_again
        if self.follow_up is None or kept is None:
            return self.follow_up
        rungs = max(1, len(self.above))
        return None if kept.told >= rungs else self.follow_up + timedelta(seconds=kept.after * kept.told)

    @property
    def above(self) -> list[str]:
        """Units above the owner that may be told of the case, the nearest first; of a confidential case none may."""
        return [] if self.confidential else [up.id for up in self.path[-2::-1] if up.id not in self.recused]

    @property
    def wakes_at(self) -> datetime | None:
        """When the next unit is alerted that nobody works on the case; None once the top unit was, or while a clock of
        the case itself is paused."""
        if self.watch is None or self.state not in WATCHED or self.watch.told >= len(self.path):
            return None
        return None if any(c.state == "paused" and c.part is None for c in self.clocks) else self.watch.next_at

    @property
    def called(self) -> list[str]:
        """Units that have a part to do now."""
        return [] if self.state in ENDED else sorted({part.unit for part in self.parts if part.at_work})

    @property
    def worked_by(self) -> list[str]:
        """The officers whose work a rating would judge; of what a level above granted, those who decided that."""
        people = {self.claimed_by, self.resolved_by, self.inspected_by, *(part.ended_by for part in self.parts)}
        if self.rejection is not None:
            people |= {self.rejection.asked_by, self.rejection.granted_by}
        if self.outcome is not None:
            people.add(self.outcome.granted_by)
        return sorted(person for person in people if person is not None)

    def part(self, id_: str | None) -> Part | None:
        """The part of that id."""
        return next((part for part in self.parts if part.id == id_), None)

    def towards(self, to: str, clock: SlaClock) -> str | None:
        """The unit that the ``to`` of one of ``clock``'s rungs means here, or None when the path has none."""
        part = self.part(clock.part)
        if clock.kind == "review":
            return self._above_ruler(to)
        if to == "caller":
            return part.caller if part is not None else self.unit
        path: tuple[UnitOnPath, ...] = self.path if part is None else part.path
        if to == "own":
            return path[-1].id
        if to == "parent":
            return path[-2].id if len(path) > 1 else path[-1].id
        on_the_way = path[::-1] if part is None else path[::-1] + self.path[::-1]
        for unit in on_the_way:
            if to in (unit.level, unit.id):
                return unit.id
        return None

    def _above_ruler(self, to: str) -> str | None:
        """The unit that ``to`` of a ``review`` clock's rung means: ``own`` is the unit that has to rule."""
        ids = [unit.id for unit in self.path]
        ruler = self.ruling.to if self.ruling is not None and self.ruling.to in ids else self.unit
        over = self.path[: ids.index(ruler) + 1][::-1]
        if to in ("own", "parent"):
            return over[min(to == "parent", len(over) - 1)].id
        return next((unit.id for unit in over if to in (unit.level, unit.id)), None)

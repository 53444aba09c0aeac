"""Laws of a case under any sequence of commands, actors and stillness."""

from datetime import UTC, datetime
from typing import Any

import bson
from bson import CodecOptions
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.router.cases.stored.case_document import from_doc, moved, to_doc
from services.router.domain import events as e
from services.router.domain.apply import apply_all
from services.router.domain.case import ENDED, HISTORY_KEPT, PARTS_MAX, Case, State
from services.router.domain.case_parts.call_back import CallPlan
from services.router.domain.case_parts.owner_path import UnitOnPath
from services.router.domain.clock import SlaClock
from services.router.domain.clock_renewal import Promise
from services.router.domain.commands.call_in import CalledIn, PartStarted
from services.router.domain.commands.command import Actor
from services.router.domain.commands.consultation import Work
from services.router.domain.commands.decide import decide, open_commands
from services.router.domain.commands.inspection import judged
from services.router.domain.commands.pause import Pausable
from services.router.domain.commands.registry import RULES
from services.router.domain.commands.request_info import InfoGiven, InfoRequested, InfoRequestRule, answered
from services.router.domain.commands.rulings.requests import RulingRequested
from services.router.domain.commands.rulings.returns import PASSES_MAX
from services.router.domain.domain_event import DomainEvent
from services.router.domain.timer_rules import due
from services.router.domain.values import replace
from shared.kernel.errors import Refusal
from shared.kernel.vocabulary import GRANTED_ABOVE, HOWS, How
from shared.kernel.working_time import ALWAYS
from tests.kit.made_cases import (
    ACTORS,
    CLOCKS,
    COMMUNITY,
    COUNTY,
    DESK,
    OTHER,
    OTHER_DESK,
    OTHER_PATH,
    PATH,
    POWER,
    POWER_PATH,
    SECOND,
    T0,
    TEAM_PATH,
    TOWN,
    called,
    clock,
    confirm,
    fresh,
    full,
    minutes,
    opened,
    review_by,
    rung,
)

OF_PARTS = ("report_in", "finish_part", "excuse_part", "pause", "resume", "request_extension")
"""Commands that may be refused for what they name, although they are open."""
HANDLING = frozenset(
    ("acknowledge", "claim", "on_site", "start", "resolve", "inspect", "close", "report_in", "finish_part", "redirect")
)
"""Commands that are some of the work."""
MOVING = (
    "state",
    "warned",
    "met_at",
    "fired",
    "pauses",
    "extensions",
    "superseded_at",
    "due_at",
    "warn_at",
    "rungs",
)
"""Fields of a clock that change."""
PROMISED = (clock("resolve", 600, warn_in=500, rungs=(rung(610, "tell", "county"),)), clock("on_site", 50))
UTC_AWARE: CodecOptions[dict[str, object]] = CodecOptions(tz_aware=True, tzinfo=UTC)
BRISK = (
    clock(
        "acknowledge", 5, rungs=(rung(5, "move_to", "parent"), rung(6, "move_to", "county"), rung(7, "tell", "street"))
    ),
    clock("resolve", 60, warn_in=30, rungs=(rung(70, "supervise", "parent"), rung(80, "move_to", "own"))),
)


class CaseLife(RuleBasedStateMachine):
    """One case; what must hold is checked after every step and across it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = T0
        self.case: Case = opened()
        self.said: list[DomainEvent] = []
        self.hands: set[str] = set()

    @initialize(
        clocks=st.sampled_from([CLOCKS, BRISK, ()]),
        historic=st.booleans(),
        at_the_top=st.booleans(),
        forgotten_after=st.sampled_from([None, 7200]),
    )
    def open(self, clocks: tuple[SlaClock, ...], historic: bool, at_the_top: bool, forgotten_after: int | None) -> None:
        path = PATH[:1] if at_the_top else PATH
        self.case = opened(clocks=clocks, historic=historic, path=path, forgotten_after=forgotten_after)

    @rule(
        name=st.sampled_from(sorted(RULES)),
        actor=st.sampled_from(ACTORS),
        to=st.sampled_from([OTHER, TOWN, COUNTY]),
        text=st.sampled_from(["because", "  "]),
        ok=st.booleans(),
        part=st.sampled_from(["p1", "p2", "p3", None]),
        clock_kind=st.sampled_from(["resolve", "on_site", "acknowledge", "report_in", "finish_part"]),
        units=st.lists(st.sampled_from([POWER_PATH, TEAM_PATH]), max_size=2, unique=True),
        how=st.sampled_from(HOWS),
        about=st.sampled_from([COMMUNITY, OTHER, POWER]),
        merges=st.sampled_from([True, False, False, False]),
        satisfied=st.sampled_from([None, 1, 2, 3]),
    )
    def command(
        self,
        name: str,
        actor: Actor,
        to: str,
        text: str,
        ok: bool,
        part: str | None,
        units: list[tuple[UnitOnPath, ...]],
        clock_kind: str,
        how: How,
        about: str,
        merges: bool,
        satisfied: int | None,
    ) -> None:
        path = {OTHER: OTHER_PATH, TOWN: PATH[:2]}.get(self.case.offered_to or to, PATH[:1])
        pausable = Pausable("any", frozenset({"on_site", "resolve", "report_in", "finish_part"}), "P3D")
        command = full(
            name,
            text=text,
            reason=text,
            pausable=pausable,
            question=text,
            to=to,
            path=path,
            ok=ok,
            fresh_clock=fresh(self.now),
            confirm_clock=confirm(self.now),
            review_clock=review_by(self.now),
            basis=text,
            said=text,
            suggest=to,
            said_at=self.now,
            part=part,
            called=tuple(called(unit, self.now, rungs=(rung(40, "tell", "caller"),)) for unit in units),
            works=tuple(
                Work(unit=unit[-1].id, path=unit, work="its part", due=self.now + minutes(60)) for unit in units
            ),
            turn_clocks=(clock("finish_part", 60, started_at=self.now),),
            follow_up=self.now + minutes(90) if ok else None,
            clock=clock_kind,
            until=self.now + minutes(400),
            promise=Promise("lamps/*@v1", PROMISED if ok else (), ALWAYS, 3600),
            reports=(),
            how=how,
            about=about,
            asking=InfoRequestRule(("on_site", "resolve"), "close" if ok else "back"),
            older=replace(opened(), id="c0") if merges else None,
            satisfied=satisfied,
            reached=satisfied is not None,
            words=text,
            last=satisfied is None and ok,
            call_plan=CallPlan(days=1, tries=2),
        )
        was_open = name in open_commands(self.case, actor)
        try:
            happened = decide(self.case, command, actor, self.now)
        except Refusal as refusal:
            of_another = name in (*OF_PARTS, "merge") and refusal.status in (403, 409)
            assert (refusal.status == 422 or of_another) if was_open else refusal.status in (403, 409)
            return
        assert was_open
        if name == "record_call":
            assert actor.person not in self.hands, "nobody who handled it asks how it was"
        if name in HANDLING:
            self.hands.add(actor.person)
        self._becomes(happened)

    @rule(how=st.sampled_from(HOWS))
    def it_is_worked_on_to_its_end(self, how: How) -> None:
        """What lets a case come far: most commands of a random walk are refused."""
        later = self.now + minutes(90)
        self._gives("claim", DESK)
        self._gives("resolve", DESK, how=how, text="done", review_clock=review_by(self.now), follow_up=later)
        self._gives("inspect", SECOND, ok=True)
        self._gives("close", DESK, follow_up=None)

    @rule()
    def it_is_passed_on_to_the_other_community_or_back(self) -> None:
        there = self.case.unit == OTHER
        owner, to, path = (OTHER_DESK, COMMUNITY, PATH) if there else (DESK, OTHER, OTHER_PATH)
        self._gives("transfer", owner, to=to, path=path)
        self._gives("accept", DESK if there else OTHER_DESK, path=path)

    def _gives(self, name: str, actor: Actor, **fields: Any) -> None:
        try:
            happened = decide(self.case, full(name, **fields), actor, self.now)
        except Refusal:
            return
        if name in HANDLING:
            self.hands.add(actor.person)
        self._becomes(happened)

    @rule(seconds=st.one_of(st.integers(0, 20), st.integers(0, 3600), st.integers(0, 400 * 3600)))
    def time_passes(self, seconds: int) -> None:
        self.now += minutes(seconds / 60)
        happened = due(self.case, self.now)
        self._becomes(happened)
        assert due(self.case, self.now) == []

    @rule(score=st.integers(1, 3))
    def the_reporter_judges(self, score: int) -> None:
        objected = review_by(self.now) if self.case.state is State.REJECTED else None
        self._becomes(judged(self.case, e.Rated(at=self.now, score=score), fresh(self.now), objected))

    @rule()
    def the_reporter_withdraws(self) -> None:
        self._becomes([e.Noted(at=self.now, word="withdrawn", report="r1")])

    @rule()
    def the_reporter_answers(self) -> None:
        if self.case.state is State.WAITING_REPORTER:
            self._becomes(answered(self.case, InfoGiven(at=self.now), {}))

    def _becomes(self, happened: list[DomainEvent]) -> None:
        if not happened:
            return
        before, self.case = self.case, apply_all(self.case, happened)
        assert self.case.version == before.version + 1
        only_ratings = not any(event.MOVES for event in happened)
        assert self.case.officer_moves == before.officer_moves + (0 if only_ratings else 1)
        started = [c for event in happened for c in _started(event)]
        came = list(self.case.clocks[len(_staying(before, happened)) :])
        promised = any(getattr(event, "promise", None) is not None for event in happened)
        assert came == started or promised or self.case.state in ENDED
        stay = _staying(before, happened)
        assert len(self.case.clocks) >= len(stay), "old ones are kept"
        for old, new in zip(stay, self.case.clocks, strict=False):
            assert _may_become(old, new), (old, new)
        self._only_what_moved_is_stored(before)
        if self.case.state in (*ENDED, State.RESOLVED) and before.state not in (*ENDED, State.RESOLVED):
            assert _why_it_may_end(self.case, happened), [event.TYPE for event in happened]
        if self.case.passes != before.passes and before.passes >= PASSES_MAX:
            assert _root_rules(before, happened), [event.TYPE for event in happened]

    def _only_what_moved_is_stored(self, before: Case) -> None:
        stored, wanted = to_doc(before, ["sheyang"]), to_doc(self.case, ["sheyang"])
        change, gone = moved(before, self.case, ["sheyang"])
        kept = {name: value for name, value in stored.items() if name not in gone}
        assert {**kept, **change} == wanted
        assert "location" not in change

    @invariant()
    def one_unit_owns_it_and_it_is_on_the_path(self) -> None:
        ids = [unit.id for unit in self.case.path]
        assert self.case.unit == ids[-1]
        assert len(set(ids)) == len(ids)

    @invariant()
    def what_is_offered_is_offered_to_another(self) -> None:
        assert self.case.offered_to != self.case.unit
        assert self.case.offered_to is None or self.case.state not in ENDED

    @invariant()
    def a_claimed_case_has_a_claimer(self) -> None:
        assert self.case.state is not State.CLAIMED or self.case.claimed_by is not None

    @invariant()
    def no_clock_runs_in_an_ended_case(self) -> None:
        objected = self.case.state is State.REJECTED and self.case.ruling is not None
        own = (c for c in self.case.clocks if c.kind != "review" or not objected)
        assert self.case.state not in ENDED or all(c.state not in ("running", "paused") for c in own)

    @invariant()
    def it_is_rejected_only_after_another_person_granted_it(self) -> None:
        was = self.case.rejection
        assert (self.case.state is State.REJECTED) == (was is not None)
        assert was is None or (was.granted_by is not None and was.granted_by != was.asked_by)

    @invariant()
    def what_is_asked_has_a_clock_that_somebody_other_than_who_asks_sees(self) -> None:
        asked = self.case.ruling
        waiting = [c for c in self.case.clocks if c.kind == "review" and c.waits]
        assert len(waiting) == (asked is not None)
        if asked is not None:
            assert asked.to in [unit.id for unit in self.case.path]
            assert asked.to != self.case.unit or len(self.case.path) == 1

    @invariant()
    def something_is_due_exactly_while_something_is_owed(self) -> None:
        clocks = self.case.state not in ENDED and any(
            c.state in ("running", "paused") or (c.waits and c.fired < len(c.rungs)) for c in self.case.clocks
        )
        clocks = clocks or self.case.wakes_at is not None
        follow_up = self.case.looks_at is not None and self.case.state not in (State.REJECTED, State.MERGED)
        objected = self.case.state is State.REJECTED and any(
            c.kind == "review" and (c.state == "running" or (c.waits and c.fired < len(c.rungs)))
            for c in self.case.clocks
        )
        call = self.case.call_back is not None and self.case.call_back.since is None
        owed = clocks or follow_up or objected or call
        assert (self.case.next_due is not None) == (not self.case.historic and owed)

    @invariant()
    def somebody_above_calls_about_a_closed_case_that_nobody_rated(self) -> None:
        waiting = self.case.call_back
        if waiting is not None:
            assert self.case.state is State.CLOSED and self.case.rating is None and not self.case.historic
            assert waiting.tried < waiting.tries
            assert waiting.by == (self.case.path[-2].id if len(self.case.path) > 1 else self.case.unit)

    @invariant()
    def it_ends_only_when_every_part_is_finished_or_excused_by_somebody(self) -> None:
        for part in self.case.parts:
            assert part.open != (part.ended_by is not None)
        if self.case.state in (State.RESOLVED, *ENDED):
            assert not any(part.open for part in self.case.parts)

    @invariant()
    def of_a_plan_one_part_at_most_is_at_work_and_every_clock_of_a_part_is_its_own(self) -> None:
        assert sum(part.turn is not None and part.at_work for part in self.case.parts) <= 1
        assert len({part.id for part in self.case.parts}) == len(self.case.parts) <= PARTS_MAX
        for clock_ in self.case.clocks:
            part = self.case.part(clock_.part)
            assert (part is None) == (clock_.part is None)
            assert part is None or part.open or clock_.state not in ("running", "paused")

    @invariant()
    def a_unit_asks_for_the_same_once_and_only_the_command_centre_passes_it_on_for_ever(self) -> None:
        once = [asked for asked in self.case.asked_before if asked[0] != "outcome"]
        assert len(once) == len(set(once)), "a return, a rejection: once a unit"

    @invariant()
    def what_is_kept_on_the_books_is_looked_at_again_or_every_level_above_was_told(self) -> None:
        case = self.case
        if case.resolved_how == "long_term" and not case.historic and case.state in (State.RESOLVED, State.CLOSED):
            assert case.look_again is not None
            assert case.follow_up is not None, "a day to look again"
            told_all = case.look_again.told >= max(1, len(case.above))
            assert told_all or case.next_due is not None

    @invariant()
    def the_history_is_bounded_and_ends_with_this_version(self) -> None:
        assert 1 <= len(self.case.history) <= HISTORY_KEPT
        assert self.case.history[-1].version == self.case.version

    @invariant()
    def stored_and_read_it_is_the_same_case(self) -> None:
        document = to_doc(self.case, ["sheyang"])
        read = bson.decode(bson.encode(document), codec_options=UTC_AWARE)
        assert from_doc(dict(read)) == self.case

    @invariant()
    def every_line_is_in_the_order_of_its_change(self) -> None:
        versions = [entry.version for entry in self.case.history]
        assert versions == sorted(versions)


def _why_it_may_end(case: Case, happened: list[DomainEvent]) -> bool:
    """An answer that the reporter reads; what another person of a level above granted; a clock that ran out for all to
    see; or another case that goes on with it."""
    match case.state:
        case State.REJECTED:
            was = case.rejection
            return was is not None and was.granted_by not in (None, was.asked_by)
        case State.MERGED:
            return case.merged_into is not None and happened[-1].by is not None
        case _:
            ran_out = [c for c in case.clocks if c.kind == "confirm" and c.state == "breached"]
            answered_ = case.outcome is not None and bool((case.outcome.text or "").strip())
            granted = case.resolved_how not in GRANTED_ABOVE or case.resolved_by not in _granters(case)
            return (answered_ and granted) or bool(ran_out)


def _granters(case: Case) -> set[str | None]:
    """Who granted that it ends as it did; the history may have lost the line by now."""
    return {line.by for line in case.history if line.what == "case.resolved" and line.at == _resolved_at(case)}


def _resolved_at(case: Case) -> datetime | None:
    return case.outcome.at if case.outcome is not None else None


def _root_rules(before: Case, happened: list[DomainEvent]) -> bool:
    """Passed on so often, it goes further only by the command centre: on its ruling, or to whom it offered it."""
    root = before.path[0].id
    offered_by = [line.by_unit for line in before.history if line.what == "case.offered"][-1:]
    return any(event.by_unit == root for event in happened) or (before.offered_to is not None and offered_by == [root])


def _started(event: DomainEvent) -> tuple[SlaClock, ...]:
    """The clocks that an event brings."""
    match event:
        case e.Reopened(clock=clock_) if clock_ is not None:
            return (clock_,)
        case InfoRequested() | RulingRequested():
            return (event.clock,)
        case CalledIn() | PartStarted():
            return event.clocks
        case _:
            return ()


def _staying(case: Case, happened: list[DomainEvent]) -> list[SlaClock]:
    """The clocks but for old ones that a reopening pushes out: ten of its kind stay."""
    if not any(isinstance(event, e.Reopened) and event.clock is not None for event in happened):
        return list(case.clocks)
    old = [n for n, clock in enumerate(case.clocks) if clock.kind == "resolve" and clock.part is None]
    return [clock for n, clock in enumerate(case.clocks) if n not in old[: max(0, len(old) - 10)]]


def _may_become(old: SlaClock, new: SlaClock) -> bool:
    """Clocks go one way: a breach stays, what ended stays ended, rungs stay climbed, no deadline comes nearer."""
    ways = {
        "running": {"running", "paused", "met", "breached", "void"},
        "paused": {"paused", "running", "met", "breached", "void"},
        "breached": {"breached"},
        "met": {"met"},
        "void": {"void"},
    }
    moves = {name: getattr(old, name) for name in MOVING}
    put_off = new.due_at != old.due_at
    may_move = old.state in ("running", "paused") and (new.pauses, new.extensions) != (old.pauses, old.extensions)
    return (
        replace(new, **moves) == old
        and new.fired >= old.fired
        and (new.warned or not old.warned or new.warn_at != old.warn_at)
        and new.state in ways[old.state]
        and (new.due_at > old.due_at and may_move if put_off else True)
        and len(new.pauses) >= len(old.pauses)
        and new.extensions[: len(old.extensions)] == old.extensions
        and (old.met_at is None or new.met_at == old.met_at)
        and (new.state != "met" or new.met_at is not None)
        and (old.superseded_at is None or new.superseded_at == old.superseded_at)
    )


TestCaseLife = CaseLife.TestCase
TestCaseLife.settings = settings(max_examples=50, stateful_step_count=30)


def test_fields_of_a_newer_version_are_passed_over() -> None:
    document = to_doc(opened(), ["sheyang"])
    assert from_doc({**document, "colour": "red", "seen": [{"id": "k"}], "pending": []}) == opened()


def test_times_survive_the_store_to_the_millisecond() -> None:
    case = replace(opened(), claimed_at=datetime(2026, 3, 2, 8, 0, 0, 123000, UTC))
    read = bson.decode(bson.encode(to_doc(case, [])), codec_options=UTC_AWARE)
    assert from_doc(dict(read)).claimed_at == case.claimed_at

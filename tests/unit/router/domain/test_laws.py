"""Laws of a case under any sequence of commands, actors and stillness."""

from dataclasses import replace
from datetime import UTC, datetime

import bson
from bson import CodecOptions
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.router.cases.case_store import from_doc, moved, to_doc
from services.router.domain import events as e
from services.router.domain.apply import apply_all
from services.router.domain.case import ENDED, HISTORY_KEPT, PARTS_MAX, Case, State, UnitOnPath
from services.router.domain.clock import SlaClock
from services.router.domain.clock_renewal import Promise
from services.router.domain.commands.call_in import CalledIn, PartStarted
from services.router.domain.commands.command import Actor
from services.router.domain.commands.consultation import Work
from services.router.domain.commands.decide import decide, open_commands
from services.router.domain.commands.inspection import judged
from services.router.domain.commands.pause import Pausable
from services.router.domain.commands.registry import RULES
from services.router.domain.commands.request_info import InfoGiven, InfoRequested, answered
from services.router.domain.domain_event import DomainEvent
from services.router.domain.timer_rules import due
from shared.kernel.errors import Refusal
from shared.kernel.working_time import ALWAYS
from tests.kit.made_cases import (
    ACTORS,
    CLOCKS,
    COUNTY,
    OTHER,
    OTHER_PATH,
    PATH,
    POWER_PATH,
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
    rung,
)

OF_PARTS = ("report_in", "finish_part", "excuse_part", "pause", "resume", "request_extension")
"""Commands that may be refused for what they name, although they are open."""
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
            older=None,
        )
        was_open = name in open_commands(self.case, actor)
        try:
            happened = decide(self.case, command, actor, self.now)
        except Refusal as refusal:
            of_another = name in OF_PARTS and refusal.status in (403, 409)
            assert (refusal.status == 422 or of_another) if was_open else refusal.status in (403, 409)
            return
        assert was_open
        self._becomes(happened)

    @rule(seconds=st.one_of(st.integers(0, 20), st.integers(0, 3600), st.integers(0, 400 * 3600)))
    def time_passes(self, seconds: int) -> None:
        self.now += minutes(seconds / 60)
        happened = due(self.case, self.now)
        self._becomes(happened)
        assert due(self.case, self.now) == []

    @rule(score=st.integers(1, 3))
    def the_reporter_judges(self, score: int) -> None:
        self._becomes(judged(self.case, e.Rated(at=self.now, score=score), fresh(self.now)))

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

    def _only_what_moved_is_stored(self, before: Case) -> None:
        stored, wanted = to_doc(before, ["sheyang"]), to_doc(self.case, ["sheyang"])
        change = moved(before, self.case, ["sheyang"])
        for sometimes in ("next_due",):
            if sometimes not in change:
                stored.pop(sometimes, None)
        assert {**stored, **change} == wanted
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
        assert self.case.state not in ENDED or all(c.state not in ("running", "paused") for c in self.case.clocks)

    @invariant()
    def something_is_due_exactly_while_something_is_owed(self) -> None:
        clocks = self.case.state not in ENDED and any(
            c.state in ("running", "paused") or (c.waits and c.fired < len(c.rungs)) for c in self.case.clocks
        )
        clocks = clocks or self.case.wakes_at is not None
        follow_up = self.case.follow_up is not None and self.case.state not in (State.REJECTED, State.MERGED)
        assert (self.case.next_due is not None) == (not self.case.historic and (clocks or follow_up))

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


def _started(event: DomainEvent) -> tuple[SlaClock, ...]:
    """The clocks that an event brings."""
    match event:
        case e.Reopened(clock=clock_) if clock_ is not None:
            return (clock_,)
        case InfoRequested():
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

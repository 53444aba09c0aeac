"""Visits say by themselves what they owe: a line on their case, once, and a reminder on their day, once."""

import asyncio
import dataclasses
import json
from datetime import timedelta
from secrets import token_hex
from typing import Any

import pytest

from services.router.domain.case import Case, State
from services.router.domain.case_parts.marks import Sensitive
from services.router.domain.events import Noted
from services.router.domain.values import replace
from services.router.domain.visits.visit import Visit, cancelled, held
from services.router.visits.reminders import VisitsDue
from services.router.visits.store import INDEXES, VisitStore
from shared.kernel.clock import StoppedClock
from shared.runtime.storage.mongo import Database
from tests.kit.made_reports import NOW, TRACE
from tests.kit.made_services import Routing, routed, routing

AT = NOW + timedelta(days=2)
BY = "qs-desk"


@pytest.fixture
async def router(database: Database) -> Routing:
    return await routing(database)


async def looking(router: Routing) -> tuple[VisitsDue, VisitStore, StoppedClock]:
    store, clock = VisitStore(router.database, token_hex), StoppedClock(NOW)
    await store.visits.ensure_indexes(*INDEXES)
    return VisitsDue(store, router.store, router.changes, clock), store, clock


async def case_of(router: Routing, key: str = "k1") -> Case:
    made = routed(key)
    await router.store.insert_opened([made])
    return made[0]


def visit(case: str | None, **fields: Any) -> Visit:
    given = {
        "id": "v1",
        "city": "harbour",
        "version": 1,
        "kind": "joint_enforcement",
        "unit": "quayside",
        "place": "fish-quay",
        "at": AT,
        "purpose": "wires",
        "invited": ("works",),
        "pack_version": "v1",
        "planned_by": BY,
        "planned_at": NOW,
        "case": case,
        "remind_at": AT - timedelta(hours=1),
    }
    return Visit(**{**given, **fields})


async def lines(router: Routing, case: str) -> list[tuple[str, str | None, str | None]]:
    """What, by whom and of which unit the case's history says of visits."""
    found = await router.store.load(case)
    assert found is not None
    return [(e.what, e.by, e.unit) for e in found[0].history if e.what.startswith("case.visit")]


async def reminders(store: VisitStore) -> int:
    found = await store.visits.find({}, limit=100)
    return sum(event["type"] == "visit.reminded.v1" for d in found for event in d.get("pending", ()))


@pytest.mark.parametrize("told", ["secret", "in clear"])
async def test_no_place_of_a_sensitive_case_leaves_by_a_visit_for_it(router: Routing, told: str) -> None:
    due, store, clock = await looking(router)
    made = routed("k1")
    marked = replace(made[0], sensitive=Sensitive("media", "oosterhaven")) if told == "secret" else made[0]
    await router.store.insert_opened([(marked, *made[1:])])
    planned = visit(marked.id)
    await store.plan([(planned, ["quayside"])], TRACE, wordless=marked.wordless)
    clock.move_to(AT - timedelta(minutes=59))
    assert await due.remind() == 1
    ended = cancelled(planned, reason="rain", by=BY, now=clock.now())
    assert await store.save(ended, "key", TRACE, wordless=marked.wordless)
    (document,) = await store.visits.find({}, limit=2)
    told_places = {event["type"]: json.loads(event["data"])["place"] for event in document["pending"]}
    assert told_places.keys() == {"visit.planned.v1", "visit.reminded.v1", "visit.cancelled.v1"}
    assert set(told_places.values()) == ({""} if told == "secret" else {"fish-quay"})
    assert document["place"] == "fish-quay", "those invited read it on the visit"


async def test_what_happens_to_a_visit_is_a_line_of_its_case_chained_as_any_other(router: Routing) -> None:
    due, store, clock = await looking(router)
    case, planned = await case_of(router), visit("c")
    planned = dataclasses.replace(planned, case=case.id)
    await store.plan([(planned, ["quayside"])], TRACE)
    assert await due.tell_cases() == 1
    ended = held(planned, came=("works",), result="twelve cut", photos=(), by=BY, now=AT + timedelta(hours=1))
    assert await store.save(ended, "key", TRACE)
    clock.move_to(AT + timedelta(hours=1))
    assert await due.tell_cases() == 1
    whats = ["case.visit_planned", "case.visit_held"]
    assert await lines(router, case.id) == [(what, BY, "quayside") for what in whats]
    found = await router.store.load(case.id)
    assert found is not None
    after = found[0]
    assert "wires" in (after.history[-2].text or "")
    assert after.history[-1].text == "twelve cut"
    assert ("came", "works") in after.history[-1].values
    assert after.head not in ("", case.head), "its link is the newest of the chain"
    assert after.officer_moves == case.officer_moves, "no command of the case: its ETag stays"
    assert await due.tell_cases() == 0


async def test_two_that_look_at_once_and_one_that_ended_in_between_write_one_line(router: Routing) -> None:
    due, store, clock = await looking(router)
    other = VisitsDue(store, router.store, router.changes, clock)
    case = await case_of(router)
    await store.plan([(visit(case.id), ["quayside"])], TRACE)
    await asyncio.gather(due.tell_cases(), other.tell_cases())
    await store.visits.update({"_id": "v1"}, {"$set": {"untold": [1]}})
    assert await due.tell_cases() == 1
    assert len(await lines(router, case.id)) == 1


async def test_the_line_follows_a_case_that_was_merged_and_a_case_that_is_gone_holds_up_nobody(router: Routing) -> None:
    due, store, _ = await looking(router)
    older, younger = await case_of(router), await case_of(router, "k2")
    change = router.changes.of(younger, [Noted(at=NOW, text="x")])
    into = dataclasses.replace(change, after=replace(change.after, state=State.MERGED, merged_into=older.id))
    assert await router.store.save(into)
    await store.plan([(visit("c-gone", id="v0", place="mill"), ["quayside"])], TRACE)
    await store.plan([(visit(younger.id), ["quayside"])], TRACE)
    assert await due.tell_cases() == 2
    assert await lines(router, older.id) == [("case.visit_planned", BY, "quayside")]
    assert await due.tell_cases() == 0


async def test_who_is_invited_is_reminded_once_whoever_looks(router: Routing) -> None:
    due, store, clock = await looking(router)
    other = VisitsDue(store, router.store, router.changes, clock)
    await store.plan([(visit(None), ["quayside"])], TRACE)
    assert await due.remind() == 0, "not before its day"
    clock.move_to(AT - timedelta(minutes=59))
    await asyncio.gather(due.remind(), other.remind())
    await due.remind()
    assert await reminders(store) == 1


async def test_a_visit_that_is_off_or_has_begun_reminds_nobody(router: Routing) -> None:
    due, store, clock = await looking(router)
    await store.plan([(visit(None), ["quayside"]), (visit(None, id="v2", place="mill"), ["quayside"])], TRACE)
    assert await store.save(cancelled(visit(None), reason="rain", by=BY, now=NOW), "key", TRACE)
    clock.move_to(AT)
    assert await due.remind() == 1
    assert await reminders(store) == 0
    assert await due.remind() == 0, "it is settled"

"""The relay: whatever breaks between two of its steps, an event may be repeated and is never lost."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from aiokafka.errors import KafkaConnectionError
from pymongo.errors import AutoReconnect

from services.router.cases.stored.case_document import to_doc
from services.router.domain import events as e
from services.router.domain.case import Case
from shared.contracts.envelope import Envelope
from shared.runtime.kafka.outbox_relay import OUTBOX_INDEX, OfferedDocument, Outbox, Relay, as_pending, from_stored
from shared.runtime.storage.mongo import Collection, Database, Document
from shared.runtime.timekeeping.wall_clock import real_now
from tests.kit.made_reports import NOW
from tests.kit.made_services import Listener, Routing, routed, routing
from tests.kit.waiting import running, until

quick = pytest.mark.usefixtures("quick_relay")
"""With it what was left behind is found at once; it may find what is just being cleared too, and repeat it."""


@pytest.fixture
async def router(database: Database) -> Routing:
    return await routing(database)


async def opened(router: Routing, key: str = "k1", **fields: Any) -> tuple[Case, Envelope]:
    made = routed(key, **fields)
    await several(router, [made])
    return made[0], made[1]


async def several(router: Routing, made: list[tuple[Case, Envelope, list[str]]]) -> None:
    """Cases with an event pending, as a change leaves them."""
    since = real_now()
    await router.store.cases.insert_all(
        [
            {**to_doc(case, seen), "pending": as_pending([event]), "outbox": {"lane": event.lane, "since": since}}
            for case, event, seen in made
        ]
    )


def offer(outbox: Outbox, case: Case, event: Envelope) -> None:
    outbox.offer(case.id, case.version, [event])


async def noted(router: Routing, case: Case, text: str) -> Case:
    change = router.changes.of(case, [e.Noted(at=NOW, text=text)])
    assert await router.store.save(change)
    return change.after


async def document(router: Routing, case: Case) -> Document:
    found = await router.store.cases.find_one({"_id": case.id})
    assert found is not None
    return found


async def _no_outbox(documents: Collection) -> bool:
    return await documents.count({"outbox": {"$exists": True}}, limit=1) == 0


async def cleared(router: Routing) -> bool:
    return await _no_outbox(router.store.cases)


async def settled(router: Routing, relay: Relay | None = None) -> None:
    """Run a relay, as after a start, until no outbox is left."""
    async with running((relay or again(router)).run()):
        await until(lambda: cleared(router))


def again(router: Routing, kind: type[Relay] = Relay, events: Collection | None = None) -> Relay:
    """A relay that was offered nothing: what a restart leaves."""
    relay = kind("router", events or router.events, router.listener)
    relay.source(router.store.cases)
    return relay


@pytest.mark.usefixtures("no_poll")
async def test_what_was_handed_over_is_stored_published_and_cleared(router: Routing) -> None:
    case, event = await opened(router)
    offer(router.outbox, case, event)
    await settled(router, router.relay)
    assert router.listener.ids == [f"{case.id}.1.0"]
    stored = await router.events.find({}, limit=10)
    assert [from_stored(d) for d in stored] == router.listener.heard
    left = await document(router, case)
    assert "pending" not in left
    assert "outbox" not in left


@quick
async def test_what_nobody_handed_over_is_found(router: Routing) -> None:
    case, _ = await opened(router)
    await settled(router)
    assert set(router.listener.ids) == {f"{case.id}.1.0"}


@quick
async def test_while_the_broker_is_away_nothing_leaves_the_document_and_then_it_drains(router: Routing) -> None:
    case, event = await opened(router)
    router.listener.fails = [KafkaConnectionError("away"), TimeoutError("away still")]
    offer(router.outbox, case, event)
    await settled(router, router.relay)
    assert router.listener.fails == []
    assert set(router.listener.ids) == {f"{case.id}.1.0"}
    assert router.relay.failing_since is None


@quick
async def test_a_failing_relay_says_since_when(router: Routing) -> None:
    await opened(router)
    router.listener.fails = [KafkaConnectionError("away")] * 50
    relay = again(router)
    async with running(relay.run()):
        await until(lambda: failing(relay))
    assert not await cleared(router)


async def failing(relay: Relay) -> bool:
    return relay.failing_since is not None


class DiesBeforeClearing(Relay):
    """Ends, as if killed, when the events are stored and published and nothing is cleared yet."""

    async def _clear(self, batch: Sequence[OfferedDocument]) -> None:
        raise SystemError("killed here")


@quick
async def test_killed_between_publishing_and_clearing_it_repeats_and_ends_in_the_same_place(router: Routing) -> None:
    case, event = await opened(router)
    dying = again(router, DiesBeforeClearing)
    offer(dying.outboxes[0], case, event)
    with pytest.raises(ExceptionGroup):
        await dying.run()
    assert len((await document(router, case))["pending"]) == 1
    await settled(router)
    assert router.listener.ids[:2] == [f"{case.id}.1.0"] * 2
    assert set(router.listener.ids) == {f"{case.id}.1.0"}
    assert await router.events.count({}, limit=10) == 1


@quick
async def test_killed_before_publishing_the_event_still_leaves(router: Routing) -> None:
    case, event = await opened(router)
    router.listener.fails = [SystemError("killed here")]
    dying = again(router)
    offer(dying.outboxes[0], case, event)
    with pytest.raises(ExceptionGroup):
        await dying.run()
    assert router.listener.ids == []
    await settled(router)
    assert set(router.listener.ids) == {f"{case.id}.1.0"}
    assert await router.events.count({}, limit=10) == 1


class AwayEvents(Collection):
    """``events`` that a store away does not take, some times."""

    def __init__(self, raw: object, times: int) -> None:
        super().__init__(raw)
        self.times = times

    async def insert_all(self, documents: Sequence[Document]) -> "object":  # type: ignore[override]
        if self.times:
            self.times -= 1
            raise AutoReconnect("away")
        return await super().insert_all(documents)


@quick
async def test_an_event_is_in_the_log_before_its_document_forgets_it(router: Routing) -> None:
    case, event = await opened(router)
    events = AwayEvents(router.events._raw, times=1)
    relay = again(router, events=events)
    offer(relay.outboxes[0], case, event)
    await settled(router, relay)
    assert events.times == 0
    assert set(router.listener.ids) == {f"{case.id}.1.0"}
    assert await router.events.count({"_id": f"{case.id}.1.0"}, limit=2) == 1


class MovesOnMeanwhile(Listener):
    """While the first event is on its way, the case changes again."""

    def __init__(self, router: Routing, case: Case) -> None:
        super().__init__()
        self._router, self._case = router, case

    async def publish(self, events: Sequence[Envelope]) -> None:
        if not self.heard:
            await noted(self._router, self._case, "meanwhile")
        await super().publish(events)


@quick
async def test_a_document_that_moved_on_meanwhile_keeps_its_newer_events(router: Routing) -> None:
    case, event = await opened(router)
    router.listener = MovesOnMeanwhile(router, case)
    relay = again(router)
    offer(relay.outboxes[0], case, event)
    await settled(router, relay)
    assert list(dict.fromkeys(router.listener.ids)) == [f"{case.id}.1.0", f"{case.id}.2.0"]
    assert "pending" not in await document(router, case)


@quick
async def test_two_changes_handed_over_together_both_leave_and_the_mark_goes(router: Routing) -> None:
    case, event = await opened(router)
    change = router.changes.of(case, [e.Noted(at=NOW, text="a"), e.Noted(at=NOW, text="b")])
    assert await router.changes.save(change)
    offer(router.outbox, case, event)
    await settled(router, router.relay)
    assert sorted(set(router.listener.ids)) == [f"{case.id}.1.0", f"{case.id}.2.0", f"{case.id}.2.1"]


@pytest.mark.usefixtures("no_poll")
async def test_each_document_is_cleared_in_its_own_collection_in_whatever_order_they_are_declared(
    router: Routing,
) -> None:
    """Two collections with a document of the same id and version."""
    case, event = await opened(router)
    other = router.database.collection("rota_changes")
    await other.ensure_indexes(OUTBOX_INDEX)
    stored = await document(router, case)
    await other.insert(stored)
    relay = Relay("router", router.events, router.listener)
    rota_outbox, cases_outbox = relay.source(other), relay.source(router.store.cases)
    offer(cases_outbox, case, event)
    await settled(router, relay)
    assert await other.count({"outbox": {"$exists": True}}, limit=1) == 1
    offer(rota_outbox, case, event)
    async with running(relay.run()):
        await until(lambda: _no_outbox(other))


@pytest.mark.usefixtures("no_poll")
async def test_many_documents_leave_in_few_rounds_each_once(router: Routing) -> None:
    made = [routed(f"k{n}") for n in range(300)]
    await several(router, made)
    for case, event, _ in made:
        offer(router.outbox, case, event)
    await settled(router, router.relay)
    assert sorted(router.listener.ids) == sorted(f"{case.id}.1.0" for case, _, _ in made)


@quick
async def test_danger_leaves_before_what_waited_longer(router: Routing) -> None:
    lamp, _ = await opened(router, "lamp")
    flood, _ = await opened(router, "flood", description="flood in the street")
    await settled(router)
    assert router.listener.ids[:2] == [f"{flood.id}.1.0", f"{lamp.id}.1.0"]


@quick
async def test_past_its_limit_the_relay_leaves_what_is_offered_to_the_poll(
    router: Routing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.runtime.kafka.outbox_relay.OFFERED_MAX", 1)
    made = [routed(f"k{n}") for n in range(3)]
    await several(router, made)
    for case, event, _ in made:
        offer(router.outbox, case, event)
    await settled(router, router.relay)
    assert set(router.listener.ids) == {f"{case.id}.1.0" for case, _, _ in made}


@quick
async def test_a_mark_without_events_is_taken_away(router: Routing) -> None:
    case, _ = await opened(router)
    await router.store.cases.update({"_id": case.id}, {"$set": {"pending": []}})
    await settled(router)
    assert router.listener.heard == []


@quick
async def test_two_relays_on_the_same_documents_lose_nothing(router: Routing) -> None:
    made = [routed(f"k{n}") for n in range(40)]
    await several(router, made)
    async with running(again(router).run(), again(router).run()):
        await until(lambda: cleared(router))
    assert set(router.listener.ids) == {f"{case.id}.1.0" for case, _, _ in made}
    assert await router.events.count({}, limit=100) == 40


async def test_many_left_behind_leave_round_after_round_and_wait_for_no_poll(
    router: Routing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restart after an outage, or more at once than the relay holds: 10,000 took three seconds longer."""
    for name, value in (("ROUND", 8), ("LEFT_BEHIND", timedelta()), ("POLL_SECONDS", 600), ("POLL_SECONDS_SOON", 600)):
        monkeypatch.setattr(f"shared.runtime.kafka.outbox_relay.{name}", value)
    made = [routed(f"k{n}") for n in range(60)]
    await several(router, made)
    await settled(router)
    assert set(router.listener.ids) == {f"{case.id}.1.0" for case, _, _ in made}

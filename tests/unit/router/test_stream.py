"""Promises of live queues: what was read and what follows meet without a gap, wherever it is cut; and however many
listen, however far back they begin, the loop is everybody's."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from services.router.stream import live_events
from services.router.stream import sessions as streams_module
from services.router.stream.cursors import UNKNOWN, Cursor, read, written
from services.router.stream.live_events import BEHIND_MAX, Listener, LiveEvents, ServiceListener
from services.router.stream.sessions import Streams
from shared.contracts import cases
from shared.contracts.catalogue import encode
from shared.contracts.sight import Sight, names_of
from shared.kernel.clock import StoppedClock
from shared.kernel.errors import Refusal
from shared.runtime.identity.directory import Directory, Principal
from shared.runtime.identity.tokens import token_hash
from shared.runtime.storage.mongo import MongoError
from tests.kit.made_reports import NOW
from tests.kit.waiting import until

CITY, TOWN, QUAY, MILL = "harbour", "oosterhaven", "quayside", "millfield"
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HELD_MAX = 0.5
"""Seconds; before, 40 streams from zero held the loop for 11."""


def event(id_: str, unit: str = QUAY, **fields: Any) -> cases.CaseEvent:
    state: dict[str, Any] = {"seen_by": [TOWN, unit], "state": "queued", "version": 1}
    was = {name: fields.pop(name) for name in list(fields) if name.startswith("was_")}
    state |= {"id": id_, "city": CITY, "priority": "normal", "category": "lamp", "kind": "hazard", "unit": unit}
    state |= {"path": [TOWN, unit], "pack_version": "v1", "opened_at": AT, "clocks": [], "cell": "c"}
    return cases.CaseEvent(case=cases.CaseState(**{**state, **fields}), **was)


def record(offset: int, said: cases.CaseEvent | bytes, partition: int = 0, city: str = CITY) -> Any:
    value = said if isinstance(said, bytes) else encode(said).encode()
    return ConsumerRecord(
        topic="cases",
        partition=partition,
        offset=offset,
        timestamp=0,
        timestamp_type=0,
        key=b"k",
        value=value,
        checksum=None,
        serialized_key_size=1,
        serialized_value_size=len(value),
        headers=(("ce_city", city.encode()),),
    )


def started(partitions: int = 1) -> LiveEvents:
    tail = LiveEvents(StoppedClock(AT), lambda: {CITY: "v1"})
    tail.starts_at(dict.fromkeys(range(partitions), 0), "k1")
    return tail


def listener(unit: str = QUAY, *, subtree: bool = False, reader: str | None = None) -> Listener:
    sight = Sight(names_of(reader or unit, "somebody"))
    return Listener(CITY, unit, subtree=subtree, sight=sight)


def frames(chunk: bytes) -> list[tuple[str, str, dict[str, Any]]]:
    found = []
    for text in chunk.decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in text.splitlines() if not line.startswith(":"))
        if "id" in lines:  # a beat has none
            found.append((lines["event"], lines["id"], json.loads(lines["data"])))
    return found


async def heard(stream: AsyncIterator[bytes], count: int) -> list[tuple[str, str, dict[str, Any]]]:
    """The first ``count`` frames."""
    found: list[tuple[str, str, dict[str, Any]]] = []
    async with asyncio.timeout(5):
        while len(found) < count:
            found += frames(await anext(stream))
    return found


async def what(tail: LiveEvents, who: Listener, *events: cases.CaseEvent) -> list[str]:
    """The kinds and cases of the frames that these events make for a listener."""
    stream = tail.follow(who, read(tail.cursor()))
    await anext(stream)
    first = tail._next[0]
    await tail.take(tuple(record(first + n, said) for n, said in enumerate(events)))
    tail.close()
    return [f"{name} {data['id']}" for name, _, data in await heard(stream, 1) if name != "reset"]


async def test_a_replay_cut_after_any_frame_goes_on_without_loss_and_without_repetition() -> None:
    """B65: each frame's id is the position after that frame, not the tail's newest."""
    tail = started(partitions=3)
    told = [event(f"c{n}", QUAY if n % 3 else MILL) for n in range(60)]
    lie = [(n % 2 if n % 5 else 2) for n in range(60)]
    await tail.take(tuple(record(lie[:n].count(lie[n]), said, lie[n]) for n, said in enumerate(told)))
    zero = Cursor("k1", {})
    whole = await heard(tail.follow(listener(), zero), 40)
    assert [data["id"] for _, _, data in whole] == [f"c{n}" for n in range(60) if n % 3]
    for cut, (_, id_, _) in enumerate(whole[:-1], 1):
        rest = await heard(tail.follow(listener(), read(id_)), len(whole) - cut)
        assert [data["id"] for _, _, data in rest] == [data["id"] for _, _, data in whole[cut:]]


async def test_what_comes_while_it_is_replayed_follows_once_and_its_id_resumes_too() -> None:
    tail = started()
    await tail.take(tuple(record(n, event(f"c{n}")) for n in range(5)))
    stream = tail.follow(listener(), Cursor("k1", {}))
    assert len(await heard(stream, 2)) == 2
    await tail.take(tuple(record(n, event(f"c{n}")) for n in range(5, 8)))
    rest = await heard(stream, 6)
    assert [data["id"] for _, _, data in rest] == [f"c{n}" for n in range(2, 8)]
    again = await heard(tail.follow(listener(), read(rest[3][1])), 2)
    assert [data["id"] for _, _, data in again] == ["c6", "c7"]


async def test_what_was_of_the_log_before_has_no_cursor_of_the_log_that_replaced_it() -> None:
    """Whoever drops between such a frame and its ``reset`` would be taken for one who has read the new log that far."""
    tail = started()
    await tail.take(tuple(record(n, event(f"c{n}")) for n in range(5)))
    replay, live = tail.follow(listener(), Cursor("k1", {})), tail.follow(listener(), read(tail.cursor()))
    await heard(replay, 2)
    await anext(live)
    await tail.take((record(5, event("c5")),))
    tail.starts_at({0: 0}, "k2")
    for stream in (replay, live):
        (name, id_, _), *_ = await heard(stream, 1)
        assert name == "reset" or read(id_).c == "k1"


@pytest.mark.parametrize("said", [{"c": "k1", "o": {"0": "x"}}, {"c": "k1", "o": None}, {"c": 1, "o": {}}, None, 5, []])
def test_a_cursor_with_wrong_fields_is_refused(said: Any) -> None:
    """B65: it was 200, and the connection was cut."""
    with pytest.raises(Refusal) as refused:
        read(base64.urlsafe_b64encode(json.dumps(said).encode()).decode())
    assert refused.value.status == 422


def test_a_cursor_has_one_spelling_and_what_is_none_is_of_no_cluster() -> None:
    good = written("k123", {0: 5, 1: 17})
    assert read(good) == Cursor("k123", {0: 5, 1: 17})
    assert good.endswith("=")
    other = f"{good.rstrip('=')[:-1]}{chr(ord(good.rstrip('=')[-1]) + 1)}{'=' * good.count('=')}"
    assert base64.urlsafe_b64decode(other) == base64.urlsafe_b64decode(good), "another spelling of the same bytes"
    with pytest.raises(Refusal):
        read(other)
    assert read("nonsense") is UNKNOWN
    assert read(good + "!!") is UNKNOWN


@pytest.mark.parametrize(
    ("who", "says"),
    [
        (listener(), ["case c1"]),
        (listener(TOWN, subtree=True), ["case c1"]),
        (listener(TOWN), []),
        (listener(MILL), []),
        (listener(QUAY, reader=TOWN), ["case c1"]),
        (listener(QUAY, reader=MILL), []),
    ],
)
async def test_a_case_is_told_where_it_lies_to_who_sees_it(who: Listener, says: list[str]) -> None:
    assert await what(started(), who, event("c1")) == says


async def test_whoever_sees_it_hears_of_it_in_the_subtree_and_who_does_not_any_more_hears_that_it_left() -> None:
    consulted = event("c1", seen_by=[TOWN, QUAY, MILL], parties=[MILL])
    assert await what(started(), listener(MILL, subtree=True), consulted) == ["case c1"]
    gone = event("c1", was_seen_by=[MILL])
    assert await what(started(), listener(MILL, subtree=True), gone) == ["left c1"]
    moved = event("c1", MILL, was_path=[TOWN, QUAY], was_seen_by=[QUAY])
    assert await what(started(), listener(QUAY), moved) == ["left c1"]
    assert await what(started(), listener(QUAY), event("c1", state="closed")) == ["left c1"]


async def test_of_a_confidential_case_those_above_hear_nothing() -> None:
    secret = event("c1", confidential=True, seen_by=[QUAY])
    assert await what(started(), listener(QUAY, reader=TOWN), secret) == []
    assert await what(started(), listener(QUAY), secret) == ["case c1"]
    old = event("c1", confidential=True, seen_by=[])
    assert await what(started(), listener(QUAY, reader=TOWN), old) == []
    assert await what(started(), listener(TOWN, subtree=True), event("c1", seen_by=[])) == ["case c1"]


async def test_what_is_no_event_of_ours_is_passed_over() -> None:
    tail = started()
    await tail.take((record(0, b"nonsense"), record(1, b'{"case":{"unit":"quayside","state":"queued","path":[]}}')))
    await tail.take((record(2, event("c1"), city="elsewhere"), record(3, event("c2"))))
    ((_, _, data),) = await heard(tail.follow(listener(), Cursor("k1", {})), 1)
    assert data["id"] == "c2"


class LoopWatch:
    """The longest time for which the loop had no turn for us, in CPU time: other processes' load is not the loop's."""

    async def __aenter__(self) -> "LoopWatch":
        self.longest = 0.0
        self._task = asyncio.create_task(self._look())
        await asyncio.sleep(0)
        return self

    async def _look(self) -> None:
        while True:
            before = time.thread_time()
            await asyncio.sleep(0.001)
            self.longest = max(self.longest, time.thread_time() - before)

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()


async def drained(stream: AsyncIterator[bytes]) -> int:
    return sum([chunk.count(b"event: case") async for chunk in stream])


async def test_many_streams_from_the_very_beginning_hold_the_loop_for_nobody() -> None:
    """B64: those of an officer of another city, where nothing matches, and those of the queue itself."""
    tail = started()
    said = event("c1")
    for first in range(0, 18_000, 500):
        await tail.take(tuple(record(first + n, said) for n in range(500)))
    others = [tail.follow(listener(MILL), Cursor("k1", {})) for _ in range(60)]
    mine = [tail.follow(listener(), Cursor("k1", {})) for _ in range(2)]
    async with LoopWatch() as watch:
        reading = [asyncio.create_task(drained(stream)) for stream in (*others, *mine)]
        await asyncio.sleep(0)
        await _have_read(tail, 62, 18_000)
        tail.close()
        counts = await asyncio.gather(*reading)
    assert counts == [*[0] * 60, *[18_000] * 2]
    assert watch.longest < HELD_MAX


async def _have_read(tail: Any, count: int, position: int) -> None:
    async def read() -> bool:
        positions: list[int] = [one.position.get(0) for ones in tail._listeners.values() for one in ones]
        return positions.count(position) == count

    await until(read, within=60)


async def test_a_thousand_idle_streams_hold_the_loop_for_nobody_while_a_thousand_events_come() -> None:
    """B64: an event is rendered once, and offered to those whom it concerns."""
    tail = started()
    idle = [asyncio.create_task(drained(tail.follow(listener(MILL), None))) for _ in range(990)]
    mine = [asyncio.create_task(drained(tail.follow(listener(), None))) for _ in range(10)]
    await asyncio.sleep(0)
    async with LoopWatch() as watch:
        for first in range(0, 1000, 100):
            await tail.take(tuple(record(first + n, event(f"c{first + n}")) for n in range(100)))
            await asyncio.sleep(0)
        await _have_read(tail, 10, 1000)
        tail.close()
        counts = await asyncio.gather(*idle, *mine)
    assert counts == [*[0] * 990, *[1000] * 10]
    assert watch.longest < HELD_MAX


async def test_who_is_too_far_behind_reads_the_queue_again() -> None:
    tail = started()
    stream = tail.follow(listener(), None)
    await anext(stream)
    await tail.take(tuple(record(n, event(f"c{n}")) for n in range(BEHIND_MAX + 1)))
    assert [name for name, _, _ in await heard(stream, 1)] == ["reset"]


async def test_every_stream_beats_with_the_servers_time_and_a_services_with_the_packs_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_events, "BEAT_SECONDS", 0.01)
    tail = started()
    for who, says in ((listener(), b""), (ServiceListener(), b',"packs":{"harbour":"v1"}')):
        stream = tail.follow(who, None)
        beat = b': still here\n\nevent: beat\ndata: {"now":"2026-03-02T09:00:00Z"%b}\n\n' % says
        assert [await anext(stream) for _ in range(4)] == [b": listening\n\n", beat, beat, beat]


async def test_a_service_hears_of_every_case_once_with_those_who_may_see_it() -> None:
    tail = started()
    said = event(
        "c1",
        was_seen_by=[MILL],
        confidential=True,
        parts=[cases.PartState(id="p1", unit=MILL, caller=QUAY, state="called")],
    )
    await tail.take((record(0, said), record(1, b"nonsense"), record(2, event("c2", state="closed"), city="b")))
    told = await heard(tail.follow(ServiceListener(), Cursor("k1", {})), 2)
    (first, id_, one), (_, _, other) = told
    assert (first, one["city"], one["row"]["id"], one["sealed"], one["closed_to_stand_ins"]) == (
        "change", CITY, "c1", True, True,
    )  # fmt: skip
    assert (one["queues"], one["seen_by"], one["was_seen_by"]) == ([MILL, QUAY], [TOWN, QUAY], [MILL, TOWN, QUAY])
    assert (other["city"], other["open"], other["queues"], other["was_queues"]) == ("b", False, [], [QUAY])
    again = await heard(tail.follow(ServiceListener(), read(id_)), 1)
    assert [data["row"]["id"] for _, _, data in again] == ["c2"], "its cursor resumes"
    live = tail.follow(ServiceListener(), None)
    await anext(live)
    await tail.take((record(3, event("c3", MILL)),))
    assert [data["row"]["id"] for _, _, data in await heard(live, 1)] == ["c3"]


class Rights(Directory):
    """Who holds which token, as the test says."""

    def __init__(self) -> None:
        self.holds: dict[str, Principal] = {}
        self.away = False

    async def holders(self, hashes: Any) -> dict[str, Principal]:
        if self.away:
            raise MongoError("away")
        return {token_hash(token): who for token, who in self.holds.items() if token_hash(token) in hashes}


class Room:
    """Streams of officers."""

    def __init__(self, most: int = 100, each: int = 3) -> None:
        self.tail, self.rights, self.may = started(), Rights(), True
        self.streams = Streams(self.tail, self.rights, most=most, each=each)

    def open(self, shown: str = "t1", person: str = "qs-desk", unit: str = QUAY) -> Any:
        who = Principal(kind="officer", city=CITY, person=person, unit=unit, role="duty_officer")
        self.rights.holds[shown] = who
        return self.streams.open(shown, who, listener(), None, lambda: self.may)


async def ends(room: Room, response: Any) -> list[str]:
    """What a reader who reads nothing until it is over is told after all."""
    stream = response.body_iterator
    await anext(stream)
    await room.tail.take((record(0, event("c-secret")),))
    await room.streams.end_forbidden()
    return [name for name, _, _ in await heard(stream, 1)]


@pytest.mark.parametrize("how", ["revoked", "moved", "queue", "away"])
async def test_a_stream_ends_with_reset_when_its_reader_may_not_read_any_more(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """B63: and what waited for him is not told."""
    room = Room()
    response = room.open()
    if how == "revoked":
        room.rights.holds.clear()
    elif how == "moved":
        room.rights.holds["t1"] = Principal(kind="officer", city=CITY, person="qs-desk", unit=MILL, role="member")
    elif how == "queue":
        room.may = False
    else:
        room.rights.away = True
        monkeypatch.setattr(streams_module, "UNKNOWN_SECONDS", -1.0)
    assert await ends(room, response) == ["reset"]


async def test_whoever_may_still_read_goes_on_also_when_the_directory_is_away_for_a_moment() -> None:
    room = Room()
    response = room.open()
    assert await ends(room, response) == ["case"]
    room.rights.away = True
    await room.streams.end_forbidden()
    await room.tail.take((record(1, event("c2")),))
    assert [name for name, _, _ in await heard(response.body_iterator, 1)] == ["case"]


async def run(response: Any) -> None:
    """The response until it is over, to somebody who listens."""

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def send(_: Any) -> None:
        return

    await response({"type": "http", "method": "GET"}, receive, send)


async def test_a_person_has_so_many_streams_and_a_process_too_and_each_ends_its_place_is_free() -> None:
    """B64: 429 and 503 say when to come again."""
    room = Room(most=4, each=3)
    first = [room.open() for _ in range(3)]
    with pytest.raises(Refusal) as mine:
        room.open(shown="t2")
    assert (mine.value.status, mine.value.retry_after) == (429, 5)
    room.open(shown="t3", person="another")
    with pytest.raises(Refusal) as everybodys:
        room.open(shown="t4", person="third")
    assert (everybodys.value.status, everybodys.value.retry_after) == (503, 5)
    running = asyncio.create_task(run(first[0]))
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    room.open()
    assert not room.tail._listeners


def test_the_moment_of_the_tests_is_not_the_machines() -> None:
    assert NOW.date() == AT.date()

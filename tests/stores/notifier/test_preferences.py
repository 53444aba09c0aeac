"""Delays, quiet hours, digests, silence, closing alerts, leave, pairs, shadow mode; danger is never held back."""

import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from services.router.domain import events as e
from services.router.domain.domain_event import DomainEvent
from shared.city.reading import read_folder
from shared.contracts import rota
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode, encode
from shared.contracts.envelope import Envelope
from shared.runtime.http_client import client as http_client
from shared.runtime.storage.mongo import Database
from tests.kit.made_channels import DANGER, Channels, channels, numbers, opened
from tests.kit.made_reports import NOW
from tests.kit.robots import Robot, robot
from tests.packs import HARBOUR, lamps_in_desk_hours

EVENING = NOW + timedelta(hours=13, minutes=30)  # 23:30 there


@pytest.fixture(autouse=True)
async def clients() -> AsyncIterator[None]:
    yield
    await http_client.close_all()


async def walker(database: Database, end: Robot, **more: Any) -> Channels:
    """The quayside's walker has a telephone."""
    city = {"sms": {"url": end.url, "per_minute": 100, "length": 2000}}
    return await channels(
        database, {"PHONE": "+31600000000"}, city=city, people={"qs-walk": {"sms": "${CHANNEL_HARBOUR_PHONE}"}}, **more
    )


def later(event: Envelope, type_: type[DomainEvent], by: str, minutes: float = 1, **fields: Any) -> Envelope:
    """What somebody did to the case of ``event``, as the router tells it."""
    state = decode(event, CaseEvent).case
    told = msgspec.structs.replace(state, version=state.version + 1, state="closed" if type_ is e.Closed else "claimed")
    data = CaseEvent(case=told, by=by)
    return msgspec.structs.replace(
        event,
        id=f"{state.id}.{told.version}.0",
        type=type_.TYPE,
        sequence=told.version,
        time=event.time + timedelta(minutes=minutes),
        data=encode(data),
    )


def texts(end: Robot) -> list[str]:
    return [str(one["text"]) for one in end.got]


async def test_a_delayed_text_is_sent_only_while_nobody_has_it(database: Database) -> None:
    with robot(lambda _: 202) as end:
        notifier = await walker(database, end)
        await notifier.wishes("qs-walk", channels=[{"channel": "sms", "after": "PT5M"}])
        dispatcher = notifier.dispatcher()
        taken, waiting = opened(1, notifier.pack), opened(2, notifier.pack)
        await notifier.happens(taken, waiting)
        assert len(await notifier.alerts.page({"recipient": "qs-walk"}, 10)) == 2, "on record at once"
        await notifier.settle(dispatcher, 240, step=60)
        assert end.got == []
        await notifier.happens(later(taken, e.Claimed, "qs-desk"))
        await notifier.settle(dispatcher, 120, step=30)
        assert [numbers(text) for text in texts(end)] == [[2]]
    assert sorted(row["state"] for row in await notifier.rows()) == ["delivered", "dropped"]


async def test_danger_waits_for_no_delay_and_breaks_quiet_hours(database: Database) -> None:
    with robot(lambda _: 202) as end:
        notifier = await walker(database, end)
        await notifier.wishes(
            "qs-walk", channels=[{"channel": "sms", "after": "PT5M"}], quiet=[{"from": "22:00", "to": "07:00"}]
        )
        notifier.clock.move_to(EVENING)
        dispatcher = notifier.dispatcher()
        await notifier.happens(opened(1, notifier.pack, now=EVENING), opened(2, notifier.pack, DANGER, now=EVENING))
        await notifier.settle(dispatcher, 1)
        assert [numbers(text) for text in texts(end)] == [[2]]
        await notifier.settle(dispatcher, 7 * 3600, step=900)
        assert len(end.got) == 1, "06:30: still quiet"
        await notifier.settle(dispatcher, 3600, step=900)
        assert [numbers(text) for text in texts(end)] == [[2], [1]]


async def test_a_lamp_at_night_rings_in_the_morning_in_the_group_too_unless_somebody_has_claimed_it(
    database: Database,
) -> None:
    """What is neither danger nor urgent waits for the hours of its promise, whatever people wish."""
    with robot(lambda _: 202) as end:
        notifier = await channels(
            database,
            {"PHONE": "+31600000000", "GROUP": "+31600000001"},
            lamps_in_desk_hours(),
            city={"sms": {"url": end.url, "per_minute": 100, "length": 2000}},
            units={"quayside": {"sms": "${CHANNEL_HARBOUR_GROUP}"}},
            people={"qs-walk": {"sms": "${CHANNEL_HARBOUR_PHONE}"}},
        )
        notifier.clock.move_to(EVENING)
        dispatcher = notifier.dispatcher()
        taken, left = opened(1, notifier.pack, now=EVENING), opened(2, notifier.pack, now=EVENING)
        await notifier.happens(taken, left, opened(3, notifier.pack, DANGER, now=EVENING))
        await notifier.settle(dispatcher, 8 * 3600, step=900)
        assert [numbers(text) for text in texts(end)] == [[3], [3]], (
            "07:30: only the danger, to the person and the group"
        )
        await notifier.happens(later(taken, e.Claimed, "qs-walk", minutes=480))
        await notifier.settle(dispatcher, 3600, step=900)
        assert [numbers(text) for text in texts(end)[2:]] == [[2], [2]]
        assert {str(one["to"]) for one in end.got[2:]} == {"+31600000000", "+31600000001"}


async def test_more_than_the_limit_are_listed_together_and_none_is_lost(database: Database) -> None:
    with robot(lambda _: 202) as end:
        notifier = await walker(database, end)
        await notifier.wishes("qs-walk", limit={"most": 3, "per": "PT30M"})
        dispatcher = notifier.dispatcher()
        for number in range(10):
            await notifier.happens(opened(number, notifier.pack, "lamp"))
            await notifier.settle(dispatcher, 60, step=30)
        assert [numbers(text) for text in texts(end)] == [[0], [1], [2]]
        await notifier.happens(opened(99, notifier.pack, DANGER))
        await notifier.settle(dispatcher, 1)
        assert numbers(texts(end)[-1]) == [99], "danger is no page of the limit"
        await notifier.settle(dispatcher, 1800, step=60)
    listed = texts(end)[4:]
    assert sorted(n for text in listed for n in numbers(text)) == list(range(3, 10))
    assert len(listed) < 7
    assert {row["state"] for row in await notifier.rows()} == {"delivered"}


async def test_the_citys_limit_holds_for_who_has_no_own(database: Database) -> None:
    with robot(lambda _: 202) as end:
        files = read_folder(HARBOUR)
        city = (
            files["city.yaml"]
            + f"paging: {{most: 1, per: PT30M}}\nchannels: {{sms: {{url: '{end.url}', length: 2000}}}}\n"
        )
        notifier = await walker(database, end, changed={"city.yaml": city})
        await notifier.happens(opened(1, notifier.pack), opened(2, notifier.pack), opened(3, notifier.pack))
        await notifier.settle(notifier.dispatcher(), 2)
        assert len(end.got) == 1
        await notifier.settle(notifier.dispatcher(), 1860, step=30)
    assert sorted(n for text in texts(end) for n in numbers(text)) == [1, 2, 3]
    assert len(end.got) == 2, "the second says two"
    assert "2" in texts(end)[1].splitlines()[0]


async def silenced(notifier: Channels, **more: Any) -> None:
    row = {
        "_id": "q1",
        "city": "harbour",
        "unit": "quayside",
        "categories": [],
        "from": NOW,
        "until": NOW + timedelta(hours=8),
        "reason": "planned works",
        "by": "qs-desk",
        "made_at": NOW - timedelta(minutes=1),
        "stored_at": NOW,
    }
    await notifier.silences.cache.rows.insert({**row, **more})
    await notifier.silences.cache.refresh()


async def test_silence_keeps_alerts_to_the_inbox_and_danger_breaks_it(database: Database) -> None:
    with robot(lambda _: 202) as end:
        notifier = await walker(database, end)
        await silenced(notifier, categories=["street_light", "flooding"])
        await notifier.happens(opened(1, notifier.pack), opened(2, notifier.pack, DANGER))
        await notifier.happens(
            opened(3, notifier.pack, "a bollard"), opened(4, notifier.pack, now=NOW + timedelta(hours=9))
        )
        await notifier.settle(notifier.dispatcher(), 5)
    assert sorted(n for text in texts(end) for n in numbers(text)) == [2, 3, 4]
    alerts = await notifier.alerts.page({"recipient": "qs-walk"}, 10)
    assert [numbers(alert.text) for alert in alerts if alert.silenced == "q1"] == [[1]]


async def test_those_who_were_paged_are_told_when_it_is_over_but_not_who_ended_it(database: Database) -> None:
    with robot(lambda _: 202) as end:
        people = {"qs-walk": {"sms": "${CHANNEL_HARBOUR_WALK}"}, "qs-desk": {"sms": "${CHANNEL_HARBOUR_DESK}"}}
        city = {"sms": {"url": end.url, "per_minute": 100, "length": 2000}}
        notifier = await channels(database, {"WALK": "+31600000001", "DESK": "+31600000002"}, city=city, people=people)
        dispatcher, event = notifier.dispatcher(), opened(1, notifier.pack)
        await notifier.happens(event)
        await notifier.settle(dispatcher, 3)
        assert sorted(one["to"] for one in end.got) == ["+31600000001", "+31600000002"]
        end.got.clear()
        closed = later(event, e.Closed, "qs-desk")
        await notifier.happens(closed)
        await notifier.happens(closed)
        await notifier.settle(dispatcher, 3)
    assert [one["to"] for one in end.got] == ["+31600000001"], "once, and not to who did it"
    assert "Ended" in texts(end)[0]
    over = await notifier.alerts.page({"kind": "over"}, 10)
    assert [(alert.recipient, alert.state) for alert in over] == [("qs-walk", "over")]


def on_leave(person: str, since: datetime, hours: int = 8) -> Envelope:
    data = rota.LeaveTaken(
        change="g1", person=person, start=NOW, until=NOW + timedelta(hours=hours), since=since, made_by="oh-desk"
    )
    event = opened_event()
    return msgspec.structs.replace(
        event, id="g1.1.0", subject="g1", topic="rota", type="rota.leave_taken.v1", data=encode(data)
    )


def opened_event() -> Envelope:
    return Envelope(id="", type="", topic="", key="harbour", subject="", city="harbour", sequence=1, time=NOW, data="")


async def told(notifier: Channels, event: Envelope) -> dict[str, str]:
    await notifier.happens(event)
    return {alert.recipient: alert.kind for alert in await notifier.alerts.page({"because": event.id}, 10)}


async def test_leave_counts_from_when_it_holds_and_a_redelivered_event_reaches_the_same_people(
    database: Database,
) -> None:
    notifier = await channels(database, {})
    before, after = opened(1, notifier.pack), opened(2, notifier.pack, now=NOW + timedelta(minutes=3))
    first = await told(notifier, before)
    assert first == {"qs-desk": "new", "qs-walk": "new"}
    leave = on_leave("qs-desk", NOW + timedelta(minutes=2))
    await notifier.rota.handle([leave, leave])
    await notifier.rota.handle([leave])
    assert await told(notifier, after) == {"oh-desk": "unstaffed", "qs-walk": "new"}
    assert await told(notifier, before) == first
    (alarm,) = await notifier.alerts.page({"kind": "unstaffed"}, 10)
    assert "nobody is on post A at Quayside" in alarm.text


async def test_another_process_hears_of_what_was_decided(database: Database) -> None:
    one, other = await channels(database, {}), await channels(database, {})
    await one.rota.handle([on_leave("qs-desk", NOW)])
    assert other.rota.changes("harbour").all == ()
    await other.rota.cache.refresh()
    assert [change.person for change in other.rota.changes("harbour").all] == ["qs-desk"]


def harbour_with(posts: str = "", categories: str = "", city: str = "") -> dict[str, str]:
    files = read_folder(HARBOUR)
    return {
        "posts.yaml": files["posts.yaml"].replace("swaps:", f"{posts}swaps:"),
        "categories.yaml": files["categories.yaml"].replace("suspicions:\n", f"{categories}suspicions:\n"),
        "city.yaml": files["city.yaml"] + city,
        "bridges.yaml": "bridges: []\n",
    }


async def test_somebody_in_need_pages_the_paired_rider_and_member_whatever_their_rules(database: Database) -> None:
    with robot(lambda _: 202) as end:
        person = {
            "id": "rider",
            "name": "r",
            "unit": "quayside",
            "role": "parttime_grid_member",
            "valid_to": "2026-06-01",
        }
        rider = {**person, "channels": {"sms": {"url": end.url, "to": "${CHANNEL_HARBOUR_PHONE}"}}}
        need = {"code": "need_help", "name": "In need", "priority": "urgent", "keywords": ["alone"]}
        files = harbour_with(
            posts=f"  - {json.dumps(rider)}\npairs: [{{unit: quayside, rider: rider, member: qs-walk}}]\n",
            categories=f"  - {json.dumps({**need, 'pages': ['paired_rider', 'grid_member']})}\n",
        )
        notifier = await channels(database, {"PHONE": "+31600000000"}, changed=files)
        await notifier.wishes("rider", channels=[{"channel": "sms", "after": "PT30M"}])
        event = opened(1, notifier.pack, "old and alone at home")
        assert await told(notifier, event) == {"rider": "need", "qs-walk": "need", "qs-desk": "new"}
        await notifier.settle(notifier.dispatcher(), 2)
        assert len(end.got) == 1, "at once"
        summer = opened(2, notifier.pack, "old and alone at home", now=NOW + timedelta(days=100, hours=1))
        assert "rider" not in await told(notifier, summer), "the letter has ended"


async def test_in_shadow_mode_nobody_is_told_and_ops_sees_whom_it_would_have_been(database: Database) -> None:
    with robot(lambda _: 202) as end:
        notifier = await walker(database, end)
        shadow = await walker(database, end, changed=harbour_with(city="shadow: true\n") | {})
        event = opened(1, shadow.pack)
        await shadow.happens(event)
        await shadow.happens(event)
        await shadow.settle(shadow.dispatcher(), 2)
    assert end.got == []
    assert await notifier.alerts.page({}, 10) == []
    seen = await shadow.alerts.page({}, 10, shadow=True)
    assert sorted(alert.recipient for alert in seen) == ["qs-desk", "qs-walk"]
    assert {alert.state for alert in seen} == {"shadow"}

"""Alerts by channels: owed once, sent at the receiver's pace, listed when many, none lost whatever it answers."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from pymongo.errors import AutoReconnect
from structlog.testing import capture_logs

from services.notifier.documents.delivery import ChannelDelivery
from services.notifier.domain.rate_limit import WINDOW
from shared.city import yaml_text
from shared.kernel.clock import StoppedClock
from shared.runtime.http_client import client as http_client
from shared.runtime.storage.mongo import Database
from tests.kit.made_channels import DANGER, Channels, channels, holds, numbers, opened, work
from tests.kit.made_reports import NOW
from tests.kit.robots import OK, Robot, robot
from tests.packs import harbour_with_channels


@pytest.fixture(autouse=True)
async def clients() -> AsyncIterator[None]:
    yield
    await http_client.close_all()


def group(end: Robot, clock: StoppedClock, most: int = 20, code: int = 45009) -> list[datetime]:
    """Makes ``end`` a robot that takes ``most`` messages in sixty seconds; answers when it was sent one."""
    at: list[datetime] = []

    def answer(_: dict[str, Any]) -> Any:
        at.append(clock.now())
        fast = sum(1 for other in at if other > clock.now() - timedelta(seconds=60)) > most
        return {"errcode": code, "errmsg": "too fast"} if fast else OK

    end.answer = answer
    return at


async def quayside(database: Database, end: Robot, kind: str = "wecom", **more: Any) -> Channels:
    """The quayside's desk has a robot."""
    settings = {kind: {"url": "${CHANNEL_HARBOUR_ROBOT}", **more}}
    return await channels(database, {"ROBOT": end.url}, units={"quayside": settings})


async def test_an_alert_is_owed_once_to_every_channel_of_its_recipient_and_unit(database: Database) -> None:
    city = {"sms": {"url": "https://sms.example.com/"}}
    desk = {"feishu": "${CHANNEL_HARBOUR_OWN}", "sms": "${CHANNEL_HARBOUR_PHONE}"}
    notifier = await channels(
        database, {}, city=city, units={"quayside": {"wecom": "${CHANNEL_HARBOUR_GROUP}"}}, people={"qs-desk": desk}
    )
    event = opened(1, notifier.pack)
    for _ in range(3):
        await notifier.happens(event)
    await notifier.happens(event, event)
    alerts = {alert.id: alert.recipient for alert in await notifier.alerts.page({}, 100)}
    rows = await notifier.rows()
    assert Counter((alerts[row["alert"]], row["channel"], row["to"]) for row in rows) == {
        ("qs-desk", "feishu", "person"): 1,
        ("qs-desk", "sms", "person"): 1,
        ("qs-desk", "wecom", "unit"): 1,
        ("qs-walk", "wecom", "unit"): 1,
    }
    assert {(row["state"], row["attempts"]) for row in rows} == {("pending", 0)}


async def test_where_the_pack_names_no_channel_nothing_is_owed_and_the_store_is_not_asked(database: Database) -> None:
    notifier = await channels(database, {})

    class Untouched:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(f"{name} of the deliveries was used")

    notifier.deliveries.queue.rows = Untouched()  # type: ignore[assignment]
    await notifier.happens(opened(1, notifier.pack))
    assert len(await notifier.alerts.page({}, 100)) == 2


async def test_only_alerts_of_the_named_priorities_go_to_a_channel(database: Database) -> None:
    with robot() as end:
        notifier = await quayside(database, end, priorities=["danger"])
        await notifier.happens(opened(1, notifier.pack), opened(2, notifier.pack, DANGER))
        await work(notifier.dispatcher())
    assert [numbers(text) for text in end.texts] == [[2]]


async def test_a_group_is_told_once_of_an_event_and_a_person_gets_the_link(database: Database) -> None:
    with robot() as end, robot() as own:
        notifier = await channels(
            database,
            {"ROBOT": end.url, "OWN": own.url},
            units={"quayside": {"wecom": "${CHANNEL_HARBOUR_ROBOT}"}},
            people={"qs-walk": {"dingtalk": "${CHANNEL_HARBOUR_OWN}"}},
        )
        await notifier.happens(opened(1, notifier.pack))
        await work(notifier.dispatcher())
    assert len(end.texts) == len(own.texts) == 1
    assert "Told: Quayside desk one, Quayside walker one" in end.texts[0]
    assert "/a/" not in end.texts[0], "in a group a link would let anybody claim in somebody's name"
    assert re.search(r"(?m)Claim: https://whistle\.example/a/\S+$", own.texts[0])
    assert {row["state"] for row in await notifier.rows()} == {"delivered"}


async def test_a_burst_is_listed_and_nothing_of_it_is_lost(database: Database) -> None:
    """A hundred alerts within seconds: every one is told exactly once, and the robot never has too many."""
    with robot() as end:
        notifier = await quayside(database, end)
        sent, dispatcher = group(end, notifier.clock), notifier.dispatcher()
        for first in range(0, 100, 25):
            await notifier.happens(*(opened(number, notifier.pack) for number in range(first, first + 25)))
            await notifier.settle(dispatcher, 1)
        await notifier.settle(dispatcher, 180)
    assert Counter(number for text in end.texts for number in numbers(text)) == dict.fromkeys(range(100), 1)
    assert {row["state"] for row in await notifier.rows()} == {"delivered"}
    assert {row["attempts"] for row in await notifier.rows()} == {1}, "never refused for its haste"
    assert len(sent) < 40
    assert all(len(text.encode()) <= 2048 for text in end.texts)
    assert any(len(numbers(text)) >= 5 for text in end.texts)


async def test_danger_goes_first_and_at_once_though_much_else_waits(database: Database) -> None:
    with robot() as end:
        notifier = await quayside(database, end)
        group(end, notifier.clock)
        dispatcher = notifier.dispatcher()
        await notifier.happens(*(opened(number, notifier.pack) for number in range(60)))
        await notifier.happens(*(opened(number, notifier.pack, DANGER) for number in (71, 72)))
        await work(dispatcher)
        assert [numbers(text) for text in end.texts[:2]] == [[71], [72]]
        await notifier.settle(dispatcher, 5)
        before = len(end.texts)
        await notifier.happens(opened(99, notifier.pack, DANGER))
        await work(dispatcher)
        assert numbers(end.texts[before]) == [99], "although others are being gathered"


async def test_the_pace_is_kept_over_a_restart(database: Database) -> None:
    """Another process, or the same one started again, knows what the robot had."""
    with robot() as end:
        notifier = await quayside(database, end)
        sent = group(end, notifier.clock)
        for batch in range(8):
            await notifier.happens(*(opened(batch * 10 + n, notifier.pack) for n in range(10)))
            await work(notifier.dispatcher())
            notifier.forward(2)
        await notifier.settle(notifier.dispatcher(), 150)
    assert Counter(n for text in end.texts for n in numbers(text)) == dict.fromkeys(range(80), 1)
    assert {row["attempts"] for row in await notifier.rows()} == {1}
    assert all(sum(at <= other < at + WINDOW for other in sent) <= 20 for at in sent)


async def test_two_processes_send_each_alert_once(database: Database) -> None:
    with robot() as one, robot() as other:
        named = {"quayside": {"wecom": "${CHANNEL_HARBOUR_ONE}", "feishu": "${CHANNEL_HARBOUR_OTHER}"}}
        notifier = await channels(database, {"ONE": one.url, "OTHER": other.url}, units=named)
        await notifier.happens(*(opened(number, notifier.pack) for number in range(8)))
        await asyncio.gather(*(work(notifier.dispatcher()) for _ in range(3)))
        await notifier.settle(notifier.dispatcher(), 60)
    for end in (one, other):
        assert Counter(n for text in end.texts for n in numbers(text)) == dict.fromkeys(range(8), 1)


async def test_killed_between_sending_and_writing_it_down_it_is_sent_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with robot() as end:
        notifier = await quayside(database, end)
        await notifier.happens(opened(1, notifier.pack))
        with monkeypatch.context() as killed:

            async def gone(_: Any) -> None:
                raise AutoReconnect("killed")

            killed.setattr(notifier.deliveries.queue, "settle", gone)
            await work(notifier.dispatcher())
        assert [numbers(text) for text in end.texts] == [[1]]
        await notifier.settle(notifier.dispatcher(), 50, step=2)
    assert [numbers(text) for text in end.texts] == [[1], [1]]
    assert {row["state"] for row in await notifier.rows()} == {"delivered"}


async def test_a_dead_robot_delays_no_other(database: Database) -> None:
    """The living one has everything while the first attempt at the dead one has not even ended."""
    with robot(hangs=True) as dead, robot() as alive:
        named = {"quayside": {"wecom": "${CHANNEL_HARBOUR_DEAD}", "dingtalk": "${CHANNEL_HARBOUR_ALIVE}"}}
        notifier = await channels(database, {"DEAD": dead.url, "ALIVE": alive.url}, units=named)
        dispatcher = notifier.dispatcher()
        await notifier.happens(*(opened(number, notifier.pack) for number in range(5)))
        workers = await dispatcher.start_due()
        assert len(workers) == 2
        await asyncio.to_thread(dead.hung.wait, 10)
        done, waits = await asyncio.wait(workers, return_when=asyncio.FIRST_COMPLETED)
        assert len(done) == len(waits) == 1
        assert len(alive.texts) == 5
        assert len(dead.texts) == 1
        for task in waits:
            task.cancel()
        await asyncio.wait(waits)


async def test_a_robot_that_keeps_failing_is_left_alone_and_gets_everything_once_it_is_back(
    database: Database,
) -> None:
    with robot(lambda _: 502) as end:
        notifier = await quayside(database, end)
        dispatcher = notifier.dispatcher()
        await notifier.happens(*(opened(number, notifier.pack) for number in range(30)))
        await notifier.settle(dispatcher, 900, step=15)
        assert len(end.texts) < 60, "its circuit is open most of the time"
        assert dispatcher.open_circuits == 1
        end.got.clear()
        end.answer = lambda _: OK
        await notifier.settle(dispatcher, 3600, step=60)
    assert Counter(n for text in end.texts for n in numbers(text)) == dict.fromkeys(range(30), 1)
    assert {row["state"] for row in await notifier.rows()} == {"delivered"}


async def test_a_robot_that_is_told_too_much_is_left_alone_as_long_as_it_refuses(database: Database) -> None:
    """DingTalk: ten minutes. Being refused for haste is no failed attempt."""
    with robot(lambda _: {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}) as end:
        notifier = await quayside(database, end, "dingtalk")
        dispatcher = notifier.dispatcher()
        await notifier.happens(opened(1, notifier.pack))
        await notifier.settle(dispatcher, 590, step=10)
        assert len(end.texts) == 1
        row = (await notifier.rows())[0]
        assert (row["state"], row["last_outcome"], row["last_status"], row["attempts"]) == (
            "pending",
            "rate",
            130101,
            0,
        )
        end.answer = lambda _: OK
        await notifier.happens(opened(2, notifier.pack, DANGER))
        await work(dispatcher)
        assert len(end.texts) == 1, "not even for danger: it would be refused"
        await notifier.settle(dispatcher, 60, step=10)
    assert [numbers(text) for text in end.texts[1:]] == [[2], [1]]


async def test_words_that_a_robot_refuses_hold_up_nothing_and_are_left_out_in_the_end(database: Database) -> None:
    def censor(body: dict[str, Any]) -> Any:
        return {"errcode": 430102, "errmsg": "text"} if "number 0013" in body["text"]["content"] else OK

    with robot(censor) as end:
        notifier = await quayside(database, end, "dingtalk")
        await notifier.happens(*(opened(number, notifier.pack) for number in range(20)))
        await notifier.settle(notifier.dispatcher(), 120)
    taken = [text for text in end.texts if "number 0013" not in text]
    assert Counter(n for text in taken for n in numbers(text)) == {number: 1 for number in range(20) if number != 13}
    bare = [text for text in taken if not numbers(text)]
    assert ["Look in your queue of cases" in text for text in bare] == [True]
    assert {row["state"] for row in await notifier.rows()} == {"delivered"}


async def test_what_a_robot_refuses_in_every_form_is_given_up_and_says_so(database: Database) -> None:
    with robot(lambda _: {"errcode": 430102, "errmsg": "text"}) as end:
        notifier = await quayside(database, end, "dingtalk")
        await notifier.happens(opened(1, notifier.pack))
        await notifier.settle(notifier.dispatcher(), 10)
    assert len(end.texts) == 2
    assert {(row["state"], row["last_outcome"]) for row in await notifier.rows()} == {("failed", "words")}


async def test_a_bad_signature_is_tried_for_a_day_and_then_given_up(database: Database) -> None:
    with robot(lambda _: {"code": 19021, "msg": "sign match fail"}) as end:
        notifier = await quayside(database, end, "feishu", secret="${CHANNEL_HARBOUR_ROBOT}")
        dispatcher = notifier.dispatcher()
        await notifier.happens(opened(1, notifier.pack))
        await notifier.settle(dispatcher, 20 * 3600, step=900)
        assert {row["state"] for row in await notifier.rows()} == {"pending"}
        await notifier.settle(dispatcher, 16 * 3600, step=900)
    rows = await notifier.rows()
    assert {(row["state"], row["last_outcome"], row["last_status"]) for row in rows} == {("failed", "settings", 19021)}
    assert len(end.texts) < 50


async def test_a_variable_that_is_not_set_is_named_in_the_log_and_nothing_is_sent(database: Database) -> None:
    notifier = await channels(database, {}, units={"quayside": {"wecom": "${CHANNEL_HARBOUR_QUAY_ROBOT}"}})
    await notifier.happens(opened(1, notifier.pack))
    with capture_logs() as lines:
        await work(notifier.dispatcher())
    assert {"event": "channel.secret_unset", "variable": "CHANNEL_HARBOUR_QUAY_ROBOT", "log_level": "warning"} in lines
    assert {row["last_outcome"] for row in await notifier.rows()} == {"secret_unset"}


async def test_addresses_and_secrets_are_in_no_row_and_no_log(database: Database) -> None:
    with robot(lambda _: 500) as end:
        hidden = f"{end.url}?key=hidden-key"
        named = {"quayside": {"dingtalk": {"url": "${CHANNEL_HARBOUR_ROBOT}", "secret": "${CHANNEL_HARBOUR_SIGN}"}}}
        notifier = await channels(database, {"ROBOT": hidden, "SIGN": "hidden-sign"}, units=named)
        await notifier.happens(opened(1, notifier.pack))
        with capture_logs() as lines:
            await work(notifier.dispatcher())
        assert "key=hidden-key" in end.paths[0]
    for text in (str(await notifier.rows()), str(lines)):
        assert "hidden" not in text
        assert end.url not in text


async def test_an_alert_that_is_settled_before_it_is_sent_says_so(database: Database) -> None:
    with robot() as end:
        notifier = await channels(database, {"OWN": end.url}, people={"qs-walk": {"wecom": "${CHANNEL_HARBOUR_OWN}"}})
        event = opened(1, notifier.pack)
        await notifier.happens(event)
        await notifier.alerts.alerts.update_all({}, {"$set": {"state": "acked"}})
        await work(notifier.dispatcher())
    assert end.texts[0].splitlines()[-2] == "Acknowledged"


async def test_the_api_shows_how_far_each_channel_is(database: Database) -> None:
    with robot() as end:
        notifier = await quayside(database, end)
        await notifier.happens(opened(1, notifier.pack))
        alerts = await notifier.alerts.page({}, 10)
        before = await notifier.deliveries.views(alerts)
        await work(notifier.dispatcher())
        after = await notifier.deliveries.views(alerts)
    assert set(before) == set(after) == {alert.id for alert in alerts}
    for id_ in before:
        assert (before[id_][0].channel, before[id_][0].state) == ("wecom", "pending")
        assert msgspec.structs.replace(after[id_][0], id="") == ChannelDelivery(
            id="",
            channel="wecom",
            to="unit",
            state="delivered",
            attempts=1,
            made_at=NOW,
            next_at=after[id_][0].next_at,
            last_outcome="delivered",
            last_status=0,
            last_at=NOW,
        )
    assert await notifier.deliveries.views([]) == {}


@pytest.mark.parametrize("how", ["left", "over"])
async def test_what_waited_for_a_person_who_left_the_pack_is_not_told(database: Database, how: str) -> None:
    """B68: held by his own rules, or by a receiver that was away."""
    with robot() as end, robot() as desk:
        named: Any = {
            "units": {"quayside": {"wecom": "${CHANNEL_HARBOUR_GROUP}"}},
            "people": {"qs-walk": {"wecom": "${CHANNEL_HARBOUR_OWN}"}},
        }
        notifier = await channels(database, {"OWN": end.url, "GROUP": desk.url}, **named)
        await notifier.happens(opened(1, notifier.pack))
        files = harbour_with_channels(**named)
        posts: Any = yaml_text.parse(files["posts.yaml"])
        (walker,) = [person for person in posts["people"] if person["id"] == "qs-walk"]
        if how == "left":
            posts["people"].remove(walker)
        else:
            walker["valid_to"] = str(notifier.pack.day(NOW))
        files["posts.yaml"] = json.dumps(posts, ensure_ascii=False)
        await holds(notifier, files)
        await work(notifier.dispatcher())
    assert end.texts == []
    assert len(desk.texts) == 1
    assert {row["state"] for row in await notifier.rows(to="person")} == {"failed"}

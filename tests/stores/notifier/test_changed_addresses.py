"""What waited while the pack changed is sent to the telephone, mailbox or robot of today, once, and to no old one."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.city.model.channels import ChannelKind
from shared.runtime.http_client import client as http_client
from shared.runtime.storage.mongo import Database
from tests.kit.made_channels import DANGER, channels, holds, numbers, opened, work
from tests.kit.robots import Robot, robot
from tests.packs import harbour_with_channels

OLD, NEW = "13800000000", "13900000000"


@pytest.fixture(autouse=True)
async def clients() -> AsyncIterator[None]:
    yield
    await http_client.close_all()


def telephones(end: Robot, kind: str) -> list[str]:
    """The numbers that the gateway was given."""
    if kind == "sms":
        return [one["to"] for one in end.got]
    return [parse_qs(urlsplit(path).query)["CalledNumber"][0] for path in end.paths]


@pytest.mark.parametrize("kind", ["sms", "voice"])
async def test_a_text_message_and_a_call_go_to_the_number_of_today(database: Database, kind: ChannelKind) -> None:
    """The old number is somebody else's now, who is not told of it and not called."""
    cloud: Any = {"gateway": "aliyun", "key": "${CHANNEL_HARBOUR_KEY}", "secret": "${CHANNEL_HARBOUR_SECRET}"}
    with robot(lambda _: {"Code": "OK", "CallId": "call-1"}) as end:
        word = "${CHANNEL_HARBOUR_CALLBACK}"
        of_voice = {**cloud, "url": end.url.removesuffix("/robot"), "templates": {"call": "TTS_1"}, "callback": word}
        city: Any = {kind: {"url": end.url} if kind == "sms" else of_voice}
        environment = {"KEY": "AKexample", "SECRET": "secret", "CALLBACK": "a-word-of-the-harbour"}
        notifier = await channels(database, environment, city=city, people={"qs-desk": {kind: OLD}})
        await notifier.happens(opened(1, notifier.pack, DANGER))
        await holds(notifier, harbour_with_channels(city, people={"qs-desk": {kind: NEW}, "oh-desk": {kind: OLD}}))
        await notifier.settle(notifier.dispatcher(), 180, step=10)
    assert telephones(end, kind) == [NEW]
    (row,) = await notifier.rows()
    assert (row["state"], row["attempts"]) == ("delivered", 1)


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
async def test_a_group_and_a_person_are_told_by_the_robots_of_today(database: Database, kind: str) -> None:
    with robot() as old_group, robot() as old_own, robot() as group, robot() as own:
        ends = {"OLDGROUP": old_group, "OLDOWN": old_own, "GROUP": group, "OWN": own}

        def named(group: str, own: str) -> Any:
            return {
                "units": {"quayside": {kind: f"${{CHANNEL_HARBOUR_{group}}}"}},
                "people": {"qs-walk": {kind: f"${{CHANNEL_HARBOUR_{own}}}"}},
            }

        environment = {name: end.url for name, end in ends.items()}
        notifier = await channels(database, environment, **named("OLDGROUP", "OLDOWN"))
        await notifier.happens(opened(1, notifier.pack))
        await holds(notifier, harbour_with_channels(**named("GROUP", "OWN")))
        await notifier.settle(notifier.dispatcher(), 10)
    assert {name: [numbers(text) for text in end.texts] for name, end in ends.items()} == {
        "OLDGROUP": [],
        "OLDOWN": [],
        "GROUP": [[1]],
        "OWN": [[1]],
    }


async def test_a_number_that_is_corrected_while_it_fails_is_tried_at_once_with_all_attempts(database: Database) -> None:
    with robot(lambda _: 500) as wrong, robot() as right:
        environment = {"WRONG": wrong.url, "RIGHT": right.url}
        notifier = await channels(database, environment, people={"qs-walk": {"wecom": "${CHANNEL_HARBOUR_WRONG}"}})
        process = notifier.dispatcher()
        await notifier.happens(opened(1, notifier.pack))
        await notifier.settle(process, 30)
        tried = len(wrong.got)
        assert tried > 1
        await holds(notifier, harbour_with_channels(people={"qs-walk": {"wecom": "${CHANNEL_HARBOUR_RIGHT}"}}))
        await notifier.settle(process, 60, step=5)
    assert len(wrong.got) == tried
    assert [numbers(text) for text in right.texts] == [[1]]
    (row,) = await notifier.rows(to="person")
    assert (row["state"], row["attempts"]) == ("delivered", 1)


async def test_two_processes_that_meet_a_changed_address_send_once(database: Database) -> None:
    with robot() as old, robot() as new:
        environment = {"OLD": old.url, "NEW": new.url}
        notifier = await channels(database, environment, people={"qs-walk": {"wecom": "${CHANNEL_HARBOUR_OLD}"}})
        await notifier.happens(*(opened(number, notifier.pack) for number in range(5)))
        await holds(notifier, harbour_with_channels(people={"qs-walk": {"wecom": "${CHANNEL_HARBOUR_NEW}"}}))
        for process in (notifier.dispatcher(), notifier.dispatcher()):
            await process.start_due()
            await notifier.settle(process, 20)
    assert old.texts == []
    assert sorted(number for text in new.texts for number in numbers(text)) == list(range(5))


@pytest.mark.parametrize("to", ["units", "people"])
async def test_a_robot_that_the_pack_does_not_name_any_more_is_told_nothing(database: Database, to: str) -> None:
    """The alert is in the inbox; whoever reads the old robot's group is not to read of a case."""
    holder = {"units": "quayside", "people": "qs-walk"}[to]
    with robot() as end:
        named: Any = {to: {holder: {"wecom": "${CHANNEL_HARBOUR_ROBOT}"}}}
        notifier = await channels(database, {"ROBOT": end.url}, **named)
        await notifier.happens(opened(1, notifier.pack))
        notifier.clock.move_to(notifier.clock.now() + timedelta(minutes=1))
        await holds(notifier, harbour_with_channels())
        await work(notifier.dispatcher())
    assert end.texts == []
    assert {(row["state"], row["last_outcome"]) for row in await notifier.rows()} == {("failed", "unknown_receiver")}

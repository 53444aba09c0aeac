"""Calls about dangers that nobody signs for: once, at their time, whatever dies; and text messages by template."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, get_args
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from services.notifier.http.one_press_links import OnePressLinks
from services.notifier.http.short_links import ShortLinks
from services.router.domain import events as e
from services.router.domain.domain_event import DomainEvent
from shared.city.model.channels import TextTemplate
from shared.contracts.cases import CaseEvent
from shared.contracts.catalogue import decode, encode
from shared.contracts.envelope import Envelope
from shared.runtime.http_client import client as http_client
from shared.runtime.storage.mongo import Database
from tests.kit.made_channels import DANGER, Channels, Process, channels, opened, work
from tests.kit.made_reports import SECRET
from tests.kit.robots import Robot, robot

ACCOUNT = {"gateway": "aliyun", "key": "${CHANNEL_HARBOUR_KEY}", "secret": "${CHANNEL_HARBOUR_SECRET}"}
ENVIRONMENT = {"KEY": "AKexample", "SECRET": "secret", "PHONE": "13800000000", "CALLBACK": "a-word-of-the-harbour"}


@pytest.fixture(autouse=True)
async def clients() -> AsyncIterator[None]:
    yield
    await http_client.close_all()


def cloud() -> Any:
    """A cloud that takes everything, each call with an id of its own."""
    calls = iter(range(1000))
    return robot(lambda _: {"Code": "OK", "CallId": f"call-{next(calls)}"})


async def desk(database: Database, end: Robot, kind: str = "voice", **more: Any) -> Channels:
    """The quayside's desk has a telephone that is called."""
    templates = {"call": "TTS_1"} if kind == "voice" else dict.fromkeys(get_args(TextTemplate), "SMS_1")
    own = {"callback": "${CHANNEL_HARBOUR_CALLBACK}"} if kind == "voice" else {"signature": "Harbour"}
    settings = {**ACCOUNT, "url": end.url.removesuffix("/robot"), "templates": templates, **own, **more}
    people = {"qs-desk": {kind: "${CHANNEL_HARBOUR_PHONE}"}}
    return await channels(database, ENVIRONMENT, city={kind: settings}, people=people)


def later(event: Envelope, type_: type[DomainEvent], by: str) -> Envelope:
    """What somebody did to the case of ``event`` a minute later, as the router tells it."""
    state = decode(event, CaseEvent).case
    told = msgspec.structs.replace(state, version=state.version + 1, state="acknowledged")
    return msgspec.structs.replace(
        event,
        id=f"{state.id}.{told.version}.0",
        type=type_.TYPE,
        sequence=told.version,
        time=event.time + timedelta(minutes=1),
        data=encode(CaseEvent(case=told, by=by)),
    )


def called(end: Robot) -> list[dict[str, str]]:
    """The values that were read out in each call."""
    return [json.loads(parse_qs(urlsplit(path).query)["TtsParam"][0]) for path in end.paths]


async def states(notifier: Channels) -> list[str]:
    return sorted(row["state"] for row in await notifier.rows())


async def test_a_danger_that_nobody_signs_for_is_called_about_after_two_minutes_and_once(database: Database) -> None:
    with cloud() as end:
        notifier = await desk(database, end)
        await notifier.happens(opened(1, notifier.pack, DANGER), opened(2, notifier.pack, "the lamp is dark"))
        process = notifier.dispatcher()
        await notifier.settle(process, 119)
        assert end.paths == []
        assert await states(notifier) == ["held"]
        await notifier.settle(process, 600, step=10)
    assert called(end) == [{"unit": "Quayside", "category": called(end)[0]["category"]}]
    (row,) = await notifier.rows()
    assert (row["state"], row["attempts"], row["call"]) == ("delivered", 1, "call-0")
    assert (await notifier.deliveries.of_call("harbour", "call-0")) is not None
    assert (await notifier.deliveries.of_call("another", "call-0")) is None


async def test_the_time_of_a_call_outlives_a_process_and_two_call_once(database: Database) -> None:
    """What a kill -9 leaves is the document: its time is there, and whoever lives finds it."""
    with cloud() as end:
        notifier = await desk(database, end)
        await notifier.happens(opened(1, notifier.pack, DANGER))
        await notifier.settle(notifier.dispatcher(), 60)
        notifier.forward(61)
        others: list[Process] = [notifier.dispatcher(), notifier.dispatcher()]
        await asyncio.gather(*(notifier.held.release_due() for _ in range(3)))
        await asyncio.gather(*(work(process) for process in others))
        await notifier.settle(others[0], 120, step=5)
    assert len(called(end)) == 1


async def test_nobody_is_called_once_somebody_has_signed_or_the_case_has_ended(database: Database) -> None:
    with cloud() as end:
        notifier = await desk(database, end)
        danger = opened(1, notifier.pack, DANGER)
        await notifier.happens(danger)
        await notifier.settle(notifier.dispatcher(), 60, step=10)
        await notifier.happens(later(danger, e.Acknowledged, "qs-walk"))
        await notifier.settle(notifier.dispatcher(), 300, step=10)
    assert end.paths == []
    assert [(row["state"], row["last_outcome"]) for row in await notifier.rows()] == [("dropped", "settled")]


async def test_of_two_dangers_the_second_call_waits_a_minute_and_is_spared_once_signed(database: Database) -> None:
    with cloud() as end:
        notifier = await desk(database, end)
        first, second = opened(1, notifier.pack, DANGER), opened(2, notifier.pack, DANGER)
        await notifier.happens(first, second)
        process = notifier.dispatcher()
        await notifier.settle(process, 125)
        assert len(called(end)) == 1, "never two cases in one call, nor two calls in a minute"
        waits = next(row for row in await notifier.rows() if row["state"] == "pending")
        signed = first if decode(first, CaseEvent).case.id == waits["case"] else second
        await notifier.happens(later(signed, e.Acknowledged, "qs-walk"))
        await notifier.settle(process, 180, step=5)
    assert len(called(end)) == 1
    assert sorted((row["state"], row["last_outcome"]) for row in await notifier.rows()) == [
        ("delivered", "delivered"),
        ("ended", "settled"),
    ]


async def test_a_pack_may_wait_longer_and_a_call_breaks_quiet_hours(database: Database) -> None:
    with cloud() as end:
        notifier = await desk(database, end, after="PT5M")
        await notifier.wishes("qs-desk", quiet=[{"from": "00:00", "to": "23:59"}])
        await notifier.happens(opened(1, notifier.pack, DANGER))
        process = notifier.dispatcher()
        await notifier.settle(process, 290, step=10)
        assert end.paths == []
        await notifier.settle(process, 30, step=5)
    assert len(called(end)) == 1


async def test_a_text_message_is_a_template_whose_code_leads_to_the_persons_link(database: Database) -> None:
    with cloud() as end:
        notifier = await desk(database, end, kind="sms")
        await notifier.happens(opened(1, notifier.pack, DANGER))
        await work(notifier.dispatcher())
    (path,) = end.paths
    values = json.loads(parse_qs(urlsplit(path).query)["TemplateParam"][0])
    assert set(values) == {"unit", "category", "code"}
    assert re.fullmatch(r"[A-Za-z0-9]{12}", values["code"])
    assert DANGER not in path
    (alert,) = await notifier.alerts.page({"recipient": "qs-desk"}, 10)
    short = ShortLinks(SECRET, database, notifier.alerts, OnePressLinks.__new__(OnePressLinks))
    row = await short.rows.find_one({"_id": values["code"]})
    assert row is not None
    assert (row["city"], row["alert"]) == ("harbour", alert.id)
    assert short.code_of(alert) == values["code"]


async def test_many_text_messages_become_one_that_says_how_many(database: Database) -> None:
    with cloud() as end:
        notifier = await desk(database, end, kind="sms")
        await notifier.happens(*(opened(number, notifier.pack) for number in range(12)))
        await notifier.settle(notifier.dispatcher(), 120, step=5)
    asked = [parse_qs(urlsplit(path).query)["TemplateParam"][0] for path in end.paths]
    counts = [int(json.loads(one).get("count", "1")) for one in asked]
    assert sum(counts) == 12
    assert len(counts) < 12
    assert await states(notifier) == ["delivered"] * 12

"""Promises about a danger that nobody presses: a text message with a short link, a call, and a key that signs."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from shared.city.model.channels import TextTemplate
from tests.kit.cases_on_stack import on_post_a, opened
from tests.kit.robots import Robot, robot
from tests.kit.stack import RunningStack, running_stack, until
from tests.packs import harbour_with_channels

DANGER = "burst pipe, the street is a flood"
WORD = "a-word-that-only-the-gateway-knows"
ACCOUNT = {"gateway": "aliyun", "key": "${CHANNEL_HARBOUR_KEY}", "secret": "${CHANNEL_HARBOUR_SECRET}"}


@pytest.fixture(scope="module")
def cloud() -> Iterator[Robot]:
    with robot() as made:
        made.answer = lambda _: {"Code": "OK", "CallId": f"call-{len(made.paths)}"}
        yield made


BEGINS = "2026-03-03T10:00:00+01:00"
"""A Tuesday morning: the quayside's own desk is on."""


@pytest.fixture(scope="module")
def told(cloud: Robot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack whose quayside desks have a telephone, through a cloud of ours; on a working day, when they are on."""
    pack: Path = tmp_path_factory.mktemp("pack")
    account = {**ACCOUNT, "url": cloud.url.removesuffix("/robot")}
    voice = {**account, "templates": {"call": "TTS_1"}, "callback": "${CHANNEL_HARBOUR_CALLBACK}"}
    texts = {**account, "signature": "Harbour", "templates": dict.fromkeys(get_args(TextTemplate), "SMS_1")}
    phone = "${CHANNEL_HARBOUR_PHONE}"
    files = harbour_with_channels(
        city={"voice": voice, "sms": texts},
        people={who: {"voice": phone, "sms": phone} for who in ("qs-desk", "qs-night")},
    )
    for name, text in files.items():
        (pack / name).write_text(text, encoding="utf-8")
    environment = {
        "CHANNEL_HARBOUR_KEY": "AKexample",
        "CHANNEL_HARBOUR_SECRET": "secret",
        "CHANNEL_HARBOUR_PHONE": "13800000000",
        "CHANNEL_HARBOUR_CALLBACK": WORD,
    }
    with running_stack(tmp_path_factory.mktemp("called"), [pack], at=BEGINS, **environment) as stack:
        yield stack


def asked(cloud: Robot, variable: str) -> list[dict[str, str]]:
    """The values of the templates in ``variable``: of text messages or of calls."""
    queries = [parse_qs(urlsplit(path).query) for path in cloud.paths]
    return [json.loads(query[variable][0]) for query in queries if variable in query]


def test_a_danger_is_texted_called_about_and_signed_by_a_key(told: RunningStack, cloud: Robot) -> None:
    _, case = opened(told, DANGER)
    until(lambda: asked(cloud, "TemplateParam"), what="the text message")
    code = asked(cloud, "TemplateParam")[-1]["code"]
    answer = httpx.get(f"{told.urls['notifier']}/s/{code}")
    assert answer.status_code == 303
    assert httpx.get(answer.headers["location"]).status_code == 200, "looking changes nothing"
    assert asked(cloud, "TtsParam") == []
    told.forward("PT2M1S")
    until(lambda: asked(cloud, "TtsParam"), what="the call")
    desk = on_post_a(told, case)
    assert desk.get("router", f"/v1/cases/{case}").json()["state"] == "queued"
    number = 1 + max(n for n, path in enumerate(cloud.paths) if "TtsParam" in path)
    pressed: Any = [{"call_id": f"call-{number}", "dtmf": "1"}]

    def signed() -> bool:
        posted = httpx.post(f"{told.urls['notifier']}/k/{WORD}", json=pressed)
        assert posted.json()["code"] == 0
        return bool(desk.get("router", f"/v1/cases/{case}").json()["state"] == "acknowledged")

    until(signed, what="the signature")
    history = desk.get("router", f"/v1/cases/{case}/history").json()["items"]
    assert [line["by"] for line in history if line["what"] == "case.acknowledged"] == [desk.id]


def test_a_key_in_a_call_that_was_not_made_signs_nothing(told: RunningStack) -> None:
    _, case = opened(told)
    url = told.urls["notifier"]
    assert httpx.post(f"{url}/k/{WORD}x", json=[]).status_code == 404
    assert httpx.post(f"{url}/k/{WORD}", json=[{"call_id": "made-up", "dtmf": "1"}]).status_code == 200
    assert told.person("qs-desk").get("router", f"/v1/cases/{case}").json()["state"] == "queued"


def test_the_call_comes_once_though_the_notifier_is_killed_before_and_after(told: RunningStack, cloud: Robot) -> None:
    _, case = opened(told, DANGER)
    until(lambda: state_of(told, case, "voice") == "held", what="the call on record")
    before = len(asked(cloud, "TtsParam"))
    pid = killed(told)
    told.forward("PT2M1S")
    until(
        lambda: len(asked(cloud, "TtsParam")) > before,
        within=120,
        what="the call, once the lease of the killed has ended",
    )
    back(told, pid)
    until(lambda: state_of(told, case, "voice") == "delivered", what="its outcome on record")
    back(told, killed(told))
    told.forward("PT5M")
    _, other = opened(told)
    until(lambda: state_of(told, other, "sms") == "delivered", what="the text message of another alert")
    assert len(asked(cloud, "TtsParam")) == before + 1


def killed(stack: RunningStack) -> int:
    """The process of the notifier, which is no more."""
    pid = stack.pid("notifier")
    os.kill(pid, signal.SIGKILL)
    return pid


def back(stack: RunningStack, pid: int) -> None:
    until(lambda: stack.pid("notifier") not in (0, pid) and stack.ready(), within=60, what="the notifier back")


def state_of(stack: RunningStack, case: str, channel: str) -> str | None:
    """How far the message of the case's newest alert is, over one of the desk's channels."""
    items = stack.ops.get("notifier", "/v1/alerts", case=case, city="harbour").json()["items"]
    states = [each["state"] for item in items for each in item["channels"] if each["channel"] == channel]
    return states[0] if states else None

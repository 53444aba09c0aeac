"""A day, a night and a morning at the quayside: delays, quiet hours, a night shift over midnight, leave, nobody on."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.kit.places import QUAY
from tests.kit.robots import Robot, robot
from tests.kit.stack import RunningStack, running_stack, until
from tests.packs import harbour_with_channels

pytestmark = pytest.mark.timeout(240)
ZONE = ZoneInfo("Europe/Amsterdam")


@pytest.fixture(scope="module")
def phone() -> Iterator[Robot]:
    with robot(lambda _: 202) as made:
        yield made


@pytest.fixture(scope="module")
def quay(phone: Robot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack of its own, whose walker at the quayside has a telephone."""
    pack: Path = tmp_path_factory.mktemp("pack")
    channels: Any = {
        "city": {"sms": {"url": phone.url, "per_minute": 100, "length": 1000}},
        "people": {"qs-walk": {"sms": "${CHANNEL_HARBOUR_WALKER_PHONE}"}},
    }
    for name, text in harbour_with_channels(**channels).items():
        (pack / name).write_text(text, encoding="utf-8")
    with running_stack(tmp_path_factory.mktemp("quay"), [pack], CHANNEL_HARBOUR_WALKER_PHONE="+31600000000") as stack:
        yield stack


def reported(stack: RunningStack, words: str) -> str:
    rider = stack.rider()
    answer = rider.report(words, QUAY)
    return str(stack.case_of(answer.json()["id"], rider)["case"]["id"])


def told(stack: RunningStack, case: str, *people: str) -> dict[str, dict[str, Any]]:
    """The first alert of each of ``people`` about a case, once they have one."""

    def look() -> dict[str, dict[str, Any]] | None:
        items = stack.ops.get("notifier", "/v1/alerts", case=case, city="harbour").json()["items"]
        found = {item["recipient"]: item for item in reversed(items) if item["event_type"] == "case.opened.v1"}
        return found if set(people) <= set(found) else None

    return until(look, what=f"alerts for {people}")


def on_phone(phone: Robot, words: str) -> bool:
    return any(words in str(one["text"]) for one in phone.got)


def channel(stack: RunningStack, case: str) -> str:
    """How far the text message about a case is, once there is one: it is stored after its alert."""
    (one,) = until(lambda: told(stack, case, "qs-walk")["qs-walk"]["channels"], what="the text message")
    return str(one["state"])


def test_a_day_and_a_night_at_the_quayside(quay: RunningStack, phone: Robot) -> None:
    desk, walker, town = quay.person("qs-desk"), quay.person("qs-walk"), quay.person("oh-desk")
    today = quay.now(ZONE).replace(hour=10, minute=0, second=0, microsecond=0)
    monday = today + timedelta(days=8 - today.isoweekday())
    quay.forward_to(monday)
    rules = {"channels": [{"channel": "sms", "after": "PT5M"}], "quiet": [{"from": "22:00", "to": "07:00"}]}
    headers = {"authorization": f"Bearer {walker.token}"}
    path = quay.urls["notifier"] + "/v1/me/alert-rules"
    assert quay.http.put(path, json=rules, headers=headers).status_code == 200

    # By day the desk and the walker are told at once; the text message waits five minutes, and what is claimed by then
    # is never sent.
    taken, left = reported(quay, "lamp one is dark"), reported(quay, "lamp two is dark")
    assert {id_: a["kind"] for id_, a in told(quay, taken, "qs-desk", "qs-walk").items()} == {
        "qs-desk": "new",
        "qs-walk": "new",
    }
    assert channel(quay, left) == "held"
    assert desk.command(taken, "claim").status_code == 200
    until(lambda: told(quay, taken, "qs-walk")["qs-walk"]["state"] == "acked", what="the alert acked")
    quay.forward_to(monday + timedelta(minutes=6))
    until(lambda: on_phone(phone, "lamp two"), what="the text message")
    until(lambda: channel(quay, taken) == "dropped", what="the delivery dropped")
    assert not on_phone(phone, "lamp one")

    # In the evening the telephone is quiet; danger breaks it, and waits for no delay either.
    quay.forward_to(monday.replace(hour=23, minute=30))
    quiet, danger = reported(quay, "lamp three is dark"), reported(quay, "burst pipe four, the street is a flood")
    until(lambda: on_phone(phone, "pipe four"), what="the text message about danger")
    assert set(told(quay, quiet, "qs-night", "qs-walk")) == set(told(quay, danger, "qs-night", "qs-walk"))
    assert channel(quay, quiet) == "held"

    # After midnight it is still the same night shift; then its officer goes home ill, and nobody is on.
    tuesday = monday + timedelta(days=1)
    quay.forward_to(tuesday.replace(hour=1))
    told(quay, reported(quay, "lamp five is dark"), "qs-night")
    leave = {"person": "qs-night", "from": quay.now(ZONE).isoformat(), "until": tuesday.replace(hour=20).isoformat()}
    made = town.post_to("router", "/v1/rota/leave", {**leave, "reason": "ill"})
    assert made.status_code == 201, made.text
    assert [(gap["unit"], gap["post"]) for gap in made.json()["unstaffed"]][:1] == [("quayside", "A")]
    quay.forward("PT3M")
    alarm = told(quay, reported(quay, "lamp six is dark"), "oh-desk", "qs-walk")
    assert "qs-night" not in alarm
    assert alarm["oh-desk"]["kind"] == "unstaffed"
    assert "nobody is on post A at Quayside" in alarm["oh-desk"]["text"]
    shown = town.get("router", "/v1/units/quayside/on-duty").json()["posts"]
    assert [(post["post"], post["nobody"]) for post in shown] == [("A", True), ("B", False)]

    # What was is what it was; in the morning the day's desk is there, and the night's messages arrive.
    then = town.get("router", "/v1/units/quayside/on-duty", at=tuesday.replace(hour=1).isoformat()).json()["posts"]
    assert [one["id"] for one in then[0]["people"]] == ["qs-night"]
    quay.forward_to(tuesday.replace(hour=8, minute=30))
    morning = told(quay, reported(quay, "lamp seven is dark"), "qs-desk")
    assert morning["qs-desk"]["kind"] == "new"
    until(lambda: on_phone(phone, "lamp three"), what="the message that was held over the quiet hours")

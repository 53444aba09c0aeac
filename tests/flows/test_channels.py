"""Promises to officers who have no page open: told in the group and by telephone, with a link that is pressed once."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.kit.cases_on_stack import opened
from tests.kit.data_folder import readable_files
from tests.kit.robots import Robot, robot
from tests.kit.stack import RunningStack, running_stack, until
from tests.packs import harbour_with_channels

KEY = "b7e4c2a9-hidden-robot-key"
SIGN = "SEC5d3f-hidden-signing-secret"


@pytest.fixture(scope="module")
def group() -> Iterator[Robot]:
    with robot() as made:
        yield made


@pytest.fixture(scope="module")
def phone() -> Iterator[Robot]:
    with robot(lambda _: 202) as made:
        yield made


@pytest.fixture(scope="module")
def told(group: Robot, phone: Robot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """A stack whose quayside has a DingTalk group, and whose walker has a telephone."""
    pack: Path = tmp_path_factory.mktemp("pack")
    channels: Any = {
        "city": {"sms": {"url": phone.url}},
        "units": {
            "quayside": {"dingtalk": {"url": "${CHANNEL_HARBOUR_QUAY_ROBOT}", "secret": "${CHANNEL_HARBOUR_QUAY_SIGN}"}}
        },
        "people": {"qs-walk": {"sms": "${CHANNEL_HARBOUR_WALKER_PHONE}"}},
    }
    for name, text in harbour_with_channels(**channels).items():
        (pack / name).write_text(text, encoding="utf-8")
    environment = {
        "CHANNEL_HARBOUR_QUAY_ROBOT": f"{group.url}?access_token={KEY}",
        "CHANNEL_HARBOUR_QUAY_SIGN": SIGN,
        "CHANNEL_HARBOUR_WALKER_PHONE": "+31600000000",
    }
    with running_stack(tmp_path_factory.mktemp("told"), [pack], **environment) as stack:
        yield stack


def channels_of(stack: RunningStack, case: str) -> list[dict[str, Any]]:
    items = stack.ops.get("notifier", "/v1/alerts", case=case, city="harbour").json()["items"]
    return [channel for item in items for channel in item["channels"]]


def delivered(stack: RunningStack, case: str) -> list[dict[str, Any]] | None:
    found = channels_of(stack, case)
    return found if found and all(channel["state"] == "delivered" for channel in found) else None


def test_the_group_and_the_telephone_are_told_and_one_press_claims(
    told: RunningStack, group: Robot, phone: Robot
) -> None:
    before = len(group.got), len(phone.got)
    _, case = opened(told)
    shown = until(lambda: delivered(told, case), what="every channel's delivery")
    assert sorted((channel["channel"], channel["to"]) for channel in shown) == [
        ("dingtalk", "unit"),
        ("dingtalk", "unit"),
        ("sms", "person"),
    ]
    assert (len(group.got), len(phone.got)) == (before[0] + 1, before[1] + 1), "one message for two people of the desk"
    assert "access_token" in group.paths[-1]
    assert "sign=" in group.paths[-1]
    message = phone.got[-1]
    assert message["to"] == "+31600000000"
    link = re.search(r"(?m)Claim: (\S+)$", message["text"])
    assert link is not None
    assert httpx.post(link[1]).status_code == 200
    assert told.person("qs-walk").get("router", f"/v1/cases/{case}").json()["state"] == "claimed"


def test_what_failed_can_be_sent_again_by_ops_and_by_nobody_else(told: RunningStack, phone: Robot) -> None:
    phone.answer = lambda _: 500
    _, case = opened(told)

    def failing() -> str | None:
        found = [channel for channel in channels_of(told, case) if channel["channel"] == "sms"]
        return found[0]["id"] if found and found[0].get("last_status") == 500 else None

    id_ = until(failing, what="a failed attempt on record")
    phone.answer = lambda _: 202
    for caller in (told.rider(), told.person("qs-walk")):
        assert caller.post_to("notifier", f"/v1/deliveries/{id_}/retry").status_code in (403, 404)
    assert told.ops.post_to("notifier", f"/v1/deliveries/{id_}/retry").json() == {"id": id_, "status": "pending"}
    until(lambda: delivered(told, case), what="the delivery after all")


def test_addresses_and_signing_secrets_are_in_no_file_and_no_answer(told: RunningStack) -> None:
    report, case = opened(told)
    until(lambda: delivered(told, case), what="every channel's delivery")
    secrets = (KEY, SIGN, "+31600000000")
    for path in readable_files(told.data):
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue  # a server removed it meanwhile
        assert not [secret for secret in secrets if secret.encode() in content], path
    for service in told.services:
        for asked in (f"/v1/trace/{report}", f"/v1/trace/{case}", "/v1/dead-letters", "/metrics"):
            answer = told.ops.get(service, asked).text
            assert not [secret for secret in secrets if secret in answer], asked
    assert KEY not in str(channels_of(told, case))

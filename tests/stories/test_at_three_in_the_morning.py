"""Sheyang at three in the morning: a lamp on the stairs wakes nobody and is nobody else's at twenty past; a hole in the
road rings at once. At eight the lamp rings for whoever has come to the desk."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.city.reading import read_folder
from tests.kit.robots import Robot, robot
from tests.kit.stack import SHEYANG, RunningStack, running_stack, until

pytestmark = pytest.mark.timeout(240)
ZONE = ZoneInfo("Asia/Shanghai")
THREE = datetime(2026, 6, 11, 3, 0, tzinfo=ZONE)
NOTICE = "演示系统，上报不会送达任何部门；紧急请拨119/110/120"
LAMP, HOLE = "福满里3号楼楼道灯不亮，老人上下楼看不见", "福满里5号楼门口窨井盖没了，差点掉进去"
FLAT: dict[str, Any] = {"address": "福满里3号楼"}
DAY, NIGHT = "+8613800000001", "+8613800000002"


@pytest.fixture(scope="module")
def phones() -> Iterator[Robot]:
    with robot(lambda _: 202) as made:
        yield made


@pytest.fixture(scope="module")
def town(phones: Robot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Sheyang, where one of the two officers of a community has the day, the other the night, and both telephones."""
    files = read_folder(SHEYANG)
    files["city.yaml"] += f"channels: {{sms: {{url: {phones.url}, per_minute: 100, length: 1000}}}}\n"
    for officer, phone, hours in (("duty1", "DAY", "08:00-20:00"), ("duty2", "NIGHT", "20:00-08:00")):
        written = f"{{id: jiaotonglu.{officer}, "
        assert written in files["posts.yaml"]
        own = f'{written}channels: {{sms: "${{CHANNEL_SHEYANG_{phone}}}"}}, shifts: [{{hours: "{hours}"}}], '
        files["posts.yaml"] = files["posts.yaml"].replace(written, own)
    pack = tmp_path_factory.mktemp("pack")
    for name, text in files.items():
        (pack / name).write_text(text, encoding="utf-8")
    numbers = {"CHANNEL_SHEYANG_DAY": DAY, "CHANNEL_SHEYANG_NIGHT": NIGHT}
    data = tmp_path_factory.mktemp("night")
    with running_stack(data, [pack], at=THREE.isoformat(), **numbers) as stack:
        yield stack


def on_phone(phones: Robot, number: str, words: str) -> bool:
    return any(one["to"] == number and words in str(one["text"]) for one in phones.got)


def in_queue(stack: RunningStack, case: str) -> bool:
    return case in [row["id"] for row in stack.person("jiaotonglu.duty2", "sheyang").queue("jiaotonglu")]


def test_a_lamp_at_three_wakes_nobody_and_a_hole_in_the_road_does(town: RunningStack, phones: Robot) -> None:
    rider = town.rider("sheyang")
    receipt = rider.report(LAMP, FLAT).json()
    assert receipt["notice"] == NOTICE
    lamp = town.case_of(receipt["id"], rider)
    case = lamp["case"]["id"]
    # What the rider reads is true: nobody answers at ten past three.
    assert lamp["message"] == "收到！已派给【交通路社区】，今天8:10前响应"
    assert lamp["notice"] == NOTICE
    assert in_queue(town, case)

    # The hole is a danger: the telephone of the night rings, and not that of the day.
    hole = town.case_of(rider.report(HOLE, FLAT).json()["id"], rider)
    assert hole["message"] == "收到！已派给【交通路社区】，5分钟内响应"
    until(lambda: on_phone(phones, NIGHT, "窨井盖没了"), what="the danger on the night's telephone")
    assert not on_phone(phones, DAY, "窨井盖没了")

    def told() -> dict[str, dict[str, Any]]:
        items = town.ops.get("notifier", "/v1/alerts", case=case, city="sheyang").json()["items"]
        return {item["recipient"]: item for item in items}

    alert = until(lambda: told().get("jiaotonglu.duty1"), what="the lamp in the inbox of the day's officer")
    assert datetime.fromisoformat(alert["rings_at"]) == THREE.replace(hour=8)
    until(lambda: [one["state"] for one in told()["jiaotonglu.duty1"]["channels"]] == ["held"], what="its message held")
    assert "jiaotonglu.duty2" not in told()

    # At twenty past three, and at half past, the lamp is where it was; the hole that nobody signed for is the town's.
    town.forward_to(THREE + timedelta(minutes=31))
    until(
        lambda: rider.get("intake", f"/v1/reports/{hole['id']}").json()["unit"]["id"] == "hede", what="the hole moved"
    )
    assert in_queue(town, case)
    seen = rider.get("intake", f"/v1/reports/{lamp['id']}").json()
    assert seen["unit"]["id"] == "jiaotonglu"
    assert [clock["state"] for clock in seen["case"]["clocks"]] == ["running", "running"]
    assert not any("楼道灯" in str(one["text"]) for one in phones.got)

    # In the morning it rings for whoever has come, and nobody takes it away at half past eight either.
    town.forward_to(THREE.replace(hour=8, minute=1))
    until(lambda: on_phone(phones, DAY, "楼道灯不亮"), what="the lamp on the day's telephone")
    assert all(str(one["text"]).endswith(NOTICE) for one in phones.got)
    town.forward_to(THREE.replace(hour=9))
    supervised = until(
        lambda: next(
            (
                row
                for row in town.person("jiaotonglu.duty1", "sheyang").queue("jiaotonglu")
                if row["id"] == case and row.get("supervised_by")
            ),
            None,
        ),
        what="the town supervises",
    )
    assert supervised["supervised_by"] == "hede"
    assert not on_phone(phones, NIGHT, "楼道灯不亮")


def test_the_demonstration_ends_only_when_that_is_said(town: RunningStack) -> None:
    (city,) = town.ops.get("router", "/v1/cities").json()["items"]
    assert city["demonstration"] is True
    files = read_folder(SHEYANG)
    files["city.yaml"] = files["city.yaml"].replace("demonstration: true", "demonstration: false")
    for said in ({}, {"ends_demonstration": "harbour"}):
        refused = town.ops.post_to("router", "/v1/cities", {"files": files, **said})
        assert refused.status_code == 409
        assert refused.json()["type"] == "urn:whistle:problem:demonstration-ends"
        assert "demonstration: true" in refused.json()["detail"], "and what to do"
    (city,) = town.ops.get("router", "/v1/cities").json()["items"]
    assert city["demonstration"] is True

    loaded = town.ops.post_to("router", "/v1/cities", {"files": files, "ends_demonstration": "sheyang"})
    assert loaded.status_code == 200, loaded.text
    rider = town.rider("sheyang")
    until(
        lambda: rider.get("intake", "/v1/categories").json()["notice"] is None,
        what="the app shows no notice any more",
    )
    assert rider.report(LAMP, FLAT).json()["notice"] is None

"""Confidential clues: past the levels to the named handlers, words for them alone, every look on the record."""

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.kit.everywhere import places_with
from tests.kit.photo_files import phone_photo
from tests.kit.refusals import problem
from tests.kit.stack import Person, RunningStack, until

WORDS = "有人假装燃气公司上门收检测费，穿灰雨衣"
QUESTION = "那辆车是什么牌照？"
ADDED = "灰雨衣又来了，开的白色面包车"
PLACE = {"lon": 120.2641, "lat": 33.7712, "crs": "wgs84", "address": "建华园12号楼三单元"}
SECRETS = ("灰雨衣", "检测费", "三单元", "120.2641", "33.7712", "13812348888", "钱大娘", "whistleblower-7", "什么牌照")


class Clue:
    """A clue of a rider's, its case, and who has to do with it."""

    def __init__(self, stack: RunningStack) -> None:
        self.stack, self.rider = stack, stack.rider("sheyang")
        until(lambda: self.rider.get("intake", "/v1/categories").status_code == 200, what="the pack at intake")
        self.photo = self.rider.send_photo(phone_photo("blue")).json()["id"]
        reporter = {"ref": "whistleblower-7", "name": "钱大娘", "phone": "13812348888", "confidential": True}
        sent = self.rider.report(WORDS, PLACE, kind="clue", reporter=reporter, photos=[self.photo])
        assert sent.status_code == 202, sent.text
        self.report = sent.json()["id"]
        self.seen = stack.case_of(self.report, self.rider)
        self.case = self.seen["case"]["id"]

        def somebody(id_: str) -> Person:
            return stack.person(id_, "sheyang")

        self.handler, self.colleague = somebody("police.desk"), somebody("police.field")
        self.above, self.beside = somebody("sheyang.duty1"), somebody("jiaotonglu.duty1")


@pytest.fixture(scope="module")
def clue(stack: RunningStack) -> Clue:
    return Clue(stack)


def queue(who: Person, **query: Any) -> list[str]:
    answer = who.get("router", "/v1/queues/police/cases", limit=200, **query)
    return [row["id"] for row in answer.json()["items"]] if answer.status_code == 200 else []


def test_it_is_at_the_department_and_nobody_above_or_beside_learns_that_it_exists(clue: Clue) -> None:
    assert clue.handler.get("router", f"/v1/cases/{clue.case}").json()["unit"] == "police"
    assert clue.case in queue(clue.handler)
    assert clue.case in queue(clue.colleague)
    for other in (clue.above, clue.beside):
        assert other.get("router", f"/v1/cases/{clue.case}").status_code == 404
        assert clue.case not in queue(other)
        assert other.get("intake", f"/v1/photos/{clue.photo}").status_code == 404
        assert problem(other.command(clue.case, "unseal"), 404)
    county = clue.above.get("router", "/v1/queues/sheyang/cases", subtree=True, limit=200).json()["items"]
    assert clue.case not in [row["id"] for row in county]


def test_the_handler_reads_the_words_on_the_record_and_a_colleague_does_not(clue: Clue) -> None:
    answer = clue.handler.command(clue.case, "unseal", key="unseal-once")
    assert answer.status_code == 200, answer.text
    sealed = answer.json()["sealed"]
    assert (sealed["description"], sealed["location"]["address"]) == (WORDS, PLACE["address"])
    assert sealed["photos"] == [clue.photo]
    again = clue.handler.command(clue.case, "unseal", key="unseal-once")
    assert again.json()["sealed"] == sealed
    history = clue.colleague.get("router", f"/v1/cases/{clue.case}/history").json()["items"]
    assert [entry["by"] for entry in history if entry["what"] == "case.unsealed"] == ["police.desk"]
    assert problem(clue.colleague.command(clue.case, "unseal"), 403)
    assert problem(clue.colleague.command(clue.case, "unmask", {"report": clue.report, "reason": "curious"}), 403)
    until(lambda: clue.handler.get("intake", f"/v1/photos/{clue.photo}").status_code == 200, what="the photo")
    assert clue.handler.get("intake", f"/v1/photos/{clue.photo}").headers["cache-control"] == "no-store"
    assert clue.colleague.get("intake", f"/v1/photos/{clue.photo}").status_code == 404
    assert clue.stack.ops.get("intake", f"/v1/photos/{clue.photo}").status_code == 404, "operations are no handlers"


def test_what_the_reporter_adds_and_the_handler_notes_is_for_the_handler_alone(clue: Clue) -> None:
    added = clue.rider.post_to("intake", f"/v1/reports/{clue.report}/additions", {"text": ADDED})
    assert added.status_code == 200, added.text
    until(lambda: "上报人补充" in clue.handler.get("router", f"/v1/cases/{clue.case}").text, what="the addition")
    assert clue.handler.command(clue.case, "unseal").json()["sealed"]["added"][0]["text"] == ADDED
    assert clue.handler.command(clue.case, "note", {"text": "盯梢安排好了"}).status_code == 200
    for path in (f"/v1/cases/{clue.case}", f"/v1/cases/{clue.case}/history"):
        assert "盯梢安排好了" in clue.handler.get("router", path).text
        assert "盯梢安排好了" not in clue.colleague.get("router", path).text


def test_a_confidential_report_shows_no_reporter_and_unmasking_needs_a_reason(clue: Clue) -> None:
    shown = clue.handler.get("router", f"/v1/cases/{clue.case}/reports").json()["items"]
    assert [set(item) for item in shown] == [{"id", "received_at"}]
    assert problem(clue.handler.command(clue.case, "unmask", {"report": clue.report}), 422)
    answer = clue.handler.command(clue.case, "unmask", {"report": clue.report, "reason": "需当面核实"})
    assert answer.json()["reporter"]["phone"] == "13812348888"
    last = clue.handler.get("router", f"/v1/cases/{clue.case}").json()["history"][-1]
    assert (last["what"], last["by"], last["text"]) == ("case.unmasked", "police.desk", "需当面核实")


def test_the_reporter_alone_reads_what_the_handler_asks(clue: Clue) -> None:
    asked = clue.stack.rider("sheyang").post_to(
        "router", "/v1/rider-sessions", {"reporter": {"ref": "whistleblower-7"}}
    )
    opening = f"{clue.stack.urls['router']}/v1/rider-sessions/{asked.json()['url'].rpartition('/')[2]}:open"
    reporter = clue.stack.rider("sheyang")
    reporter.token = httpx.post(opening).json()["token"]
    assert clue.handler.command(clue.case, "claim").status_code == 200
    assert clue.handler.command(clue.case, "request_info", {"text": QUESTION}).status_code == 200
    path = f"/v1/reports/{clue.report}"
    until(lambda: "question" in reporter.get("intake", path).json(), what="the question")
    mine, apps = reporter.get("intake", path).json()["question"], clue.rider.get("intake", path).json()["question"]
    assert (mine["text"], apps["text"]) == (QUESTION, "请补充信息")
    assert QUESTION in reporter.get("intake", "/v1/my-data").text
    page = httpx.get(f"{clue.stack.urls['intake']}{urlsplit(mine['link']).path}")
    assert QUESTION in page.text
    assert reporter.post_to("intake", f"{path}/additions", {"text": "苏J开头的车"}).status_code == 200
    until(lambda: "question" not in reporter.get("intake", path).json(), what="the answer")
    steps = [step["what"] for step in reporter.get("intake", path).json()["steps"]]
    assert steps.count("case.info_given") == 1, "the case tells it, and the report does not tell it again"


def test_no_search_reaches_its_words_and_they_lie_nowhere_in_plain(stack: RunningStack, clue: Clue) -> None:
    """Collections, Kafka, logs; and the answers to rider, ops, alerts, trace and explain."""
    assert clue.case not in queue(clue.handler, text="检测费")
    until(lambda: clue.handler.get("notifier", "/v1/alerts", case=clue.case).json()["items"], what="the alert")
    told = [
        clue.rider.get("intake", f"/v1/reports/{clue.report}").text,
        clue.handler.get("notifier", "/v1/alerts", case=clue.case).text,
        stack.ops.get("router", f"/v1/cases/{clue.case}/explain").text,
        *(
            stack.ops.get(service, f"/v1/trace/{id_}").text
            for service in stack.services
            for id_ in (clue.case, clue.report)
        ),
    ]
    assert not [word for word in SECRETS if any(word in text for text in told)]
    assert places_with(stack, SECRETS) == []

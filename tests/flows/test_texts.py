"""What riders read at each step: the city's own sentences where its pack gives them, the built-in words elsewhere."""

import re
from typing import Any

from tests.kit.stack import Person, RunningStack, until

PIPE = {"lon": 120.2478, "lat": 33.7626, "crs": "wgs84"}
PIER = {"lon": 4.32, "lat": 52.12, "crs": "wgs84"}


def shows(rider: Person, report: str, what: str) -> dict[str, Any]:
    """The report's view once it has that step, with the texts of all under ``texts``."""

    def look() -> dict[str, Any] | None:
        seen: dict[str, Any] = rider.get("intake", f"/v1/reports/{report}").json()
        texts = {step["what"]: step["text"] for step in seen["steps"]}
        return {**seen, "texts": texts} if what in texts else None

    return until(look, what=what)


def sent(stack: RunningStack, rider: Person, words: str, where: dict[str, Any], **more: Any) -> tuple[str, str]:
    answer = rider.report(words, where, **more)
    assert answer.status_code == 202, answer.text
    report: str = answer.json()["id"]
    return report, stack.case_of(report, rider)["case"]["id"]


def test_a_rider_reads_the_citys_sentences_with_unit_and_deadline(stack: RunningStack) -> None:
    rider, desk = stack.rider("sheyang"), stack.person("jiaotonglu.duty1", "sheyang")
    report, case = sent(stack, rider, "油烟直排熏到楼上", PIPE)
    before = shows(rider, report, "case.opened")
    owner = before["unit"]["name"]
    assert owner == "交通路社区"
    # By night the promise ends the next morning: 今天8:10前 in the message, 6月14日8:10前 in the step, which is kept.
    minutes_or_time = r"(\d+分钟内|\D*\d[^:]*:\d\d前)"
    for told in (before["message"], before["texts"]["case.opened"]):
        assert re.fullmatch(rf"收到！已派给【{owner}】，{minutes_or_time}响应", told)
    assert before["texts"]["report.received"] == "已收到"
    assert desk.command(case, "claim").status_code == 200
    claimed = shows(rider, report, "case.claimed")
    assert re.fullmatch(rf"【{owner}】已接单，办结时限\D*\d[^:]*:\d\d", claimed["message"])
    assert claimed["texts"]["case.claimed"].startswith(f"【{owner}】已接单，办结时限")
    assert claimed["status_text"] == "已接单"
    asks = desk.command(case, "request_info", {"text": "几号楼<哪家>？"})
    assert asks.status_code == 200, asks.text
    asked = shows(rider, report, "case.info_requested")
    assert asked["texts"]["case.info_requested"].startswith(f"请补充信息：【{owner}】等您答复")
    for other in (desk, stack.ops):
        question = other.get("intake", f"/v1/reports/{report}").json()["question"]
        assert "link" not in question, "it speaks for the reporter: only his app has it (B67)"
    page = stack.http.get(asked["question"]["link"])
    assert f"<h1>{asked['message']}</h1>" in page.text
    assert "几号楼&lt;哪家&gt;？" in page.text


def test_a_confidential_clue_reads_the_built_in_words(stack: RunningStack) -> None:
    rider, handler = stack.rider("sheyang"), stack.person("police.desk", "sheyang")
    reporter = {"ref": "clue-of-texts", "confidential": True}
    report, case = sent(stack, rider, "有人冒充燃气公司收检测费", PIPE, kind="clue", reporter=reporter)
    assert handler.command(case, "claim").status_code == 200
    seen = shows(rider, report, "case.claimed")
    assert seen["texts"] == {"report.received": "已收到", "case.opened": "已派单", "case.claimed": "已接单"}
    assert seen["message"] == f"已接单：{seen['unit']['name']}"


def test_a_city_without_texts_has_the_built_in_words_in_its_language(stack: RunningStack) -> None:
    rider = stack.rider()
    report, _ = sent(stack, rider, "the lamp by the net loft flickers", PIER)
    seen = shows(rider, report, "case.opened")
    assert seen["texts"] == {"report.received": "Received", "case.opened": "Sent to the unit in charge"}
    assert re.fullmatch(r"Received! \w+ has it and responds within \d+ minutes", seen["message"])

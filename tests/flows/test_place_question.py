"""A danger at a place that is there twice: everybody who may be meant is told, and the reporter says which it is."""

from functools import partial
from typing import Any

from tests.kit.stack import Person, RunningStack, until

HERE, THERE = "qingnan", "hongya"
"""Where Sheyang has an estate that people call 幸福小区."""


def view(rider: Person, report: str) -> dict[str, Any]:
    found: dict[str, Any] = rider.get("intake", f"/v1/reports/{report}").json()
    return found


def told(officer: Person, case: str) -> list[str]:
    inbox = officer.get("notifier", "/v1/alerts").json()["items"]
    return [alert["kind"] for alert in inbox if alert["case"] == case]


def is_told(officer: Person, case: str) -> bool:
    return told(officer, case) == ["new"]


def test_all_desks_of_a_danger_are_told_and_the_answer_on_the_page_puts_it_in_one_queue(stack: RunningStack) -> None:
    rider = stack.rider("sheyang")
    report = rider.report("车棚着火了", {"address": "幸福小区3号楼"}).json()["id"]
    opened = stack.case_of(report, rider)
    case, question = opened["case"]["id"], opened["question"]
    assert "幸福家园3号楼（庆南社区）" in question["text"]
    assert "幸福花苑3号楼（虹亚社区）" in question["text"]
    assert opened["message"].endswith(question["text"])
    desks = {unit: stack.on_duty(unit, "A", "sheyang")[0] for unit in (HERE, THERE)}
    for officer in desks.values():
        until(partial(is_told, officer, case), what=f"the alert of {officer.id}")
        assert officer.get("router", f"/v1/cases/{case}").status_code == 200
    page = stack.http.get(question["link"])
    assert "幸福花苑3号楼（虹亚社区）" in page.text
    assert stack.http.post(question["link"], data={"text": "2"}).status_code == 200
    until(lambda: view(rider, report)["unit"]["id"] == THERE, what="the case at the unit of the place")
    placed = view(rider, report)
    assert "question" not in placed
    assert placed["steps"][-1]["what"] == "case.placed"
    assert placed["status"] == "queued"
    until(lambda: told(desks[THERE], case) == ["moved", "new"], what="the alert that it came")
    assert desks[THERE].command(case, "claim").status_code == 200
    assert desks[HERE].get("router", f"/v1/cases/{case}").status_code == 404

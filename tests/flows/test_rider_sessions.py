"""Promises to a rider without an account: his app's address opens once, and what he does there is his alone."""

import uuid
from typing import Any

import httpx

from tests.kit.places import QUAY
from tests.kit.refusals import problem
from tests.kit.stack import Person, RunningStack, until


def session(stack: RunningStack, ref: str) -> Person:
    """The browser of a rider who opened his app's address."""
    asked = stack.rider().post_to("router", "/v1/rider-sessions", {"reporter": {"ref": ref}})
    assert asked.status_code == 201, asked.text
    opening = f"{stack.urls['router']}/v1/rider-sessions/{asked.json()['url'].rpartition('/')[2]}:open"
    opened, again = httpx.post(opening), httpx.post(opening)
    assert (opened.status_code, again.status_code) == (201, 404)
    who = stack.rider()
    who.token = opened.json()["token"]
    return who


def sent(who: Person, **more: Any) -> Any:
    body = {"kind": "hazard", "description": "a lamp is out", "location": QUAY, **more}
    return who.post_to("intake", "/v1/reports", body, key=uuid.uuid4().hex)


def test_a_rider_reports_reads_and_takes_back_his_own_and_nobody_else_s(stack: RunningStack) -> None:
    jan, piet = f"jan-{uuid.uuid4().hex[:6]}", f"piet-{uuid.uuid4().hex[:6]}"
    one, other = session(stack, jan), session(stack, piet)
    mine = sent(one, reporter={"ref": piet, "name": "Jan", "phone": "0612341234"})
    assert mine.status_code == 202, mine.text
    path = f"/v1/reports/{mine.json()['id']}"
    assert one.get("intake", path).status_code == 200
    problem(other.get("intake", path), 404)
    problem(other.post_to("intake", f"{path}/withdraw", {"reason": "not mine"}), 404)
    listed = {who.id: [r["id"] for r in who.get("intake", "/v1/reports").json()["items"]] for who in (one,)}
    assert listed == {one.id: [mine.json()["id"]]}
    assert other.get("intake", "/v1/reports").json()["items"] == []
    app = stack.rider().get("intake", "/v1/reports", reporter=jan).json()["items"]
    assert [report["id"] for report in app] == [mine.json()["id"]], "it is the app's report of that reporter"
    until(lambda: "case" in one.get("intake", path).json(), what="its case")
    assert one.post_to("intake", f"{path}/additions", {"text": "still out"}).status_code == 200
    assert one.post_to("intake", f"{path}/withdraw", {"reason": "it was nothing"}).status_code == 200
    mine_now = one.get("intake", path).json()
    assert [step["what"] for step in mine_now["steps"]][-2:] == ["report.added", "report.withdrawn"]
    assert mine_now["withdrawn"]
    data = one.get("intake", "/v1/my-data").json()
    assert ([r["id"] for r in data["items"]], data["person"]["phone"]) == ([mine.json()["id"]], "0612341234")
    problem(one.get("router", "/v1/queues/quayside/cases"), 403)
    elsewhere = session(stack, jan)
    assert elsewhere.get("intake", "/v1/my-data").status_code == 200
    assert one.post_to("intake", "/v1/my-data:erase", {}).json() == {"erased": True}

    def ended() -> bool:
        return all(who.get("intake", "/v1/my-data").status_code == 401 for who in (one, elsewhere))

    until(ended, what="the end of all his sessions")
    again = session(stack, jan).get("intake", "/v1/my-data").json()
    assert again["person"] == {"name": None, "phone": None, "ref": None}


def test_a_desk_finds_a_caller_s_cases_by_the_end_of_the_number_and_hangs_the_next_report_there(
    stack: RunningStack,
) -> None:
    ref, ending = uuid.uuid4().hex, f"{uuid.uuid4().int % 10_000:04}"
    words = f"a burst pipe {ref[:8]}"
    report = stack.rider().report(words, QUAY, reporter={"ref": ref, "phone": f"061234{ending}"}).json()["id"]
    case = stack.case_of(report, stack.rider())["case"]["id"]
    desk, outside = stack.person("qs-desk"), stack.person("mf-desk")

    def found(who: Person) -> list[str]:
        told = who.post_to("router", "/v1/cases:find", {"phone_last": ending})
        assert told.status_code == 200, told.text
        return [row["id"] for row in told.json()["items"]]

    assert case in found(desk)
    assert case not in found(outside)
    problem(stack.person("qs-walk").post_to("router", "/v1/cases:find", {"phone_last": ending}), 403)
    assert [row["id"] for row in desk.get("router", "/v1/cases", text=ref[:8]).json()["items"]] == [case]
    assert outside.get("router", "/v1/cases", text=ref[:8]).json()["items"] == []
    near = desk.get("router", "/v1/cases:nearby", **QUAY, radius=1000).json()["items"]
    assert near and near[0]["metres"] == 0
    body = {"kind": "hazard", "description": "water again", "location": QUAY, "channel": "phone", "same_as": case}
    until(lambda: desk.get("intake", f"/v1/reports/{report}").status_code == 200, what="the case at intake")
    hung = desk.post_to("intake", "/v1/reports", body)
    assert hung.status_code == 202, hung.text
    until(lambda: desk.get("router", f"/v1/cases/{case}").json()["report_count"] == 2, what="the second report")
    problem(outside.post_to("intake", "/v1/reports", body), 422)

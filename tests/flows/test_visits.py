"""Promises about visits: those invited are told, who came is on record, no two are at one place and time."""

import uuid
from datetime import timedelta
from itertools import count
from typing import Any

from tests.kit.cases_on_stack import opened
from tests.kit.refusals import problem
from tests.kit.stack import RunningStack, until

_hours = count(1)


def soon(stack: RunningStack) -> str:
    """A time of its own, a few hours from now."""
    return (stack.now() + timedelta(days=2, hours=next(_hours))).replace(microsecond=0).isoformat()


def visit(stack: RunningStack, **fields: Any) -> dict[str, Any]:
    words = {"kind": "joint_enforcement", "place": "fish-quay", "purpose": "wires", "invited": ["works"]}
    return {**words, "at": soon(stack), **fields}


def test_who_is_invited_is_told_and_told_again_when_it_is_called_off(stack: RunningStack) -> None:
    desk, works = stack.person("qs-desk"), stack.person("hw-desk")
    planned = desk.post_to("router", "/v1/visits", visit(stack))
    assert planned.status_code == 201, planned.text
    id_ = planned.json()["id"]
    assert works.get("router", f"/v1/visits/{id_}").json()["unit"] == "quayside"
    problem(stack.person("mf-desk").get("router", f"/v1/visits/{id_}"), 404)

    def told() -> dict[str, str]:
        items = works.get("notifier", "/v1/alerts", case=id_).json()["items"]
        return {item["kind"]: item["state"] for item in items}

    until(lambda: told() == {"joint_enforcement": "sent"}, what="the invitation")
    problem(works.post_to("router", f"/v1/visits/{id_}/cancel", {"reason": "rain"}), 403)
    assert desk.post_to("router", f"/v1/visits/{id_}/cancel", {"reason": "rain"}).json()["state"] == "cancelled"
    until(lambda: told() == {"joint_enforcement": "over", "visit_off": "sent"}, what="the cancellation")
    alert = next(a for a in works.get("notifier", "/v1/alerts", case=id_).json()["items"] if a["kind"] == "visit_off")
    assert works.post_to("notifier", f"/v1/alerts/{alert['id']}/ack").status_code == 200
    assert told()["visit_off"] == "acked"


def test_a_visit_for_a_case_leaves_its_lines_in_the_cases_history(stack: RunningStack) -> None:
    _, case = opened(stack)
    desk, planned = stack.person("qs-desk"), visit(stack, purpose="look at the wires")
    id_ = desk.post_to("router", "/v1/visits", {**planned, "case": case}).json()["id"]

    def lines() -> list[tuple[str, str]]:
        items = desk.get("router", f"/v1/cases/{case}/history").json()["items"]
        return [(item["what"], item["text"]) for item in items if item["what"].startswith("case.visit")]

    until(lambda: [what for what, _ in lines()] == ["case.visit_planned"], what="the line")
    assert desk.post_to("router", f"/v1/visits/{id_}/cancel", {"reason": "rain"}).status_code == 200
    until(lambda: [what for what, _ in lines()] == ["case.visit_planned", "case.visit_cancelled"], what="the other")
    assert "look at the wires" in lines()[0][1]
    assert lines()[1][1].endswith(": rain")


def test_no_two_visits_are_at_one_place_and_time_and_the_same_key_plans_once(stack: RunningStack) -> None:
    desk, key, words = stack.person("qs-desk"), uuid.uuid4().hex, visit(stack)
    first = desk.post_to("router", "/v1/visits", words, key=key)
    again = desk.post_to("router", "/v1/visits", words, key=key)
    assert (again.status_code, again.json(), again.headers["idempotent-replayed"]) == (201, first.json(), "true")
    problem(desk.post_to("router", "/v1/visits", words), 409)
    problem(desk.post_to("router", "/v1/visits", visit(stack), key=key), 422)
    id_ = first.json()["id"]
    problem(desk.post_to("router", f"/v1/visits/{id_}/hold", {"came": ["works"], "result": "done"}), 409)
    desk.post_to("router", f"/v1/visits/{id_}/cancel", {"reason": "rain"})
    assert desk.post_to("router", "/v1/visits", words).status_code == 201, "called off, it frees its place"


def test_a_campaign_is_one_batch_and_counts_what_was_held(stack: RunningStack) -> None:
    desk, key = stack.person("qs-desk"), uuid.uuid4().hex
    stops = [{"place": place, "at": soon(stack)} for place in ("fish-quay", "old-mill", "millfield")]
    taken = visit(stack)
    desk.post_to("router", "/v1/visits", taken)
    body = {
        "name": "lamps of March",
        "purpose": "lamps",
        "invited": ["works"],
        "visits": [*stops, {"place": taken["place"], "at": taken["at"]}],
    }
    made = desk.post_to("router", "/v1/campaigns", body, key=key)
    assert made.status_code == 201, made.text
    assert [v["state"] for v in made.json()["visits"]] == ["planned", "planned", "planned", "taken"]
    assert desk.post_to("router", "/v1/campaigns", body, key=key).json() == made.json()
    seen = stack.person("hw-desk").get("router", f"/v1/campaigns/{made.json()['id']}").json()
    assert (seen["name"], seen["planned"], seen["held"]) == ("lamps of March", 3, 0)
    listed = desk.get("router", "/v1/visits", campaign=made.json()["id"], limit=2).json()
    assert (len(listed["items"]), listed["next"] is not None) == (2, True)


def test_an_estates_patrols_of_a_month_are_counted(stack: RunningStack) -> None:
    chief = stack.person("oh-desk")
    month = "2031-05"
    for day in ("03", "17"):
        chief.post_to("router", "/v1/visits", visit(stack, kind="patrol", at=f"{month}-{day}T08:00:00Z"))
    (estate,) = chief.get("router", "/v1/patrols", month=month).json()["items"]
    assert (estate["place"], estate["wanted"], estate["planned"], estate["missing"]) == ("fish-quay", 2, 2, 0)
    (bare,) = chief.get("router", "/v1/patrols", month="2031-06").json()["items"]
    assert (bare["held"], bare["missing"]) == (0, 2)
    problem(stack.person("mf-desk").get("router", "/v1/patrols", month=month, unit="quayside"), 404)

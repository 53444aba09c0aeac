"""Promises to those who are called in: told at once, the case in their queue, one press reports in, no more than their
part is theirs; and to who called: told of each step, no end before all are done."""

from tests.kit.cases_on_stack import desk, done, opened
from tests.kit.refusals import problem
from tests.kit.stack import RunningStack, until


def alert_kinds(stack: RunningStack, person: str, case: str) -> dict[str, str]:
    items = stack.person(person).get("notifier", "/v1/alerts", case=case).json()["items"]
    return {item["kind"]: item["state"] for item in items}


def caller_told(stack: RunningStack, case: str, kind: str, event: str) -> bool:
    """Whoever is on duty at the unit that called has the alert; where nobody is, the town's desk has it as that."""
    people = [stack.person(person) for person in ("qs-desk", "qs-night", "oh-desk")]
    items = [i for who in people for i in who.get("notifier", "/v1/alerts", case=case).json()["items"]]
    return any(i["event_type"] == event and i["kind"] in (kind, "unstaffed") for i in items)


def in_queue(stack: RunningStack, case: str) -> bool:
    rows = stack.person("hw-desk").get("router", "/v1/queues/works/cases", limit=200).json()["items"]
    return case in [row["id"] for row in rows]


def test_a_called_unit_is_told_reports_in_by_its_alert_and_finishes_its_part(stack: RunningStack) -> None:
    _, case = opened(stack)
    works = stack.person("hw-desk")
    problem(works.get("router", f"/v1/cases/{case}"), 404)
    called = done(desk(stack).command(case, "call_in", {"units": ["works"], "reason": "needs a crane"}), "queued")
    (part,) = called["parts"]
    assert (part["unit"], part["state"], part["work"]) == ("works", "called", "needs a crane")
    assert [clock["kind"] for clock in part["clocks"]] == ["report_in", "finish_part"]
    assert in_queue(stack, case)
    problem(works.command(case, "claim"), 403)

    until(lambda: alert_kinds(stack, "hw-desk", case) == {"called": "sent"}, what="the call")
    (alert,) = works.get("notifier", "/v1/alerts", case=case).json()["items"]
    assert works.post_to("notifier", f"/v1/alerts/{alert['id']}/ack").status_code == 200
    seen = works.get("router", f"/v1/cases/{case}").json()
    assert seen["parts"][0]["state"] == "reported_in"
    until(lambda: alert_kinds(stack, "hw-desk", case) == {"called": "acked"}, what="the alert acked")

    done(desk(stack).command(case, "claim"), "claimed")
    early = problem(desk(stack).command(case, "resolve", {"how": "repair", "text": "x"}), 409)
    assert "works (reported_in)" in early["detail"]
    done(works.command(case, "finish_part", {"part": part["id"], "text": "lifted"}), "claimed")
    assert not in_queue(stack, case)
    assert works.get("router", f"/v1/cases/{case}").status_code == 200, "it stays on its record"
    for kind, event in (("reported_in", "case.reported_in.v1"), ("finished", "case.part_finished.v1")):
        until(lambda kind=kind, event=event: caller_told(stack, case, kind, event), what=f"{kind} told")  # type: ignore[misc]
    done(desk(stack).command(case, "resolve", {"how": "repair", "text": "done"}), "resolved")


def test_a_called_unit_asks_for_a_pause_of_its_part_and_who_called_it_grants(stack: RunningStack) -> None:
    _, case = opened(stack)
    done(desk(stack).command(case, "call_in", {"units": ["works"], "reason": "needs a crane"}), "queued")
    works, clock = stack.person("hw-desk"), {"clock": "finish_part", "part": "p1"}
    problem(works.command(case, "pause", {"clock": "resolve", "reason": "storm"}), 403)
    problem(desk(stack).command(case, "pause", {**clock, "reason": "storm"}), 403)
    asked = done(works.command(case, "pause", {**clock, "reason": "storm"}), "queued")
    assert [(ask["clock"], ask["part"]) for ask in asked["asks"]] == [("finish_part", "p1")]
    until(lambda: caller_told(stack, case, "asked", "clock.pause_requested.v1"), what="who called told")
    problem(works.command(case, "approve_pause", clock), 403)
    paused = done(desk(stack).command(case, "approve_pause", clock), "queued")
    assert {c["kind"]: c["state"] for c in paused["parts"][0]["clocks"]} == {
        "report_in": "running",
        "finish_part": "paused",
    }
    until(lambda: "decided" in alert_kinds(stack, "hw-desk", case), what="the answer told")
    back = done(works.command(case, "resume", clock), "queued")
    assert back["parts"][0]["clocks"][1]["pauses"][0]["asked_by"] == "hw-desk"

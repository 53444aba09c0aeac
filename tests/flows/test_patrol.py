"""What officers find on patrol, on the running stack: a day's drafts sent twice, and a find where a rider waits."""

from datetime import datetime, timedelta
from typing import Any

from tests.kit.refusals import problem
from tests.kit.stack import Person, RunningStack, until

HERE = {"lon": 4.3212, "lat": 52.1212, "crs": "wgs84"}


def draft(number: int, words: str, **fields: Any) -> dict[str, Any]:
    """A lamp that the walker found, each at another place."""
    place = {**HERE, "lon": 4.3212 + number * 0.002}
    return {
        "kind": "hazard",
        "category": "street_light",
        "description": words,
        "location": place,
        "channel": "patrol",
        "idempotency_key": f"draft-{number}",
        **fields,
    }


def handled(at: datetime) -> dict[str, Any]:
    return {"how": "repair", "text": "put a new bulb in", "at": at.isoformat()}


def case_of(stack: RunningStack, walker: Person, report: str) -> dict[str, Any]:
    def look() -> str | None:
        case = walker.get("intake", f"/v1/reports/{report}").json().get("case")
        return case["id"] if case is not None else None

    id_ = until(look, what=f"the case of {report}")
    found: dict[str, Any] = walker.get("router", f"/v1/cases/{id_}").json()
    return found


def test_the_drafts_of_a_day_are_sent_twice_and_stand_once(stack_by_day: RunningStack) -> None:
    walker, now = stack_by_day.person("qs-walk"), stack_by_day.now()
    drafts = [
        draft(1, "lamp dark by the crane", handled=handled(now - timedelta(hours=5))),
        draft(2, "lamp dark by the shed", handled=handled(now - timedelta(hours=3)),
              observed_at=(now - timedelta(hours=4)).isoformat()),
        draft(3, "railing of the quay wall hangs loose, needs a crane", category="quay_wall"),
        draft(4, "burst pipe, I shut the valve", category="flooding", handled=handled(now - timedelta(hours=1))),
    ]  # fmt: skip
    first, again = (walker.post_to("intake", "/v1/reports:batch", drafts).json()["items"] for _ in range(2))
    assert [(item["status"], item.get("replayed", False)) for item in first] == [(202, False)] * 4
    assert [(item["status"], item["replayed"]) for item in again] == [(202, True)] * 4
    assert [item["id"] for item in first] == [item["id"] for item in again]
    cases = [case_of(stack_by_day, walker, item["id"]) for item in first]
    assert [(case["state"], case["sample"], case["channel"]) for case in cases] == [
        ("closed", "not_drawn", "patrol"),
        ("closed", "not_drawn", "patrol"),
        ("queued", None, "patrol"),
        ("resolved", "drawn", "patrol"),
    ]
    desk, town = stack_by_day.person("qs-desk"), stack_by_day.person("oh-desk")

    def told(unit: str, case: str) -> set[str]:
        """The kinds of alerts that the unit's duty officers have, whoever is on now."""
        officers = [person for person in stack_by_day.people(unit) if person.post == "A"]
        alerts = [one.get("notifier", "/v1/alerts", case=case).json()["items"] for one in officers]
        return {alert["kind"] for own in alerts for alert in own}

    until(lambda: told("oosterhaven", cases[3]["id"]) == {"inspect"}, what="the town is told to inspect the danger")
    until(lambda: told("quayside", cases[2]["id"]) == {"new"}, what="the desk is told of what was handed in")
    assert told("quayside", cases[3]["id"]) == {"found"}
    assert told("quayside", cases[0]["id"]) == set()
    problem(desk.command(cases[3]["id"], "inspect", {"ok": True}), 409)
    assert town.command(cases[3]["id"], "inspect", {"ok": False, "text": "it leaks"}).json()["state"] == "reopened"
    counts = desk.get("router", "/v1/queues/quayside/counts").json()
    assert 2 <= counts["patrol"] <= counts["open"]
    queue = desk.get("router", "/v1/queues/quayside/cases", patrol="true", limit="200").json()["items"]
    assert {cases[2]["id"], cases[3]["id"]} <= {row["id"] for row in queue}
    assert {row["channel"] for row in queue} == {"patrol"}
    others = desk.get("router", "/v1/queues/quayside/cases", patrol="false", limit="200").json()["items"]
    assert all(row["channel"] != "patrol" for row in others)
    problem(walker.post_to("intake", f"/v1/reports/{first[0]['id']}/rating", {"score": 3}), 403)


def test_a_find_where_a_rider_waits_is_for_the_desk_to_read_and_ends_nothing(stack: RunningStack) -> None:
    rider = stack.rider("sheyang")
    desk, walker = (next(p for p in stack.people("jiaotonglu", "sheyang") if p.post == post) for post in ("A", "B"))
    place = {"lon": 120.2419, "lat": 33.7651, "crs": "wgs84"}
    report = rider.report("井盖翻了 差点掉进去", place).json()["id"]
    case = stack.case_of(report, rider)["case"]["id"]
    body = draft(9, "井盖翻了", location=place, category="manhole", handled=handled(stack.now()))
    body.pop("idempotency_key")
    problem(rider.post_to("intake", "/v1/reports", body), 422)
    sent = walker.post_to("intake", "/v1/reports", body)
    assert sent.status_code == 202, sent.text

    def line() -> list[dict[str, Any]]:
        history = desk.get("router", f"/v1/cases/{case}").json()["history"]
        return [one for one in history if one["what"] == "case.confirmed"]

    (found,) = until(line, what="the find on the rider's case")
    assert "put a new bulb in" in found["text"]
    seen = desk.get("router", f"/v1/cases/{case}").json()
    assert (seen["state"], seen["report_count"], seen["channel"]) == ("queued", 1, "app")
    clock = next(clock for clock in seen["clocks"] if clock["kind"] == "acknowledge")
    assert clock["state"] == "running"
    view = walker.get("intake", f"/v1/reports/{sent.json()['id']}").json()
    assert "谢谢" not in view.get("message", "")

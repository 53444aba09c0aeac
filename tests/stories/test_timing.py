"""Time in a case's life, on a stack whose clock is moved: pauses, the forgotten, the dissatisfied, the asked."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.kit.cases_on_stack import done
from tests.kit.places import QUAY
from tests.kit.stack import Person, RunningStack, running_stack, until
from tests.packs import harbour_that_climbs

pytestmark = pytest.mark.timeout(240)
ZONE = ZoneInfo("Europe/Amsterdam")


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with running_stack(
        tmp_path_factory.mktemp("timing"), [harbour_that_climbs(tmp_path_factory.mktemp("pack"))]
    ) as running:
        yield running


def opened(stack: RunningStack, words: str, app: str = "app_key", **more: Any) -> tuple[str, str]:
    rider = stack.rider(which=app)
    report = rider.report(words, QUAY, **more).json()["id"]
    return report, stack.case_of(report, rider)["case"]["id"]


def seen(person: Person, case: str) -> dict[str, Any]:
    found: dict[str, Any] = person.get("router", f"/v1/cases/{case}").json()
    return found


def clocks(case: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [clock for clock in case["clocks"] if clock["kind"] == kind]


def history(stack: RunningStack, case: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.ops.get("router", f"/v1/cases/{case}/history", city="harbour").json()["items"]
    return found


def told(person: Person, case: str, kind: str) -> list[dict[str, Any]]:
    """The person's alerts of that kind, awaited."""

    def look() -> list[dict[str, Any]]:
        alerts = person.get("notifier", "/v1/alerts", case=case).json()["items"]
        return [alert for alert in alerts if alert["kind"] == kind]

    return until(look, what=f"{person.id} told {kind}")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_clock_stands_still_once_the_level_above_agrees_and_ends_later(own_stack: RunningStack) -> None:
    _, case = opened(own_stack, "the lamp by the first crane is dark")
    desk, town = own_stack.person("qs-walk"), own_stack.person("oh-desk")
    done(desk.command(case, "claim"), "claimed")
    desk = own_stack.person("qs-desk")
    asked = done(desk.command(case, "pause", {"clock": "resolve", "reason": "part_ordered"}), "claimed")
    due = at(clocks(asked, "resolve")[0]["due_at"])
    assert [ask["reason"] for ask in asked["asks"]] == ["part_ordered"]
    assert desk.command(case, "approve_pause", {"clock": "resolve"}).status_code == 409, "never who asked"
    assert len(told(town, case, "asked")) == 1
    paused = done(town.command(case, "approve_pause", {"clock": "resolve"}), "claimed")
    assert clocks(paused, "resolve")[0]["state"] == "paused"
    own_stack.forward("PT20H")
    back = done(desk.command(case, "resume", {"clock": "resolve"}), "claimed")
    (resolve,) = clocks(back, "resolve")
    assert resolve["state"] == "running", "eight hours were promised, twenty have passed, none of them counted"
    assert at(resolve["due_at"]) - due >= timedelta(hours=20)
    assert resolve["pauses"][0]["approved_by"] == "oh-desk"
    later = (at(resolve["due_at"]) + timedelta(hours=5)).isoformat()
    wanted = {"clock": "resolve", "until": later, "reason": "the lift truck is at another quay"}
    done(desk.command(case, "request_extension", wanted), "claimed")
    extended = done(town.command(case, "approve_extension", {"clock": "resolve"}), "claimed")
    assert clocks(extended, "resolve")[0]["extensions"][0]["was_due_at"] == resolve["due_at"]
    own_stack.forward("PT14H")
    until(
        lambda: clocks(seen(desk, case), "resolve")[0]["state"] == "breached", what="the breach, at the later deadline"
    )
    late = desk.command(case, "request_extension", {**wanted, "until": "2039-01-01T00:00:00Z"})
    assert late.status_code in (409, 422), "a breach stays"


def friday_evening(stack: RunningStack) -> datetime:
    """The next one: the office counts nothing before Monday."""
    today = stack.now(ZONE).replace(hour=18, minute=0, second=0, microsecond=0)
    return today + timedelta(days=(4 - today.weekday()) % 7 or 7)


def test_an_acknowledged_and_forgotten_case_wakes_its_desk_and_then_reaches_the_top(own_stack: RunningStack) -> None:
    # Both levels are woken before the promise of three working days ends: a case that climbs by it is watched anew.
    own_stack.forward_to(friday_evening(own_stack))
    _, case = opened(own_stack, "a bench by the water is loose")
    desk = own_stack.person("qs-desk")
    done(desk.command(case, "acknowledge"), "acknowledged")
    for unit in ("quayside", "oosterhaven"):
        own_stack.forward("PT48H5M")
        until(
            lambda unit=unit: unit in [e["unit"] for e in history(own_stack, case) if e["what"] == "case.forgotten"],  # type: ignore[misc]
            what=f"{unit} woken",
        )
    assert told(own_stack.person("oh-desk"), case, "forgotten")
    own_stack.forward("P9D")
    until(lambda: seen(own_stack.person("oh-desk"), case)["unit"] == "oosterhaven", what="the town's queue")


def test_a_dissatisfied_reporter_opens_it_again_one_level_up(own_stack: RunningStack) -> None:
    report, case = opened(own_stack, "the lamp by the second crane is dark")
    rider, desk, walker = own_stack.rider(), own_stack.person("qs-desk"), own_stack.person("qs-walk")
    done(walker.command(case, "claim"), "claimed")
    done(walker.command(case, "resolve", {"how": "repair", "text": "new bulb"}), "resolved")
    done(desk.command(case, "inspect", {"ok": True}), "resolved")
    done(desk.command(case, "close"), "closed")
    until(lambda: rider.get("intake", f"/v1/reports/{report}").json()["status"] == "closed", what="the rider's view")
    rated = rider.post_to("intake", f"/v1/reports/{report}/rating", {"score": 1, "text": "dark again"})
    assert rated.status_code == 200, rated.text
    again = until(lambda: (c := seen(desk, case))["state"] == "reopened" and c, what="the case opened again")
    assert again["unit"] == "oosterhaven"
    assert [c["state"] for c in clocks(again, "resolve")] == ["met", "running"]
    assert told(own_stack.person("oh-desk"), case, "reopened")


def test_a_reporter_who_is_asked_answers_and_the_work_goes_on(own_stack: RunningStack) -> None:
    report, case = opened(own_stack, "the lamp by the third crane is dark")
    rider, desk = own_stack.rider(), own_stack.person("qs-desk")
    done(desk.command(case, "claim"), "claimed")
    waiting = done(desk.command(case, "request_info", {"text": "Which of the two masts?"}), "waiting_reporter")
    assert clocks(waiting, "resolve")[0]["state"] == "paused"
    view = until(
        lambda: (v := rider.get("intake", f"/v1/reports/{report}").json())["status"] == "waiting_reporter" and v,
        what="the question",
    )
    assert (view["status_text"], view["question"]["text"]) == ("Please tell us more", "Which of the two masts?")
    own_stack.forward("PT30H")
    answer = rider.post_to("intake", f"/v1/reports/{report}/additions", {"text": "the left one"})
    assert answer.status_code == 200, answer.text
    back = until(lambda: (c := seen(desk, case))["state"] == "claimed" and c, what="back to work")
    assert [clocks(back, kind)[0]["state"] for kind in ("confirm", "resolve")] == ["met", "running"]
    silent_report, silent = opened(own_stack, "the lamp by the fourth crane is dark")
    done(desk.command(silent, "claim"), "claimed")
    done(desk.command(silent, "request_info", {"text": "Which mast?"}), "waiting_reporter")
    link = asked_by_link(own_stack, silent_report)
    own_stack.forward("PT121H")
    until(lambda: seen(desk, silent)["state"] == "claimed", what="back to work without an answer")
    assert clocks(seen(desk, silent), "confirm")[0]["state"] == "breached"
    assert own_stack.http.get(link).status_code == 410, "the link ends with the time to answer"


def asked_by_link(stack: RunningStack, report: str) -> str:
    """The address of the page with the question."""
    rider = stack.rider()
    view = until(
        lambda: (v := rider.get("intake", f"/v1/reports/{report}").json()).get("question") and v, what="the question"
    )
    link: str = view["question"]["link"]
    return link


def test_a_reporter_answers_by_a_link_once_and_a_stranger_does_not(own_stack: RunningStack) -> None:
    report, case = opened(own_stack, "the lamp by the fifth crane is dark")
    desk, http = own_stack.person("qs-desk"), own_stack.http
    done(desk.command(case, "claim"), "claimed")
    done(desk.command(case, "request_info", {"text": "Left <or> right?"}), "waiting_reporter")
    link = asked_by_link(own_stack, report)
    page = http.get(link)
    assert page.status_code == 200
    assert "Left &lt;or&gt; right?" in page.text
    assert http.get(link[:-4] + "AAAA").status_code == 404
    assert http.post(link, data={"text": " "}).status_code == 422
    assert seen(desk, case)["state"] == "waiting_reporter", "looking and empty words change nothing"
    answers = [http.post(link, data={"text": "the right one"}).status_code for _ in range(2)]
    assert answers[0] == 200
    assert answers[1] in (200, 409)
    until(lambda: seen(desk, case)["state"] == "claimed", what="back to work")
    said = [entry["text"] for entry in history(own_stack, case) if entry["what"] == "case.info_given"]
    assert len(said) == 1
    until(lambda: http.get(link).status_code == 409, what="the page says that it was answered")


def test_a_riders_own_need_climbs_the_trade_and_not_the_place(own_stack: RunningStack) -> None:
    _, case = opened(own_stack, "my bag has no place to dry", kind="need")
    assert seen(own_stack.person("hc-desk"), case)["unit"] == "couriers", "the firm whose app it came from"
    _, of_another = opened(own_stack, "my bag has no place to dry", app="app_key_2", kind="need")
    assert seen(own_stack.person("ht-desk"), of_another)["unit"] == "dockers"
    own_stack.forward("PT3H30M")
    until(lambda: seen(own_stack.person("ht-desk"), case).get("unit") == "dockers", what="the trade's next level")


def test_who_is_invited_to_a_visit_is_reminded_on_its_day(own_stack: RunningStack) -> None:
    desk, works = own_stack.person("qs-desk"), own_stack.person("hw-desk")
    words = {"kind": "joint_enforcement", "place": "fish-quay", "purpose": "wires", "invited": ["works"]}
    far = desk.post_to("router", "/v1/visits", {**words, "at": "2039-01-01T08:00:00Z"}).json()
    begins = at(far["planned_at"]) + timedelta(hours=30)
    soon = desk.post_to("router", "/v1/visits", {**words, "at": begins.isoformat()}).json()
    assert at(soon["remind_at"]) <= begins - timedelta(hours=1)
    own_stack.forward("PT29H10M")
    assert len(told(works, soon["id"], "visit_today")) == 1
    of_the_far_one = works.get("notifier", "/v1/alerts", case=far["id"]).json()["items"]
    assert [alert["kind"] for alert in of_the_far_one] == ["joint_enforcement"]

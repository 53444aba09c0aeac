"""Promises to those who must know: told when it is their turn, where it is in words, which clock and by how much."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.kit.cases_on_stack import desk, done, opened, walker
from tests.kit.places import HARBOUR_ZONE, MILL, QUAY
from tests.kit.stack import HARBOUR, Person, RunningStack, running_stack, until


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    """Its clock is moved."""
    with running_stack(tmp_path_factory.mktemp("told"), [HARBOUR]) as running:
        yield running


def told(stack: RunningStack, case: str, kind: str) -> list[dict[str, Any]]:
    """The alerts of that kind about the case, awaited, whoever got them."""

    def look() -> list[dict[str, Any]]:
        items = stack.ops.get("notifier", "/v1/alerts", case=case, city="harbour", limit=200).json()["items"]
        return [item for item in items if item["kind"] == kind]

    return until(look, what=f"{kind} told")


def at_a_point(stack: RunningStack, words: str, point: dict[str, Any]) -> str:
    rider = stack.rider()
    report = rider.report(words, point).json()["id"]
    case: str = stack.case_of(report, rider)["case"]["id"]
    return case


def test_a_point_alone_has_its_place_in_words_in_the_queue_and_in_the_alert(stack: RunningStack) -> None:
    south = {**QUAY, "lat": QUAY["lat"] - 80 / 111_195.08}
    case = at_a_point(stack, "the lamp flickers at the crane", south)
    seen = walker(stack).get("router", f"/v1/cases/{case}").json()
    assert seen["place"] == seen["location"]["place"] == "about 80 m south of Fish Quay"
    assert all(alert["text"].count("Fish Quay") == 1 for alert in told(stack, case, "new"))


def test_who_inspects_is_told_and_not_who_resolved(stack_by_day: RunningStack) -> None:
    _, case = opened(stack_by_day)
    done(walker(stack_by_day).command(case, "claim"), "claimed")
    done(walker(stack_by_day).command(case, "resolve", {"how": "repair", "text": "new bulb"}), "resolved")
    recipients = {alert["recipient"] for alert in told(stack_by_day, case, "inspect")}
    assert recipients
    assert "qs-walk" not in recipients


def test_who_offered_a_case_hears_that_it_is_refused_and_why(stack_by_day: RunningStack) -> None:
    _, case = opened(stack_by_day)
    done(desk(stack_by_day).command(case, "claim"), "claimed")
    done(desk(stack_by_day).command(case, "transfer", {"to": "millfield", "reason": "their lamp"}), "claimed")
    assert {"their lamp" in alert["text"] for alert in told(stack_by_day, case, "offered")} == {True}
    done(stack_by_day.person("mf-desk").command(case, "refuse", {"reason": "it stands at the quay"}), "claimed")
    assert {"it stands at the quay" in alert["text"] for alert in told(stack_by_day, case, "declined")} == {True}


def test_the_desk_hears_what_a_reporter_says_afterwards(stack_by_day: RunningStack) -> None:
    report, case = opened(stack_by_day)
    rider = stack_by_day.rider()
    for path, said, kind in (
        ("additions", {"text": "now it buzzes"}, "added"),
        ("additions", {"fixed": True}, "fixed"),
        ("withdraw", {"reason": "the wrong place"}, "withdrawn"),
    ):
        assert rider.post_to("intake", f"/v1/reports/{report}/{path}", said).status_code in (200, 202), kind
        assert {alert["unit"] for alert in told(stack_by_day, case, kind)} <= {"quayside", "oosterhaven"}
    words = [alert["text"] for kind in ("added", "withdrawn") for alert in told(stack_by_day, case, kind)]
    assert not [text for text in words if "buzzes" in text or "wrong place" in text], "only the case has their words"


def test_who_asked_for_an_extension_hears_the_decision(stack: RunningStack) -> None:
    _, case = opened(stack)
    done(desk(stack).command(case, "claim"), "claimed")
    resolve = next(c for c in desk(stack).get("router", f"/v1/cases/{case}").json()["clocks"] if c["kind"] == "resolve")
    later = (datetime.fromisoformat(resolve["due_at"]) + timedelta(hours=5)).isoformat()
    wanted = {"clock": "resolve", "until": later, "reason": "no lift truck"}
    done(desk(stack).command(case, "request_extension", wanted), "claimed")
    assert {"no lift truck" in alert["text"] for alert in told(stack, case, "asked")} == {True}
    refusal = {"clock": "resolve", "reason": "borrow one"}
    done(stack.person("oh-desk").command(case, "refuse_extension", refusal), "claimed")
    answers = {alert["recipient"]: alert["text"] for alert in told(stack, case, "refused")}
    assert "“borrow one”" in answers["qs-desk"]


def test_a_rung_names_the_clock_by_how_much_and_sets_who_supervises(own_stack: RunningStack) -> None:
    case = at_a_point(own_stack, "the street light by the crane is out", QUAY)
    own_stack.forward("PT41M")
    (alert, *_) = told(own_stack, case, "supervise")
    assert alert["unit"] == "oosterhaven"
    assert alert["text"].startswith("response: 1")
    assert " overdue · " in alert["text"]
    assert alert["due_name"] == "Next: completion"
    row = next(r for r in own_stack.person("qs-walk").queue("quayside") if r["id"] == case)
    assert row["supervised_by"] == "oosterhaven"


def test_by_hand_nothing_is_said_to_be_overdue(stack: RunningStack) -> None:
    case = at_a_point(stack, "the lamp at the mill is dark", MILL)
    done(stack.person("mf-desk").command(case, "escalate", {"reason": "the mast is the town's"}), "queued")
    alerts = told(stack, case, "told")
    assert {alert["recipient"] for alert in alerts} == {"oh-desk"}
    assert all("overdue" not in alert["text"] and "the mast is the town's" in alert["text"] for alert in alerts)


def test_who_takes_a_duty_by_a_swap_is_told(stack: RunningStack) -> None:
    day = stack.now(HARBOUR_ZONE).date()
    monday = day.fromordinal(day.toordinal() + 14 - day.weekday())
    swap = {"from": "qs-desk", "to": "qs-walk", "on": str(monday)}
    answer = stack.person("oh-chief").post_to("router", "/v1/rota/swaps", swap)
    assert answer.status_code == 201, answer.text
    alert = until(lambda: _of_kind(stack.person("qs-walk"), "duty", str(monday)), what="the swap told")
    assert "you take the duty of Quayside desk one: post A at Quayside" in alert["text"]
    assert "case" not in alert


def _of_kind(person: Person, kind: str, words: str) -> dict[str, Any] | None:
    items: list[dict[str, Any]] = person.get("notifier", "/v1/alerts", limit=200).json()["items"]
    return next((item for item in items if item["kind"] == kind and words in item["text"]), None)

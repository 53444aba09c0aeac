"""Cases that are not simply repaired, on a stack: returned to the level above, not taken on, or nothing found."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.cases_on_stack import done
from tests.kit.places import QUAY
from tests.kit.refusals import problem
from tests.kit.stack import HARBOUR, Person, RunningStack, running_stack, until

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with running_stack(tmp_path_factory.mktemp("endings"), [HARBOUR]) as running:
        yield running


def opened(stack: RunningStack, words: str) -> tuple[str, str]:
    rider = stack.rider()
    report = rider.report(words, QUAY).json()["id"]
    return report, stack.case_of(report, rider)["case"]["id"]


def told(person: Person, case: str, kind: str) -> dict[str, Any]:
    """The person's alert of that kind, awaited."""

    def look() -> list[dict[str, Any]]:
        alerts = person.get("notifier", "/v1/alerts", case=case).json()["items"]
        return [alert for alert in alerts if alert["kind"] == kind]

    found: list[dict[str, Any]] = until(look, what=f"{person.id} told {kind}")
    return found[0]


def due(case: dict[str, Any]) -> dict[str, str]:
    return {clock["kind"]: clock["due_at"] for clock in case["clocks"] if clock["kind"] != "review"}


def test_a_lamp_beyond_the_border_goes_to_the_neighbours_once_the_town_agrees(own_stack: RunningStack) -> None:
    report, case = opened(own_stack, "the lamp beyond the mill bridge is dark")
    desk, town, neighbours = (own_stack.person(id_) for id_ in ("qs-desk", "oh-desk", "mf-desk"))
    body = {"reason": "not_our_area", "basis": "the bridge is Millfield ground", "suggest": "millfield"}
    asked = done(desk.command(case, "return", body), "acknowledged")
    assert asked["unit"] == "quayside", "responsible until another has it"
    assert "It is not in our area" in told(town, case, "asked")["text"]
    problem(desk.command(case, "approve_return", {}), 409)
    sent = done(town.command(case, "approve_return", {}), "queued")
    assert (sent["unit"], sent["ruling"]) == ("millfield", None)
    assert told(neighbours, case, "moved")
    assert told(desk, case, "decided")
    done(neighbours.command(case, "claim"), "claimed")
    rider = own_stack.rider()
    steps = until(
        lambda: [
            step["text"]
            for step in rider.get("intake", f"/v1/reports/{report}").json()["steps"]
            if "another unit" in (step["text"] or "")
        ],
        what="the rider reads that it was sent to another unit",
    )
    assert steps


def test_what_is_refused_must_be_handled_and_a_town_that_does_not_rule_is_told(own_stack: RunningStack) -> None:
    _, case = opened(own_stack, "the lamp by the third crane is dark")
    desk, town = own_stack.person("qs-desk"), own_stack.person("oh-desk")
    body = {"reason": "not_our_duty", "basis": "the harbour company owns it"}
    before = done(desk.command(case, "return", body), "acknowledged")
    own_stack.forward("PT3H")
    assert "ruling" in told(town, case, "breach")["text"]
    after = done(town.command(case, "refuse_return", {"reason": "it stands on your quay"}), "acknowledged")
    assert "it stands on your quay" in told(desk, case, "refused")["text"]
    assert due(after) == due(before), "no clock starts anew"
    answer = problem(desk.command(case, "return", body), 409)
    assert answer["reason"] == "must_handle"
    done(desk.command(case, "claim"), "claimed")


def status(stack: RunningStack, report: str, wanted: str) -> dict[str, Any]:
    """The rider's view of the report once it has that status."""
    rider = stack.rider()

    def look() -> dict[str, Any] | None:
        view: dict[str, Any] = rider.get("intake", f"/v1/reports/{report}").json()
        return view if view["status"] == wanted else None

    found: dict[str, Any] = until(look, what=f"the rider reads {wanted}")
    return found


def test_a_private_lamp_is_not_taken_on_and_the_rider_objects_once(own_stack: RunningStack) -> None:
    report, case = opened(own_stack, "the lamp in the yard of the sail loft is dark")
    desk, town, chief = (own_stack.person(id_) for id_ in ("qs-desk", "oh-desk", "oh-chief"))
    done(
        desk.command(case, "reject", {"reason": "private_ground", "text": "the yard is the sailmaker's"}),
        "acknowledged",
    )
    assert told(town, case, "asked")["text"].startswith("it is asked not to take it on")
    problem(desk.command(case, "approve_reject"), 409)
    done(town.command(case, "approve_reject"), "rejected")
    view = status(own_stack, report, "rejected")
    assert view["reason"] == "It stands on private ground: the yard is the sailmaker's. Please turn to its owner"
    rider = own_stack.rider()
    rated = rider.post_to(
        "intake", f"/v1/reports/{report}/rating", {"score": 1, "text": "the path through it is public"}
    )
    assert rated.status_code == 200, rated.text
    until(
        lambda: "approve_objection" in chief.get("router", f"/v1/cases/{case}").json()["commands"], what="the objection"
    )
    problem(town.command(case, "approve_objection"), 409)
    done(chief.command(case, "approve_objection", {"reason": "the path is public"}), "reopened")
    status(own_stack, report, "reopened")
    done(desk.command(case, "claim"), "claimed")


def test_a_lamp_that_nobody_finds_ends_once_the_town_agrees_and_the_rider_reads_it(own_stack: RunningStack) -> None:
    report, case = opened(own_stack, "the lamp under the swing bridge is dark")
    desk, town = own_stack.person("qs-desk"), own_stack.person("oh-desk")
    done(desk.command(case, "claim"), "claimed")
    asked = done(desk.command(case, "resolve", {"how": "unfounded", "text": "there is no lamp there"}), "claimed")
    assert asked["ruling"]["reason"] == "unfounded"
    assert "nothing was found" in told(town, case, "asked")["text"]
    done(town.command(case, "approve_outcome"), "resolved")
    view = status(own_stack, report, "resolved")
    assert view["outcome"]["how"] == "unfounded"
    assert "there is no lamp there" in view["message"]

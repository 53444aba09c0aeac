"""People's data in one place: masked, shown on the record, erased so that nothing of it lies anywhere."""

from tests.kit.cases_on_stack import done
from tests.kit.everywhere import places_with
from tests.kit.places import QUAY
from tests.kit.refusals import problem
from tests.kit.stack import RunningStack, until

WHO = {"ref": "rider-erase-31", "name": "Wilhelmina Quist", "phone": "13877776666"}


def test_a_reporter_is_masked_shown_on_the_record_and_erased_for_good(stack: RunningStack) -> None:
    """B42: while alerts are under way, twice, and the old key brings nobody back."""
    rider, desk = stack.rider(), stack.person("qs-desk")
    sent = rider.report("the lamp is dark", QUAY, key="erase-31", reporter=WHO)
    report = sent.json()["id"]
    case = stack.case_of(report, rider)["case"]["id"]

    shown = desk.get("router", f"/v1/cases/{case}/reports").json()["items"][0]
    assert shown["reporter"] == {"name": "W*", "phone": "138****6666"}
    assert problem(stack.person("qs-walk").command(case, "unmask", {"report": report, "reason": "x"}), 403)
    other = desk.report("another lamp", QUAY, channel="phone").json()["id"]
    assert problem(desk.command(case, "unmask", {"report": other, "reason": "x"}), 404)
    body = {"report": report, "reason": "to call back"}
    answer = desk.command(case, "unmask", body, key="unmask-31")
    assert {name: answer.json()["reporter"][name] for name in WHO} == WHO
    history = desk.get("router", f"/v1/cases/{case}").json()["history"]
    assert (history[-1]["what"], history[-1]["by"], history[-1]["text"]) == ("case.unmasked", "qs-desk", "to call back")

    assert problem(rider.post_to("intake", "/v1/reporters:erase", {"ref": WHO["ref"], "app": "rider-app-2"}), 422)
    stranger = stack.rider(which="app_key_2").post_to("intake", "/v1/reporters:erase", {"ref": WHO["ref"]})
    assert stranger.json()["erased"] is False, "another app's person of the same name is another person"
    erased = [rider.post_to("intake", "/v1/reporters:erase", {"ref": WHO["ref"]}) for _ in range(2)]
    assert [a.status_code for a in erased] == [200, 200]
    assert [a.json()["erased"] for a in erased] == [True, False]

    again = rider.report("the lamp is dark", QUAY, key="erase-31", reporter=WHO)
    assert (again.status_code, again.headers["idempotent-replayed"]) == (202, "true")
    assert not {"name", "phone", "ref"} & set(desk.command(case, "unmask", body, key="unmask-31").json()["reporter"])
    assert "reporter" not in desk.get("router", f"/v1/cases/{case}/reports").json()["items"][0]
    done(desk.command(case, "claim"), "claimed")
    whoever = [desk, stack.person("qs-night"), stack.person("oh-desk")]
    until(
        lambda: any(who.get("notifier", "/v1/alerts", case=case).json()["items"] for who in whoever),
        what="the alerts of who is on duty now",
    )
    assert places_with(stack, WHO.values()) == []


def test_operations_erase_nobody_of_a_city_or_an_app_that_there_is_not(stack: RunningStack) -> None:
    """A misspelt name was answered like a person of whom nothing is kept."""
    person = {"ref": "rider-17", "app": "rider-app", "city": "harbour"}
    assert stack.ops.post_to("intake", "/v1/reporters:erase", person).status_code == 200
    assert stack.ops.post_to("intake", "/v1/reporters:erase", {**person, "app": "@desks"}).status_code == 200
    for wrong in ("app", "city"):
        refused = stack.ops.post_to("intake", "/v1/reporters:erase", {**person, wrong: "harbuor"})
        assert problem(refused, 422)["errors"][0]["pointer"] == f"/{wrong}"

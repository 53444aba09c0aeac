"""Calls to reporters who did not rate (回访), on a stack: the list, the number, the answers, the figures."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.cases_on_stack import done
from tests.kit.refusals import problem
from tests.kit.stack import HARBOUR, Person, RunningStack, running_stack, until

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with running_stack(tmp_path_factory.mktemp("calls"), [HARBOUR]) as running:
        yield running


def mended(stack: RunningStack, words: str) -> tuple[str, str]:
    """Somebody phoned; the quayside mended and closed it."""
    desk, walker = stack.person("qs-desk"), stack.person("qs-walk")
    who = {"ref": uuid.uuid4().hex, "name": "Jan Vermeer", "phone": "13812345678"}
    report = desk.report(words, {"unit": "quayside"}, channel="phone", reporter=who).json()["id"]
    case = stack.case_of(report, desk)["case"]["id"]
    done(walker.command(case, "claim"), "claimed")
    done(walker.command(case, "resolve", {"how": "repair", "text": "mended"}), "resolved")
    done(desk.command(case, "inspect", {"ok": True}), "resolved")
    done(desk.command(case, "close"), "closed")
    return report, case


def to_call(person: Person, **query: Any) -> list[dict[str, Any]]:
    """The list, page by page."""
    rows: list[dict[str, Any]] = []
    while True:
        answer = person.get("router", "/v1/follow-up-calls", **query)
        assert answer.status_code == 200, answer.text
        rows += answer.json()["items"]
        if answer.json()["next"] is None:
            return rows
        query["cursor"] = answer.json()["next"]


def listed(person: Person, case: str) -> dict[str, Any]:
    """The case's row on the list, awaited."""

    def look() -> dict[str, Any] | None:
        return next((row for row in to_call(person) if row["id"] == case), None)

    found: dict[str, Any] = until(look, what=f"{case} on the list of {person.id}")
    return found


def test_three_days_after_closing_the_town_calls_and_the_number_is_shown_by_one_press(own_stack: RunningStack) -> None:
    report, case = mended(own_stack, "the lamp by the fish hall is dark")
    town, desk = own_stack.person("oh-desk"), own_stack.person("qs-desk")
    assert case not in [row["id"] for row in to_call(town)]
    own_stack.forward("P3DT1M")
    row = listed(town, case)
    assert (row["unit"], row["by"], row["report"], row["tried"], row["tries"]) == (
        "quayside", "oosterhaven", report, 0, 3,
    )  # fmt: skip
    assert row["reporter"]["phone"] == "138****5678"
    assert case not in [one["id"] for one in to_call(desk)], "who handled it has no such list"
    shown = town.command(case, "unmask", {"report": report, "reason": "to call back"}).json()
    assert shown["reporter"]["phone"] == "13812345678"
    history = town.get("router", f"/v1/cases/{case}").json()["history"]
    assert (history[-1]["what"], history[-1]["by"]) == ("case.unmasked", "oh-desk")

    key = uuid.uuid4().hex
    said = {"reached": True, "satisfied": 3, "text": "it burns"}
    first = done(town.command(case, "record_call", said, key=key), "closed")
    again = town.command(case, "record_call", said, key=key)
    assert again.headers["idempotent-replayed"] == "true"
    calls = [
        line for line in town.get("router", f"/v1/cases/{case}").json()["history"] if "called_back" in line["what"]
    ]
    assert (len(calls), first["call_back"]) == (1, None)
    assert case not in [one["id"] for one in to_call(town)]
    refused = problem(town.command(case, "record_call", said), 409)
    assert refused["reason"] == "no_call_due"


def test_not_satisfied_it_is_the_towns_now_and_everybody_reads_it(own_stack: RunningStack) -> None:
    report, case = mended(own_stack, "the bench on the quay is broken")
    town, desk = own_stack.person("oh-desk"), own_stack.person("qs-desk")
    own_stack.forward("P3DT1M")
    listed(town, case)
    problem(desk.command(case, "record_call", {"reached": True, "satisfied": 3}), 409)
    words = "it broke again the next day"
    after = done(town.command(case, "record_call", {"reached": True, "satisfied": 1, "text": words}), "reopened")
    assert after["unit"] == "oosterhaven"

    def told(person: Person) -> list[dict[str, Any]]:
        alerts = person.get("notifier", "/v1/alerts", case=case).json()["items"]
        return [alert for alert in alerts if alert["kind"] == "reopened"]

    (alert,) = until(lambda: told(desk), what="the quayside is told")
    assert words in alert["text"]
    assert until(lambda: told(town), what="the town is told")
    until(
        lambda: desk.get("intake", f"/v1/reports/{report}").json()["status"] == "reopened", what="the reporter reads it"
    )


def test_who_is_not_reached_goes_to_the_end_of_the_list_page_by_page(own_stack: RunningStack) -> None:
    first, second = (mended(own_stack, f"the {what} on the pier is gone")[1] for what in ("bell", "rope"))
    town = own_stack.person("oh-desk")
    own_stack.forward("P3DT1M")
    listed(town, first)
    listed(town, second)
    recorded = town.post_to("router", f"/v1/follow-up-calls/{first}:record", {"reached": False})
    assert recorded.json()["state"] == "closed"
    order = [row["id"] for row in to_call(town, limit=1) if row["id"] in (first, second)]
    assert order == [second, first]
    assert listed(town, first)["tried"] == 1
    done(town.command(second, "record_call", {"reached": False, "last": True, "text": "wrong number"}), "closed")
    assert second not in [row["id"] for row in to_call(town)]


def test_a_rating_meanwhile_takes_it_off_the_list(own_stack: RunningStack) -> None:
    report, case = mended(own_stack, "the gutter of the ferry house leaks")
    town = own_stack.person("oh-desk")
    own_stack.forward("P3DT1M")
    listed(town, case)
    rated = own_stack.person("qs-night").post_to("intake", f"/v1/reports/{report}/rating", {"score": 3})
    assert rated.status_code == 200, rated.text
    until(lambda: case not in [row["id"] for row in to_call(town)], what="off the list")


def test_the_figures_are_of_whose_subtree_it_is(own_stack: RunningStack) -> None:
    town, desk, mill = (own_stack.person(id_) for id_ in ("oh-desk", "qs-desk", "mf-desk"))

    def figures(person: Person, month: str) -> Any:
        return person.get("router", "/v1/satisfaction", month=month).json()

    closed = own_stack.now()
    for words, satisfied in (("the mooring ring is loose", 3), ("the steps are slippery", 1)):
        case = mended(own_stack, words)[1]
        own_stack.forward("P3DT1M")
        listed(town, case)
        said = {"reached": True, "satisfied": satisfied, "text": "so they said"}
        assert town.command(case, "record_call", said).status_code == 200
    quay = []
    for month in sorted({at.strftime("%Y-%m") for at in (closed, own_stack.now())}):
        whole = figures(town, month)
        assert whole["complete"] is True
        rows = [row for row in whole["items"] if row["unit"] == "quayside"]
        assert figures(desk, month)["items"] == rows
        assert figures(mill, month)["items"] == []
        quay += rows
    assert sum(row["heard"] for row in quay) >= 2
    assert sum(row["tried"] for row in quay) >= sum(row["reached"] for row in quay) >= 2
    rates = [row["satisfaction_rate"] for row in quay if row["heard"]]
    assert max(rates) > 0
    assert min(rates) < 1
    elsewhere = mill.get("router", "/v1/satisfaction", month=closed.strftime("%Y-%m"), unit="quayside")
    assert elsewhere.status_code == 404
    assert mill.get("router", "/v1/follow-up-calls", unit="quayside").status_code == 404
    assert own_stack.person("qs-walk").get("router", "/v1/follow-up-calls").status_code == 403

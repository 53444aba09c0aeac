"""Promise: a migrating town's open items are in its queues with sensible clocks, and nobody is paged for them."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.kit.cases_on_stack import alert_of, clock, desk, history, opened
from tests.kit.command_line import whistle
from tests.kit.places import QUAY
from tests.kit.stack import HARBOUR, Person, RunningStack, running_stack, until
from tests.packs import harbour_with_same

CRANE: dict[str, Any] = {"lon": 4.322, "lat": 52.122, "crs": "wgs84"}
SLIPWAY: dict[str, Any] = {"lon": 4.318, "lat": 52.118, "crs": "wgs84"}
"""Of the quayside too, where every hour counts; too far from each other and from the quay for one hazard."""
MANY = 10
"""So many reports of one hazard make it a danger, in ``harbour_with_same``."""

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningStack]:
    with running_stack(tmp_path_factory.mktemp("open-items"), [HARBOUR]) as running:
        version = running.ops.post_to("router", "/v1/cities", {"files": harbour_with_same()}).json()["version"]
        for url in running.services.values():
            ready = f"{url}/readyz"
            until(lambda ready=ready: running.http.get(ready).json()["cities"].get("harbour") == version, what="pack")  # type: ignore[misc]
        yield running


def imported(stack: RunningStack, many: int = 1, place: dict[str, Any] = QUAY, **how: Any) -> list[str]:
    """Reports of a dark lamp that an importer hands in; their ids."""
    items = [
        {
            "kind": "hazard",
            "description": "the lamp on the quay is dark",
            "category": "street_light",
            "location": place,
            "idempotency_key": uuid.uuid4().hex,
            **how,
        }
        for _ in range(many)
    ]
    importer = Person(stack, stack.city("harbour")["importer_key"])
    answer = importer.post_to("intake", "/v1/reports:batch", items)
    assert answer.status_code == 200, answer.text
    assert {item["status"] for item in answer.json()["items"]} == {202}
    return [item["id"] for item in answer.json()["items"]]


def case_shown(stack: RunningStack, report: str) -> dict[str, Any]:
    """The case of an imported report as ops sees it, once it exists."""

    def look() -> dict[str, Any] | None:
        answer = stack.ops.get("router", f"/v1/cases/c{report[1:]}", city="harbour")
        return answer.json() if answer.status_code == 200 else None

    return until(look, what=f"the case of {report}")


def told(stack: RunningStack, case: str) -> list[str]:
    """The kinds of the alerts about a case."""
    items = stack.ops.get("notifier", "/v1/alerts", case=case, city="harbour").json()["items"]
    return [item["kind"] for item in items]


def test_an_open_item_is_in_the_live_queue_with_its_clocks_and_history_is_not(own_stack: RunningStack) -> None:
    stack = own_stack
    received = stack.now() - timedelta(hours=1)
    before: dict[str, Any] = {"received_at": received.isoformat()}
    (still_open,) = imported(stack, place=CRANE, open=True, **before)
    (dealt_with,) = imported(stack, place=CRANE, historic=True, **before)
    shown = case_shown(stack, still_open)
    history_shown = case_shown(stack, dealt_with)
    queue = {row["id"] for row in desk(stack).queue("quayside")}
    assert shown["id"] in queue and history_shown["id"] not in queue
    assert history_shown["clocks"] == []
    resolve = clock(shown, "resolve")
    assert abs(datetime.fromisoformat(resolve["started_at"]) - received) < timedelta(seconds=1)
    assert datetime.fromisoformat(resolve["due_at"]) > stack.now(), "what is to be done is still to be done in time"
    assert shown["state"] == "queued"
    explained = whistle(stack, "explain", shown["id"])
    assert "because  the point lies in Quayside (quayside)" in explained


def test_nobody_is_told_of_an_open_item_nor_of_what_was_due_before_it_came(own_stack: RunningStack) -> None:
    """It is an hour old: its half an hour to be signed has passed, and so has the rung after it."""
    stack = own_stack
    (report,) = imported(stack, place=SLIPWAY, open=True, received_at=(stack.now() - timedelta(hours=1)).isoformat())
    case = case_shown(stack, report)["id"]
    until(lambda: [one for one in history(stack, case) if one["what"] == "clock.breached"], what="the missed signing")
    live = opened(stack)[1]
    alert_of(stack, stack.person("qs-walk"), live)
    assert told(stack, case) == []


def test_open_items_that_join_a_live_case_change_it_and_alert_nobody(own_stack: RunningStack) -> None:
    stack = own_stack
    case = opened(stack)[1]
    alert_of(stack, stack.person("qs-walk"), case)
    imported(stack, MANY, open=True, received_at=stack.now().isoformat())

    def grown() -> dict[str, Any] | None:
        shown: dict[str, Any] = stack.ops.get("router", f"/v1/cases/{case}", city="harbour").json()
        return shown if shown["report_count"] > MANY else None

    shown = until(grown, what="the reports attached")
    assert shown["priority"] == "danger", "they count as reports do"
    answer = desk(stack).command(case, "escalate", {"reason": "too many"})
    assert answer.status_code == 200, answer.text
    until(lambda: "told" in told(stack, case), what="the alert of a later event of the case")
    assert "raised" not in told(stack, case)
